"""Every console block of the book is typed and compared: a test each, named
book/NN-title.md:LINE, and one for what the page leaves behind on the host.
"""

import fnmatch
import unittest

import playing
import residue


class Named(unittest.TestCase):
    """A test that is called after the place in the book that it is about.
    (With a name alone, unittest's loader makes some that nobody runs.)"""

    def __init__(self, name, page=None, block=None):
        super().__init__()
        self.name, self.page, self.block = name, page, block

    def id(self):
        return self.name


class Transcript(Named):
    def runTest(self):
        result = self.page.player.result(self.block)
        if result.differences:
            self.fail("".join(result.differences))
        if result.skip:
            self.skipTest(result.skip)


class Unreadable(Named):
    """A page that cannot be taken apart."""

    def runTest(self):
        self.fail(self.page)


class HostAfterwards(Named):
    def runTest(self):
        self.page.player.close()
        left = residue.differences(self.page.before)
        if left:
            self.fail("left on the host by the page:\n" + "\n".join(left))


class Page(unittest.TestSuite):
    """The tests of a page, in its order; the host looked over around them."""

    def __init__(self, player, chosen):
        self.player = player
        tests = [Transcript("%s:%d" % (block.path, block.first), self, block)
                 for block in player.blocks]
        if tests:
            tests.append(HostAfterwards(player.path + ": the host is as it was",
                                        self))
        super().__init__(test for test in tests if chosen(test.id()))

    def run(self, result, debug=False):
        self.before = residue.snapshot()
        try:
            return super().run(result, debug)
        finally:
            self.player.close()


def load_tests(loader, _tests, _pattern):
    patterns = loader.testNamePatterns or ["*"]

    def chosen(name):
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    suite = unittest.TestSuite()
    for path in playing.pages():
        try:
            suite.addTest(Page(playing.Player(path), chosen))
        except playing.Fault as fault:
            suite.addTest(Unreadable(path, str(fault)))
    return suite
