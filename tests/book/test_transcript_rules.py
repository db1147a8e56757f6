"""The machinery of the transcripts, on small pages: what is true passes, and
nothing that is not gets through."""

import contextlib
import io
import os
import textwrap
import time
import unittest

import harness
import playing
import residue
import transcripts
import update

NESTED = "unshare -r sh"        # an ordinary user becomes root inside: "# "


def page(*blocks):
    return "# Title\n\n" + "\n".join(
        "```%s\n%s```\n" % (block if isinstance(block, tuple) else
                            ("console", textwrap.dedent(block)))
        for block in blocks)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = playing.Place("page.md")
        cls.addClassCleanup(cls.place.remove)

    def player(self, text, timeout=20):
        player = playing.Player("page.md", text, timeout, self.place)
        self.addCleanup(player.close)
        return player

    def differences(self, *blocks, **more):
        player = self.player(page(*blocks), **more)
        results = [player.result(block) for block in player.blocks]
        self.assertEqual([r.skip for r in results], [""] * len(results))
        return "".join("".join(r.differences) for r in results)

    def assert_true(self, *blocks):
        self.assertEqual(self.differences(*blocks), "")

    def assert_refused(self, message, *blocks):
        with self.assertRaisesRegex(transcripts.Fault, message):
            transcripts.read_page("page.md", page(*blocks))


class Truth(Pages):
    def test_a_match(self):
        self.assert_true("""\
            $ echo one; printf 'a\\tb\\n\\n'; printf three
            one
            a       b

            three
            $ stty size; echo $TERM
            24 100
            dumb
            """)

    def test_a_stale_line(self):
        found = self.differences("""\
            $ true
            $ seq 20
            1
            two
            ...
            20
            """)
        self.assertEqual(found, "page.md:5: $ seq 20\n"
                         "  1\n- two\n+ 2\n  ...\n  20\n")

    def test_a_line_too_few_and_one_too_many(self):
        self.assertIn("\n+ b\n", self.differences("$ echo a; echo b\na\n"))
        self.assertIn("\n- b\n", self.differences("$ echo a\na\nb\n"))
        self.assertIn("\n+ a\n", self.differences("$ echo a\n$ true\n"))

    def test_patterns(self):
        self.assert_true("""\
            $ echo pid $$ of "(me)"; seq 9
            pid [..] of (me)
            1
            ...
            8
            9
            ...
            """)
        self.assertIn("- pid [..] of you", self.differences(
            "$ echo pid $$ of me\npid [..] of you\n"))
        self.assertIn("+ 9", self.differences("$ seq 9\n...\n8\n"))

    def test_statuses(self):
        self.assert_true("""\
            $ sh -c 'echo a; exit 3'
            a
            [exit 3]
            $ echo $?
            3
            $ sh -c 'kill -9 $$'
            Killed
            [exit 137]
            """)
        for block in ("$ false\n", "$ false\n[exit 2]\n", "$ true\n[exit 1]\n"):
            self.assertIn("it exits with", self.differences(block))

    def test_what_the_terminal_does_not_keep(self):
        self.assert_true(r"""
            $ printf '\033[1mbold\033[0m \033]0;title\007x\033[6n\n10%%\r20%%\n'
            bold x
            20%
            """[1:])

    def test_other_letters_than_those_of_ascii(self):
        self.assert_true("$ echo ä €\nä €\n")

    def test_several_lines(self):
        self.assert_true("""\
            $ cat <<END && \\
            > echo '> b'
            > a
            > END
            a
            > b
            $ echo '
            > x'

            x
            """)
        self.assertIn("waits for more", self.differences("$ cat <<END\na\n"))

    def test_control_c(self):
        self.assert_true("""\
            $ echo begun; sleep 100
            begun
            ^C
            [exit 130]
            $ sleep 100
            ^C
            [exit 130]
            $ %s
            # sleep 100 | cat
            ^C
            # exit
            [exit 130]
            $ echo on
            on
            """ % NESTED)


