#!/usr/bin/env python3
"""Same name, same file: a module found in two chapters is the same bytes.

    same.py [ROOT]          say which copies differ; exit status 1 if any does
    same.py --sync [ROOT]   carry the earliest chapter's file over its copies

The earliest chapter that has a file owns it.  In ch06-final the copies live in
directories by subject.  Not modules, and so free to differ: what is in demo/
and steps/, README.md and needs, and ch06-final's own Makefile.
"""

import os
import shutil
import sys

FREE_NAMES = ("README.md", "needs")
SUBJECTS = ("mechanism", "container", "oci", "runtime", "runc", "image",
            "image/tool", "network", "aufs", "cli", "monitor", "init",
            "dockerfile", "builder", "dns", "rootless")


def modules(root, chapter):
    """Paths, within the chapter, of what falls under the rule."""
    places = ("",) + (SUBJECTS if chapter.startswith("ch06") else ())
    for place in places:
        directory = os.path.join(root, chapter, place)
        for name in sorted(os.listdir(directory)
                           if os.path.isdir(directory) else ()):
            if not os.path.isfile(os.path.join(directory, name)) \
                    or name in FREE_NAMES or name.startswith("."):
                continue
            if chapter.startswith("ch06") and name == "Makefile":
                continue
            yield os.path.join(place, name)


def pairs(root):
    """(owner's path, copy's path) for every copy."""
    owners = {}
    for chapter in sorted(d for d in os.listdir(root) if d.startswith("ch0")):
        for path in modules(root, chapter):
            name = os.path.basename(path)
            full = os.path.join(chapter, path)
            owner = owners.setdefault(name, full)
            if owner.split(os.sep)[0] != chapter:
                yield owner, full


def content(root, path):
    with open(os.path.join(root, path), "rb") as file:
        return file.read()


def differing(root):
    return [(owner, copy) for owner, copy in pairs(root)
            if content(root, owner) != content(root, copy)]


def main():
    arguments = sys.argv[1:]
    sync = "--sync" in arguments
    arguments = [a for a in arguments if a != "--sync"]
    root = arguments[0] if arguments else os.path.dirname(os.path.dirname(
        os.path.dirname(os.path.abspath(__file__))))
    found = differing(root)
    for owner, copy in found:
        if sync:
            shutil.copyfile(os.path.join(root, owner),
                            os.path.join(root, copy))
            print("%s -> %s" % (owner, copy))
        else:
            print("%s: not the same as %s (make sync)" % (copy, owner))
    return 1 if found and not sync else 0


if __name__ == "__main__":
    sys.exit(main())
