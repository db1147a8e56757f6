"""The POSIX suite: every case on every file system, compared with a plain
directory.  As root, in a mount namespace of one's own:

    unshare --mount python3 -B tests/fs/posix_suite.py [-v] [-k PATTERN] [--at DIR]
            [--share N] [PLACE...]

PLACE is one of those below; all branches are made in DIR (a fresh tmpfs if
there is none).  At the end there is a table; the exit status says whether ours
fails anything.
"""

import argparse
import faulthandler
import fnmatch
import importlib
import os
import random
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import calls                                                    # noqa: E402
import cases                                                    # noqa: E402
import unions                                                   # noqa: E402

for family in ("names", "directories", "metadata", "users", "data"):
    importlib.import_module("posix_" + family)

PLACES = {
    "plain": unions.Plain,
    "overlay": unions.Overlay,
    "fuse-overlayfs": unions.FuseOverlay,
    "aufs": unions.Aufs,
    # By the daemon alone, with nothing kept by the kernel for longer.
    "aufs-slow": lambda name, place: unions.Aufs(
        name, place, options=["nopassthrough", "nosplice",
                              "noreaddirplus"]),
    # Objects go up two branches, to below a writable one that has nothing.
    "aufs-deep": lambda name, place: unions.Aufs(
        name, place, ("rw", "ro+wh", "ro")),
}
PART = 500              # cases that share a mount
SECONDS = 60            # for one case: then it hangs


def chosen(pattern, share):
    """One in so many, from anywhere."""
    wanted = [one for one in cases.everything
              if fnmatch.fnmatchcase(cases.name_of(*one), "*%s*" % pattern)]
    return wanted[random.randrange(share)::share]


def play(place, wanted, verbose):
    """{name: what it saw}, and what is wrong with the whole."""
    results, wrong = {}, []
    prepared = [cases.Case(place, number, *one)
                for number, one in enumerate(wanted)]
    prepared = [each for each in prepared if each.prepare()]
    below = unions.snapshot(place.bottom, times=True)
    place.mount()
    for each in prepared:
        if verbose:
            print(place.name, each.name, flush=True)
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        results[each.name] = each.run()
        if not place.is_alive():
            wrong.append("the daemon died in " + each.name)
            break
    faulthandler.dump_traceback_later(2 * SECONDS, exit=True)
    if place.is_union and not wrong:
        wrong += look_again(place, below)
    faulthandler.cancel_dump_traceback_later()
    return results, wrong


def look_again(place, below):
    """The same is there after the next mount, and nothing below has changed."""
    seen = unions.snapshot(place.tree)
    place.umount()
    changed = unions.differences(below, unions.snapshot(place.bottom, True))
    place.mount()
    after = unions.snapshot(place.tree)
    place.umount()
    return (["a lower branch has changed: " + line for line in changed] +
            ["not the same after a remount: " + line
             for line in unions.differences(seen, after)])


class Tally:
    def __init__(self, place):
        self.name, self.passed = place, 0
        self.failed, self.documented = [], {}

    def add(self, name, expected, got):
        if isinstance(got, cases.Documented):
            self.documented.setdefault(str(got), []).append(name)
        elif got == expected:
            self.passed += 1
        else:
            self.failed.append(name)

    def row(self):
        return "%-16s%8d%8d%12d" % (
            self.name, self.passed, len(self.failed),
            sum(map(len, self.documented.values())))


def compare(name, expected, results, quiet):
    tally = Tally(name)
    for case, lines in expected.items():
        got = results.get(case, ["not reached"])
        tally.add(case, lines, got)
        if not quiet and case in tally.failed[-1:]:
            print("FAILED %s on %s" % (case, name))
            for line in lines:
                if line not in got:
                    print("    expected  " + line)
            for line in got:
                if line not in lines:
                    print("    got       " + line)
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-v", action="store_true")
    parser.add_argument("-k", default="")
    parser.add_argument("--at", help="on this file system, not a tmpfs")
    parser.add_argument("--share", type=int, default=1, metavar="N",
                        help="one case in N, for a short run")
    parser.add_argument("places", nargs="*", default=["aufs"])
    args = parser.parse_args()
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="mydocker-posix-",
                                     dir=args.at) as top:
        os.chmod(top, 0o755)
        if not args.at:
            calls.mount("tmpfs", top, "tmpfs", 0, "mode=755")
        try:
            return play_all(top, args)
        finally:
            os.chdir("/")
            if not args.at:
                calls.umount(top, calls.MNT_DETACH)


def play_in_parts(make, name, top, wanted, verbose):
    """A fresh union every so many cases."""
    results, wrong = {}, []
    for start in range(0, len(wanted), PART):
        place = os.path.join(top, "%s-%d" % (name, start))
        with make(name, place) as union:
            some, bad = play(union, wanted[start:start + PART], verbose)
        results.update(some)
        wrong += bad
    return results, wrong


def play_all(top, args):
    tallies, ours_failed, wanted = [], 0, chosen(args.k, args.share)
    expected, _ = play_in_parts(unions.Plain, "reference", top, wanted,
                                args.v)
    for name, lines in expected.items():
        for line in lines:
            if line.startswith("died"):
                print("the case itself is wrong: %s: %s" % (name, line))
                ours_failed = 1
    for name in args.places:
        results, wrong = play_in_parts(PLACES[name], name, top, wanted,
                                       args.v)
        is_ours = name.startswith(("aufs", "plain"))
        tally = compare(name, expected, results, not is_ours)
        for line in wrong[:20] if is_ours else []:
            print("FAILED %s: %s" % (name, line))
        ours_failed += is_ours and len(tally.failed) + len(wrong)
        tallies.append(tally)
    print("%d cases\n%-16s%8s%8s%12s" % (len(expected), "", "passed",
                                         "failed", "documented"))
    for tally in tallies:
        print(tally.row())
    for reason in {r for tally in tallies for r in tally.documented}:
        print("documented: " + reason)
    return 1 if ours_failed else 0


if __name__ == "__main__":
    sys.exit(main())
