"""Chapter 2's `devices`: as in experiments.py, and is the program that it
prints the program that it explains?"""

import itertools
import re

import experiments
import harness

DEMO = harness.program("ch02-cgroups")
MKNOD, READ, WRITE = 1, 2, 4
BLOCK, CHARACTER = 1, 2


def listing(out):
    """{number: instruction} of what was printed."""
    lines = re.findall(r"(?m)^ +(\d+)  (\S.*?)(?:   .*| back to the kernel)?$",
                       out)
    return {int(number): words.strip() for number, words in lines}


def value(word, registers):
    return registers[word] if word in registers else int(word, 0)


TESTS = {"!=": lambda a, b: a != b, "&": lambda a, b: a & b}
CHANGES = {"=": lambda a, b: b, "&=": lambda a, b: a & b,
           ">>=": lambda a, b: a >> b}


def answer(program, context):
    """What it has in r0 at its end; `context` is {offset: number}."""
    at, registers = 0, {"r1": None}
    while program[at] != "exit":
        words = program[at].split()
        load = re.fullmatch(r"(r\d) = \*\(u32 \*\)\(r1 \+ (\d+)\)",
                            program[at])
        at += 1
        if load:
            registers[load[1]] = context[int(load[2])]
        elif words[0] == "if":
            if TESTS[words[2]](registers[words[1]], int(words[3], 0)):
                at = int(words[5])
        elif words[0] == "goto":
            at = int(words[1])
        else:
            registers[words[0]] = CHANGES[words[1]](
                registers.get(words[0]), value(words[2], registers))
    return registers["r0"]


def allowed(kind, access, major, minor):
    """The rules: deny all, allow c 1:3 rwm, allow c 1:5 r."""
    if kind != CHARACTER or major != 1:
        return False
    return minor == 3 or (minor == 5 and access == READ)


class Devices(experiments.Played, harness.KernelTest):
    demo, names = DEMO, ("devices",)

    def test_the_program_that_is_printed_is_right(self):
        out = self.held(self.play("devices"))
        program = listing(out)
        if not program:
            self.skipTest("this host has no v2: no program was printed")
        self.assertEqual(sorted(program), list(range(len(program))), out)
        for kind, access, major, minor in itertools.product(
                (BLOCK, CHARACTER), range(1, 8), (0, 1, 2), (0, 3, 5, 7)):
            context = {0: access << 16 | kind, 4: major, 8: minor}
            self.assertEqual(bool(answer(program, context)),
                             allowed(kind, access, major, minor),
                             "%s of\n%s" % (context, out))

    def test_both_ways_say_the_same(self):
        out = self.held(self.play("devices"))
        tables = re.findall(r"(?ms)no rule.*?\[held\]", out)
        self.assertEqual(len(set(tables)), 1, out)

    def test_calls_that_matter_are_shown(self):
        out = self.held(self.run_command([DEMO, "devices", "-v"]))
        self.assertRegex(out, r'> open\("/dev/full", O_RDONLY\) = -1')
        self.assertRegex(out, r'> mknod\("node", .*\) = 0')

    def test_where_no_device_can_be_made(self):
        done = self.run_command(
            ["setpriv", "--bounding-set=-mknod", "--inh-caps=-mknod", DEMO,
             "devices"])
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("[skipped] needs a root that may do all this without a "
                      "rule; found: mknod c 1:3 (null): Operation not "
                      "permitted", done.out, str(done))