class Shells(Pages):
    def test_an_ordinary_user_in_a_copy_of_the_repository(self):
        self.assert_true("""\
            $ id -u
            %d
            $ ls Makefile && touch new $HOME/new && cd /nowhere
            Makefile
            bash: cd: /nowhere: No such file or directory
            [exit 1]
            """ % (harness.USER if os.geteuid() == 0 else os.geteuid()))
        self.assertFalse(os.path.exists(os.path.join(harness.ROOT, "new")))

    def test_root_beside_the_user(self):
        text = page("$ cd /; pwd\n/\n# id -u\n0\n# pwd\n[..]/write-docker\n")
        player = self.player(text)
        result = player.result(player.blocks[0])
        self.assertEqual(result.differences, [])
        if os.geteuid() == 0:
            self.assertEqual(result.skip, "")
        else:
            self.assertIn("this is not root", result.skip)

    def test_a_nested_shell(self):
        self.assert_true("""\
            $ %s
            # id -u; false
            0
            # PS1='inside# '
            inside# echo '# no prompt'; echo '> x'
            [..] no prompt
            > x
            inside# cat <<END
            > text
            > END
            text
            inside# exit 4
            [exit 4]
            $ id -u | grep -c .
            1
            """ % NESTED)

    def test_a_nested_shell_at_the_end_of_a_block(self):
        self.assert_true("$ %s\n# id -u\n0\n#\n" % NESTED)
        self.assert_true("$ %s\n# id -u\n0\n" % NESTED)

    def test_a_prompt_that_is_not_there(self):
        self.assertIn('no shell shows the prompt "/ # " here',
                      self.differences("$ true\n/ # ls\n"))
        self.assertIn('the prompt here is "# "', self.differences(
            "$ %s\n# true\ninside# ls\n" % NESTED, timeout=2))

    def test_the_status_of_a_nested_command_is_not_guessed(self):
        self.assertIn("cannot be seen", self.differences(
            "$ %s\n# false\n[exit 1]\n#\n" % NESTED))

    def test_sessions(self):
        self.assert_true(("{.console session=a}", "$ x=1\n"),
                         ("{.console session=b}", "$ x=2; cd /\n"),
                         "$ echo $x; x=3\n\n",
                         ("{.console session=a}", "$ echo $x\n1\n"),
                         ("{.console session=b}", "$ echo $x; pwd\n2\n/\n"))

    def test_a_session_needs_what_was_before_it(self):
        player = self.player(page(("{.console session=a}", "$ x=1\n"),
                                  ("{.console session=a}", "$ echo $x\n1\n")))
        self.assertEqual(player.result(player.blocks[1]).differences, [])

    def test_needs(self):
        player = self.player(page(
            ('{.console needs="test -d /nowhere"}', "$ false\n"),
            ('{.console needs="test -d /"}', "$ true\n")))
        self.assertEqual([player.result(block).skip for block in player.blocks],
                         ["it needs: test -d /nowhere", ""])


class Endings(Pages):
    def test_a_block_that_hangs(self):
        started = time.monotonic()
        found = self.differences("$ echo x; sleep 100\nx\n", timeout=1)
        self.assertRegex(found, r"page.md:4: \$ echo x; sleep 100\n"
                                r"it did not end in time.*\n(.*\n)*\+ x")
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(residue.descendants(), {})

    def test_a_shell_that_ends(self):
        self.assertIn("the shell has ended", self.differences("$ exit\n"))

    def test_what_is_left_running_is_killed(self):
        self.assert_true("""\
            $ setsid --wait sh -c 'sleep 100 & sleep 100' & sleep 100 &
            [1] [..]
            [2] [..]
            """)
        self.assertEqual(residue.descendants(), {})

    def test_what_a_session_left_running_stays(self):
        self.assert_true(
            ("{.console session=a}", "$ sleep 100 &\n[1] [..]\n"), "$ true\n",
            ("{.console session=a}", "$ jobs\n[1]+  Running[..]\n"))

    def test_the_place_is_removed(self):
        with playing.Player("page.md", page("$ touch x\n")) as player:
            player.result(player.blocks[0])
            top = player.place.top
            self.assertTrue(os.path.exists(top + "/write-docker/x"))
        self.assertFalse(os.path.exists(top))


