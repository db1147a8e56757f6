"""The suite against the specification: is each sentence tested, each test one
of a sentence, and each failure of both crun and runc explained?"""

import os
import unittest

import known
import requirements

HERE = os.path.dirname(os.path.abspath(__file__))
NEITHER = "Neither crun nor runc"


def all_tests():
    """{short name: docstring} of every other test of this directory."""
    found = {}

    def collect(suite):
        for test in suite:
            if isinstance(test, unittest.TestSuite):
                collect(test)
            elif type(test).__module__ != __name__:
                name = ".".join(test.id().split(".")[-3:])
                method = getattr(test, test.id().split(".")[-1])
                found[name] = method.__doc__ or ""
    collect(unittest.TestLoader().discover(HERE, top_level_dir=HERE))
    return found


class Requirements(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        cls.sentences, cls.untested = requirements.read()
        cls.tests = all_tests()
        cls.quoted = {name: requirements.quoted(text)
                      for name, text in cls.tests.items()}

    def hold(self, complaints):
        self.assertEqual(complaints, [], "\n".join(map(str, complaints)))

    def test_each_test_has_a_sentence(self):
        self.hold([name for name, quotes in self.quoted.items() if not quotes])

    def test_quotes_are_exact(self):
        self.hold(["%s: %s is %r, not %r" % (name, ", ".join(map(str, key)),
                                             self.sentences.get(key), quote)
                   for name, quotes in self.quoted.items()
                   for key, quote in quotes
                   if self.sentences.get(key) != quote])

    def test_each_sentence_has_a_test(self):
        tested = {key for quotes in self.quoted.values() for key, _ in quotes}
        self.hold([key for key in self.sentences
                   if key not in tested and key not in self.untested])
        self.hold(["%s is tested after all" % (key,)
                   for key in self.untested if key in tested])

    def test_numbers_are_in_order(self):
        last = {}
        for document, section, number in self.sentences:
            place = document, section
            self.assertEqual(number, last.get(place, 0) + 1,
                             "%s, %s, %d" % (*place, number))
            last[place] = number

    def test_known_failures_are_of_tests(self):
        self.hold([name for name in known.KNOWN if name not in self.tests])

    def test_who_fails_what_both_fail(self):
        """Such a test says why it is right."""
        both = {name for name, row in known.KNOWN.items()
                if {"crun", "runc"} <= {key.split("-")[0] for key in row}}
        saying = {name for name, text in self.tests.items()
                  if NEITHER in requirements.words(text)}
        self.hold(["%s: crun and runc both fail it; why is it right?" % name
                   for name in sorted(both - saying)])
        self.hold(["%s: it says that both fail, known.py does not" % name
                   for name in sorted(saying - both)])