class Refused(Pages):
    def test_nothing_typed(self):
        self.assert_refused("page.md:4: a console block without", "$\n")
        self.assert_refused("page.md:4: a console block without", "")

    def test_output_before_the_first_prompt(self):
        self.assert_refused("page.md:4: output before", "a\n$ echo a\na\n")

    def test_output_of_nothing(self):
        self.assert_refused("page.md:5: output, and", "$ true\n$\nb\n")

    def test_unknown_attributes(self):
        self.assert_refused("no attribute color=a",
                            ("{.console color=a}", "$ true\n"))

    def test_a_block_without_end(self):
        with self.assertRaisesRegex(transcripts.Fault, "page.md:1: .*closed"):
            transcripts.read_page("page.md", "```console\n$ true\n``\n")

    def test_other_blocks_are_let_be(self):
        self.assertEqual(transcripts.read_page("page.md", page(
            ("text", "$ false\n"), ("", "output\n"), ("{.c include=x}", ""),
            ("~~~console", "$ false\n~~~\n"))), [])

    def test_a_block_in_a_list(self):
        block, = transcripts.read_page(
            "page.md", "1. try\n\n   ```console\n   $ echo a\n   a\n   ```\n")
        self.assertEqual((block.commands[0].text, block.commands[0].body),
                         ("echo a", ["a"]))


class Update(Pages):
    def updated(self, text):
        self.problems = []
        with contextlib.redirect_stdout(io.StringIO()):
            return update.new_page(self.player(text), text,
                                   self.problems.append)

    def assert_updated(self, text, wanted):
        self.assertEqual(self.updated(text), wanted)
        self.assertEqual(self.updated(wanted), wanted)
        self.assertEqual(self.problems, [])

    def test_patterns_stay_where_they_hold(self):
        self.assert_updated(page("""\
            $ echo $$ is new; seq 30
            [..] is new
            [..] is old
            1
            ...
            29
            thirty
            $ sh -c 'echo a; exit 2'
            [exit 1]
            $ sh -c 'exit 3'
            [exit 3]
            $ true
            [exit 9]
            """), page("""\
            $ echo $$ is new; seq 30
            [..] is new
            1
            ...
            29
            30
            $ sh -c 'echo a; exit 2'
            a
            [exit 2]
            $ sh -c 'exit 3'
            [exit 3]
            $ true
            """))

    def test_what_looks_like_something_else(self):
        self.assert_updated(
            page("$ echo '# a'; echo ...; echo '[exit 3]'; echo '> x'\n"),
            page("$ echo '# a'; echo ...; echo '[exit 3]'; echo '> x'\n"
                 "[..] a\n[..]..\n[..]exit 3]\n> x\n"))

    def test_continuations_and_indents_stay(self):
        text = "1. try\n\n   ```console\n   $ echo '\n   > a'\n%s   ```\nend\n"
        self.assert_updated(text % "   b\n", text % "\n   a\n")

    def test_true_blocks_are_not_touched(self):
        text = page("$ echo  a \na  \n",
                    ("{ .console  }", "$ seq 3\n...\n...\n[..]3\n[exit 0]\n"))
        self.assertEqual(self.updated(text), text)

    def test_only_the_wrong_block_is(self):
        old = page("$ echo a\nx\n", "$ echo $$\n[..]\n", "$ echo b\ny\nz\n")
        new = page("$ echo a\na\n", "$ echo $$\n[..]\n", "$ echo b\nb\n")
        self.assert_updated(old, new)

    def test_a_block_that_hangs_is_left_alone(self):
        text = page("$ echo a\nx\n$ cat <<END\n")
        self.assertEqual(self.updated(text), text)
        self.assertIn("waits for more", self.problems[0])
