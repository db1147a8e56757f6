"""`build`: Dockerfiles become images, and what need not be done again is not.

Everything is built on busybox, which is made of this machine's, without a
network.
"""

import hashlib
import http.server
import io
import json
import os
import random
import re
import shlex
import signal
import subprocess
import tarfile
import threading
import time
import unittest

import harness

DEMO = harness.program("ch06-final")
AUFS = ["--storage-driver", "aufs"]


class Build(harness.KernelTest):
    @classmethod
    def setUpClass(cls):
        """The store is made, with busybox in it."""
        cls.root = harness.private_state(cls)
        for driver in ([], AUFS):
            for words in (["build", "-q", "-"], ["image", "prune", "-f"],
                          ["builder", "prune", "-f"]):
                done = harness.run([DEMO, *driver, *words],
                                   data="FROM busybox\nRUN true")
                if done.status:
                    raise AssertionError(str(done))

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean)

    def clean(self):
        """Whatever happened, the store is as it should be, nobody is left, and
        what nobody needs goes."""
        self.assertIn("all is well",
                      self.succeed([DEMO, "system", "check"]).out)
        self.assertEqual(self.succeed([DEMO, "ps", "-aq"]).out, "")
        images = self.succeed([DEMO, "images", "-q", "--no-trunc"]).out
        base = self.succeed([DEMO, "images", "-q", "--no-trunc",
                             "busybox"]).out
        for image in set(images.split()) - set(base.split()):
            self.succeed([DEMO, "rmi", "-f", image])
        self.succeed([DEMO, "builder", "prune", "-f"])

    def context(self, files=None, dockerfile=None):
        """A directory with these files: a text, or (text, mode)."""
        place = self.scratch()
        files = dict(files or {})
        if dockerfile is not None:
            files["Dockerfile"] = dockerfile
        for name, content in files.items():
            content, mode = (content if isinstance(content, tuple)
                             else (content, 0o644))
            path = os.path.join(place, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
            os.chown(path, harness.outside(0), harness.outside(0))
            os.chmod(path, mode)
        for top, _, _ in os.walk(place):
            os.chown(top, harness.outside(0), harness.outside(0))
        return place

    def build(self, dockerfile, *words, files=None, context=None, **more):
        """Quietly; the id of the image."""
        place = context or self.context(files, dockerfile)
        done = self.succeed([DEMO, "build", "-q", *words, place], **more)
        self.assertRegex(done.out, r"\Asha256:[0-9a-f]{64}\n\Z", str(done))
        return done.out.strip()

    def told(self, dockerfile, *words, files=None, context=None, **more):
        """What it says of itself."""
        place = context or self.context(files, dockerfile)
        done = self.succeed([DEMO, "build", "--progress", "plain", *words,
                             place], **more)
        self.assertEqual(done.out, "", str(done))
        return done.err

    def refused(self, dockerfile, *words, files=None, context=None,
                arguments=(), **more):
        place = context or self.context(files, dockerfile)
        done = self.run_command([DEMO, "build", *arguments, place], **more)
        self.assertEqual(done.status, 1, str(done))
        for word in words:
            self.assertIn(word, done.err, str(done))
        return done.err

    def says(self, image, *words):
        return self.succeed([DEMO, "run", "--rm", image, *words]).out

    def config(self, image):
        with open(os.path.join(self.root, "blobs", "sha256",
                               image.split(":")[1]), encoding="utf-8") as file:
            return json.load(file)


class Instructions(Build):
    def test_the_config(self):
        image = self.build("""
FROM busybox
ARG VERSION=1
ENV A=b C="d e" PLACE=/srv
LABEL org.name="A B" n=$VERSION
WORKDIR $PLACE/one
WORKDIR two
EXPOSE 80 53/udp
VOLUME /data /more
USER 1000:100
STOPSIGNAL SIGINT
SHELL ["/bin/sh", "-ec"]
HEALTHCHECK --interval=5s --retries=2 CMD test -e /
ONBUILD RUN true
ENTRYPOINT ["echo"]
CMD ["x", "y"]
""", "--label", "extra=1")
        config = self.config(image)
        inner = config["config"]
        self.assertEqual(inner["Env"][-3:], ["A=b", "C=d e", "PLACE=/srv"])
        self.assertEqual(inner["Labels"], {"org.name": "A B", "n": "1",
                                           "extra": "1"})
        self.assertEqual(inner["WorkingDir"], "/srv/one/two")
        self.assertEqual(inner["ExposedPorts"], {"80/tcp": {}, "53/udp": {}})
        self.assertEqual(inner["Volumes"], {"/data": {}, "/more": {}})
        self.assertEqual(inner["User"], "1000:100")
        self.assertEqual(inner["StopSignal"], "SIGINT")
        self.assertEqual(inner["Shell"], ["/bin/sh", "-ec"])
        self.assertEqual(inner["Healthcheck"], {
            "Test": ["CMD-SHELL", "test -e /"], "Interval": 5 * 10**9,
            "Retries": 2})
        self.assertEqual(inner["OnBuild"], ["RUN true"])
        self.assertEqual((inner["Entrypoint"], inner["Cmd"]),
                         (["echo"], ["x", "y"]))
        self.assertEqual((config["architecture"], config["os"]),
                         (self.config(self.build("FROM busybox"))
                          ["architecture"], "linux"))
        said = [(step["created_by"], step.get("empty_layer", False))
                for step in config["history"][1:]]
        self.assertEqual(said[:2], [("ARG VERSION=1", True),
                                    ("ENV A=b C=d e PLACE=/srv", True)])
        self.assertIn(("WORKDIR /srv/one/two", False), said)
        self.assertIn(('CMD ["x" "y"]', True), said)
        self.assertEqual(len(config["rootfs"]["diff_ids"]),
                         sum(not step.get("empty_layer", False)
                             for step in config["history"]))

    def test_run(self):
        image = self.build("""
FROM busybox
ARG GIVEN=not
ENV A=b
WORKDIR /work
RUN echo "$A $GIVEN $(pwd) $(id -u) $(umask) $HOME" >said
RUN ["/bin/sh", "-c", "echo exec >>said"]
RUN chmod 777 /work
USER 12:34
RUN id -u >id; id -g >>id
USER 0
SHELL ["/bin/sh", "-ec"]
RUN false || echo shell >>said
RUN <<EOF
echo here >>said
echo $((1 + 1)) >>said
EOF
RUN <<EOF
#!/bin/sh -e
echo script >>said
EOF
RUN cat <<ONE >>said && cat <<'TWO' >>said
a $A
ONE
b $A
TWO
CMD ["cat", "said", "id"]
""", "--build-arg", "GIVEN=given")
        self.assertEqual(self.says(image).split("\n"), [
            "b given /work 0 0022 /root", "exec", "shell", "here", "2",
            "script", "a b", "b $A", "12", "34", ""])

    def test_copy(self):
        """What comes where, whose it is, and what stays outside."""
        def owners(*ids):
            return "%d:%d" % tuple(map(harness.mapped, ids))
        place = self.context({
            "a.txt": "a\n", "b.txt": ("b\n", 0o640), "sub/c.c": "c\n",
            "sub/deep/d.o": "d\n", "skipped": "x\n",
            ".dockerignore": "# no objects\n**/*.o\nskipped\nDockerfile\n"},
            """
FROM busybox AS tools
RUN mkdir -p /t/lib && echo tool >/t/lib/x && chown 5:6 /t/lib/x && \\
    ln -s /t/lib /l
FROM busybox
WORKDIR /all
COPY . .
COPY *.txt /txt/
COPY --chown=7:8 --chmod=711 a.txt /own/as
COPY a.txt /top
COPY sub /contents
COPY --from=tools /t /t
COPY --from=0 /l/x /through
COPY --from=busybox /etc/passwd /image
COPY --link a.txt b.txt /linked/
COPY --exclude=*.c sub /few/
ADD arch.tar.gz /unpacked/
COPY <<EOF <<'F2' /here/
one $PWD
EOF
two $PWD
F2
COPY link /link
RUN cd / && find all txt own top contents t through image linked few \\
    unpacked here link ! -type d -exec stat -c '%n %a %u:%g' {} + | \\
    sort >/list
CMD ["cat", "/list"]
""".replace("chown 5:6", "chown " + owners(5, 6)))
        with tarfile.open(os.path.join(place, "arch.tar.gz"), "w:gz") as tar:
            entry = tarfile.TarInfo("in/side")
            entry.size, entry.uid, entry.gid = 3, 9, 10
            tar.addfile(entry, io.BytesIO(b"in\n"))
        os.symlink("a.txt", os.path.join(place, "link"))
        image = self.build(None, context=place)
        self.assertEqual(self.says(image).split("\n"), [
            "all/.dockerignore 644 0:0", "all/a.txt 644 0:0",
            "all/arch.tar.gz 644 0:0", "all/b.txt 640 0:0",
            "all/link 777 0:0", "all/sub/c.c 644 0:0",
            "contents/c.c 644 0:0", "here/EOF 644 0:0", "here/F2 644 0:0",
            "image 644 0:0", "link 644 0:0", "linked/a.txt 644 0:0",
            "linked/b.txt 640 0:0", "own/as 711 " + owners(7, 8),
            "t/lib/x 644 " + owners(5, 6),
            "through 644 " + owners(5, 6), "top 644 0:0", "txt/a.txt 644 0:0",
            "txt/b.txt 640 0:0",
            "unpacked/in/side 644 " + owners(9, 10), ""])
        self.assertEqual(self.says(image, "cat", "/here/EOF", "/here/F2"),
                         "one \ntwo $PWD\n")

    def copied(self, line, files):
        """What a COPY brings into /to: names, with their modes."""
        image = self.build(
            "FROM busybox\n" + line + "\nRUN mkdir -p /to && cd /to && find . "
            "! -name . -exec stat -c '%n %a' {} + | sort >/list\n"
            "CMD [\"cat\", \"/list\"]", files=files)
        return [row[2:] for row in self.says(image).splitlines()]

    def test_chmod_in_words(self):
        files = {"a": "a\n", "d/run": ("x\n", 0o700), "d/b": "b\n"}
        for words, due in (
                ("u+x,go-rwx", ["a 700", "b 700", "run 700"]),
                ("u=rwX,go=rX", ["a 644", "b 644", "run 755"]),
                ("a=r", ["a 444", "b 444", "run 444"]),
                ("-w", ["a 444", "b 444", "run 500"]),
                ("0640", ["a 640", "b 640", "run 640"])):
            with self.subTest(words):
                self.assertEqual(self.copied(
                    "COPY --chmod=%s a d /to/" % words, files), due)
        self.assertEqual(self.copied(
            "COPY --chmod=g+w,o= <<one <<two /to/\n1\none\n2\ntwo", files),
            ["one 660", "two 660"])
        # Of a directory that is copied X is an x.
        self.assertEqual(self.copied("COPY --chmod=u=rwX,go= d/ /to/sub/",
                                     {"d/e/f": "f\n"}),
                         ["sub 755", "sub/e 700", "sub/e/f 600"])
        for words in ("u+q", "888", "", "u"):
            self.refused("FROM busybox\nCOPY --chmod=%s a /\n" % words,
                         "Dockerfile:2", "chmod", files=files)

    def names(self, line):
        return [row.split()[0] for row in self.copied(line, {
            "x/a.txt": "1", "x/b.go": "2", "x/y/c.txt": "3", "x/y/d.go": "4",
            "x/y/z/e.txt": "5", "top.txt": "6", "top.go": "7"})]

    def test_exclude(self):
        """What is named itself is left out, too, as Docker's reference has
        it: COPY --exclude=*.txt hom* /mydir/"""
        self.assertEqual(self.names("COPY --exclude=*.txt top* /to/"),
                         ["top.go"])
        self.assertEqual(self.names("COPY --exclude=*.go --exclude=y x/* /to/"),
                         ["a.txt"])
        self.assertEqual(self.names("COPY --exclude=**/*.txt x /to/"),
                         ["b.go", "y", "y/d.go", "y/z"])
        self.assertEqual(self.names("COPY --exclude=top.txt top.txt /to/"), [])
        self.assertEqual(self.names("ADD --exclude=*.go top.go top.txt /to/"),
                         ["top.txt"])

    def test_parents(self):
        self.assertEqual(self.names("COPY --parents x/a.txt x/y/d.go /to/"),
                         ["x", "x/a.txt", "x/y", "x/y/d.go"])
        # From the pivot on.
        self.assertEqual(self.names("COPY --parents x/./y/d.go /to/"),
                         ["y", "y/d.go"])
        self.assertEqual(self.names("COPY --parents ./x/y/./z ./x/./*.go /to/"),
                         ["b.go", "z", "z/e.txt"])
        self.assertEqual(self.names("COPY --parents x/*/./*.txt /to/"),
                         ["c.txt"])
        # Any number of directories.
        self.assertEqual(self.names("COPY --parents x/**/*.txt /to/"),
                         ["x", "x/a.txt", "x/y", "x/y/c.txt", "x/y/z",
                          "x/y/z/e.txt"])
        self.assertEqual(
            self.names("COPY --parents --exclude=*.go --exclude=y/z x/./** "
                       "/to/"), ["a.txt", "y", "y/c.txt", "y/d.go"])

    def test_git(self):
        """Not here; and not as a page that a web server has by this name."""
        for word in ("https://github.com/a/b.git", "git@github.com:a/b",
                     "https://host/b.git#v1:sub", "ssh://git@host/b",
                     "git://host/b"):
            self.refused("FROM busybox\nADD %s /x\n" % word, "Dockerfile:2",
                         "repositories of git are not fetched here")
            done = self.run_command([DEMO, "build", word])
            self.assertEqual(done.status, 1, str(done))
            self.assertIn("only directories, and what comes through standard "
                          "input", done.err)

    def test_mounts(self):
        """They are there while the command runs, and leave nothing."""
        place = self.context({"a": "a\n"}, """
FROM busybox AS tools
RUN echo tool >/tool
FROM busybox
RUN --mount=type=cache,target=/c,id=x echo 1 >>/c/n; cat /c/n >/one
RUN --mount=type=cache,target=/d,id=x echo 2 >>/d/n; cat /d/n >/two
RUN --mount=type=cache,target=/c cat /c/n >/three || echo none >/three
RUN --mount=type=tmpfs,target=/tm touch /tm/x && \\
    grep -c " /tm tmpfs" /proc/mounts >/four
RUN --mount=type=secret,id=s cat /run/secrets/s >/five && \\
    stat -c %a /run/secrets/s >>/five
RUN --mount=type=secret,id=s,env=SAID echo "$SAID" >/six
RUN --mount=type=secret,id=other test ! -e /run/secrets/other
RUN --mount=type=secret,id=etc/passwd,target=/told test ! -s /told
RUN --mount=type=bind,target=/ctx cat /ctx/a >/seven; ! touch /ctx/x
RUN --mount=type=bind,target=/ctx,rw echo x >/ctx/a
RUN --mount=type=bind,from=tools,target=/from cat /from/tool >/eight
RUN for i in /bin /c /d /tm /ctx /from /run/secrets; do \\
    if [ -e $i ]; then echo $i; fi; done >/left
CMD ["cat", "one", "two", "three", "four", "five", "six", "seven", "eight", \\
     "left"]
""")
        secret = os.path.join(self.scratch(), "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("mydocker-told\n")
        # A variable that is not set is not the file of that name, which is
        # there: commands run in "/".
        image = self.build(None, "--secret", "id=s,src=" + secret,
                           "--secret", "id=etc/passwd,env=MYDOCKER_NOT_SET",
                           context=place)
        self.assertEqual(self.says(image).split("\n"), [
            "1", "1", "2", "none", "1", "mydocker-told", "400",
            "mydocker-told", "", "a", "tool", "/bin", ""])
        with open(os.path.join(place, "a"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "a\n")
        kept = self.succeed([DEMO, "builder", "du"]).out
        self.assertIn("cache mount x", kept)
        found = subprocess.run(["grep", "-rl", "mydocker-told", self.root],
                               stdout=subprocess.PIPE, check=False).stdout
        self.assertEqual(len(found.split()), 2, found)  # the two layers

    def test_a_cache_that_begins_with_files(self):
        """from= and source= of a cache: what is in it at first."""
        place = self.context({"f": "seed\n"}, """
FROM busybox AS seed
COPY --chown=5:6 --chmod=640 f /s/in/f
RUN chmod 750 /s && chown 7:8 /s
FROM busybox
RUN --mount=type=cache,id=k,target=/c,from=seed,source=/s \\
    stat -c "%n %a %u %g" /c /c/in/f >/one && cat /c/in/f >>/one && \\
    echo more >/c/more
RUN --mount=type=cache,id=k,target=/c,from=seed,source=s cat /c/more >/two
RUN --mount=type=cache,id=k,target=/c,from=seed,source=/s,ro \\
    ls /c >/three; touch /c/x || echo ro >>/three
RUN --mount=type=cache,id=k,target=/c ls /c >/four
RUN --mount=type=cache,id=m,target=/c,from=seed,source=/s/in,mode=0700,uid=9 \\
    stat -c "%n %a %u %g" /c /c/f >/five
CMD ["cat", "one", "two", "three", "four", "five"]
""")
        image = self.build(None, context=place)
        self.assertEqual(self.says(image).split("\n"), [
            "/c 750 7 8", "/c/in/f 640 5 6", "seed", "more", "in", "more",
            "ro",
            "/c 700 9 0", "/c/f 640 5 6", ""])
        # Other files to begin with: another cache, and nothing is CACHED.
        with open(os.path.join(place, "f"), "w", encoding="utf-8") as file:
            file.write("other\n")
        self.assertIn("other", self.says(self.build(None, context=place)))
        self.refused("FROM busybox\nRUN --mount=type=cache,target=/c,source=a "
                     "true", "needs a from=")
        self.refused("FROM busybox\nRUN --mount=type=cache,target=/c,"
                     "from=busybox,source=/nosuch true", "/nosuch",
                     "Dockerfile:2")
        left = [n for n in os.listdir(self.root + "/build/caches")
                if len(n) != 64 and not n.endswith((".id", ".lock"))]
        self.assertEqual(left, [])

    def test_networks(self):
        image = self.build("""
FROM busybox
RUN --network=none ip -o link | wc -l >/none
RUN ip -o link | wc -l >/usual
RUN --network=host ip -o link | wc -l >/host
RUN grep extra /etc/hosts >/hosts; ulimit -n >/limit
CMD ["cat", "none", "usual", "hosts", "limit"]
""", "--add-host", "extra:10.1.2.3", "--ulimit", "nofile=99:99")
        self.assertEqual(self.says(image).split("\n")[:2], ["1", "2"])
        self.assertEqual(self.says(image, "tail", "-n2", "/hosts", "/limit")
                         .split(), ["==>", "/hosts", "<==", "10.1.2.3",
                                    "extra", "==>", "/limit", "<==", "99"])

    def test_aufs(self):
        """With the other driver: what is deleted, replaced, linked."""
        place = self.context({"a": "a\n"}, """
FROM busybox
RUN mkdir /d && echo 1 >/d/1 && echo 2 >/d/2 && ln /d/1 /d/3
RUN rm /d/2 && rm -r /var/log && mkdir /var/log && echo x >>/d/1
COPY a /d/2/
RUN ls -A /d /d/2 /var/log >/said; cat /d/1 /d/3 >>/said
""")
        done = self.succeed([DEMO, *AUFS, "build", "-q", place])
        image = done.out.strip()
        said = self.succeed([DEMO, *AUFS, "run", "--rm", image, "cat",
                             "/said"])
        self.assertEqual(said.out.split(), [
            "/d:", "1", "2", "3", "/d/2:", "a", "/var/log:", "1", "x", "1"])
        self.assertIn("all is well",
                      self.succeed([DEMO, *AUFS, "system", "check"]).out)
        self.succeed([DEMO, *AUFS, "rmi", image])
        self.succeed([DEMO, *AUFS, "builder", "prune", "-f"])

    def test_onbuild(self):
        self.build("""
FROM busybox
ONBUILD COPY a /given
ONBUILD RUN echo done >>/given
""", "-t", "mydocker-base")
        image = self.build("FROM mydocker-base\nRUN cat /given >/last",
                           files={"a": "a\n"})
        self.assertEqual(self.says(image, "cat", "/last"), "a\ndone\n")
        self.assertNotIn("OnBuild", self.config(image)["config"])

    def test_add_from_a_server(self):
        content = b"from afar\n"

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/f" else 404)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *words):
                pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = "http://127.0.0.1:%d/" % server.server_address[1]
        good = "sha256:" + hashlib.sha256(content).hexdigest()
        image = self.build("FROM busybox\nADD --checksum=%s %sf /x/\n"
                           "ADD %sf /y" % (good, url, url))
        self.assertEqual(self.says(image, "cat", "/x/f", "/y"),
                         "from afar\n" * 2)
        self.refused("FROM busybox\nADD --checksum=sha256:%s %sf /x"
                     % ("0" * 64, url), "digest mismatch", good)
        self.refused("FROM busybox\nADD %sother /x" % url, "404 Not Found")


class Cache(Build):
    DOCKERFILE = """
FROM busybox
ARG WHO=me
COPY a /a
RUN echo $WHO >/who
COPY b /b
"""

    def steps(self, told):
        """Which were done, and which were found."""
        names = dict(re.findall(r"^#(\d+) \[\d+/\d+\] (.*)$", told, re.M))
        cached = set(re.findall(r"^#(\d+) CACHED$", told, re.M))
        return ["%s%s" % ("=" if number in cached else "!", name.split()[0])
                for number, name in names.items()][1:]

    def test_the_rule(self):
        place = self.context({"a": "a\n", "b": "b\n"}, self.DOCKERFILE)

        def steps(*words):
            return self.steps(self.told(None, *words, context=place))
        self.assertEqual(steps(), ["!COPY", "!RUN", "!COPY"])
        first = self.build(None, context=place)
        self.assertEqual(steps(), ["=COPY", "=RUN", "=COPY"])
        self.assertEqual(self.build(None, context=place), first)
        # Times are nothing; contents and modes are all.
        os.utime(os.path.join(place, "a"), (1, 1))
        self.assertEqual(steps(), ["=COPY", "=RUN", "=COPY"])
        with open(os.path.join(place, "b"), "w", encoding="utf-8") as file:
            file.write("c\n")
        self.assertEqual(steps(), ["=COPY", "=RUN", "!COPY"])
        os.chmod(os.path.join(place, "a"), 0o600)
        self.assertEqual(steps(), ["!COPY", "!RUN", "!COPY"])
        self.assertEqual(steps("--build-arg", "WHO=you")[-2:],
                         ["!RUN", "!COPY"])
        self.assertEqual(steps("--no-cache"), ["!COPY", "!RUN", "!COPY"])
        self.assertEqual(steps(), ["=COPY", "=RUN", "=COPY"])
        self.succeed([DEMO, "builder", "prune", "-f"])
        self.assertEqual(steps(), ["!COPY", "!RUN", "!COPY"])

    def test_nothing_to_do_takes_no_library_of_the_network(self):
        """To load libcurl, and what comes with it, takes longer than all the
        rest of it; who pulls is mydocker-image."""
        for name, due in (("mydocker-build", False), ("mydocker-image", True)):
            path = os.path.join(os.path.dirname(DEMO), name)
            said = self.succeed(["ldd", path]).out
            self.assertIn("libarchive", said)
            self.assertEqual("libcurl" in said, due, said)

    def test_it_outlives_its_base(self):
        """What is kept has its layers, though the image that had them, and
        that it began with, is gone."""
        self.build("FROM busybox\nRUN echo 1 >/1", "-t", "mydocker-base")
        dockerfile = "FROM mydocker-base\nRUN echo 2 >/2"
        self.build(dockerfile, "-t", "mydocker-top")
        self.succeed([DEMO, "rmi", "mydocker-top", "mydocker-base"])
        self.build("FROM busybox\nRUN echo 1 >/1", "-t", "mydocker-base")
        self.assertIn("CACHED", self.told(dockerfile))

    def test_stages(self):
        """Only what is needed is built, and what can be at once is."""
        dockerfile = """
FROM busybox AS one
RUN --mount=type=cache,target=/m,id=meet touch /m/one; \\
    for i in $(seq 200); do test -e /m/two && exit; sleep 0.1; done; exit 1
FROM busybox AS two
RUN --mount=type=cache,target=/m,id=meet touch /m/two; \\
    for i in $(seq 200); do test -e /m/one && exit; sleep 0.1; done; exit 1
FROM busybox AS never
RUN exit 9
FROM busybox AS last
COPY --from=one /etc/passwd /1
COPY --from=two /etc/passwd /2
"""
        self.assertNotIn("exit 9", self.told(dockerfile))
        self.refused(dockerfile, "exit code: 9",
                     arguments=["--target", "never"])
        self.refused(dockerfile, "target stage", "nowhere",
                     arguments=["--target", "nowhere"])

    def test_some_stages_anew(self):
        """--no-cache-filter: these, and what takes from them, if they came
        out otherwise (two's file has another time)."""
        place = self.context({}, "FROM busybox AS One\nRUN true\n"
                             "FROM busybox AS two\nRUN echo >/f\n"
                             "FROM one\nCOPY --from=two /f /f\n")

        def cached(*words):
            told = self.told(None, *words, context=place)
            numbers = set(re.findall(r"^#(\d+) CACHED$", told, re.M))
            return {name for number, name in re.findall(
                r"^#(\d+) \[(.*?)\] (?:RUN|COPY)", told, re.M)
                    if number in numbers}
        cached()
        everything = {"one 2/2", "two 2/2", "stage-2 2/2"}
        self.assertEqual(cached(), everything)
        self.assertEqual(cached("--no-cache-filter", "ONE,nosuch"),
                         everything - {"one 2/2"})
        self.assertEqual(cached("--no-cache-filter", "one",
                                "--no-cache-filter", "two"), set())

    def test_what_other_builders_are_told(self):
        """Options of buildx and of CI's scripts that change nothing here."""
        place = self.context({}, "FROM busybox\nENV a=b\n")
        image = self.build(None, context=place)
        self.assertEqual(self.build(
            None, "--load", "--cache-from", "type=registry,ref=x/y",
            "--cache-to", "type=inline", "--provenance=false", "--sbom",
            "false", context=place), image)
        for word in ("--provenance=mode=max", "--sbom=true"):
            self.refused("FROM busybox", word + ": no attestations are",
                         arguments=[word])

    def test_reproducible(self):
        made = set()
        for clock in range(2):
            place = self.context({"a": "a\n"}, "FROM busybox\nCOPY a /a\n"
                                 "WORKDIR /w\nRUN echo x >/x && mkdir /d\n")
            made.add(self.build(None, "--no-cache", context=place,
                                env=harness.environment(
                                    SOURCE_DATE_EPOCH="1000000000")))
            time.sleep(1.1 * (1 - clock))
        self.assertEqual(len(made), 1, made)
        image = made.pop()
        self.assertEqual({step["created"] for step in
                          self.config(image)["history"][1:]},
                         {"2001-09-09T01:46:40Z"})
        self.assertEqual(self.says(image, "stat", "-c", "%Y", "/x"),
                         "1000000000\n")

    def test_reproducible_elsewhere(self):
        """Two stores, two times, and either way to say when: one archive."""
        place = self.context({"a": "a\n"}, "FROM busybox\n"
                             "ARG SOURCE_DATE_EPOCH\n"
                             "RUN echo $SOURCE_DATE_EPOCH >/x\n"
                             "ADD --chown=1:2 a /b/\nWORKDIR /w\n")
        made = set()
        for number, words in enumerate((
                [], ["--build-arg", "SOURCE_DATE_EPOCH=1000000000"],
                ["--build-arg", "SOURCE_DATE_EPOCH"])):
            archive = "%s/%d.tar" % (self.scratch(), number)
            self.succeed([DEMO, "build", "-o", "type=oci,dest=" + archive,
                          *words, place], env=harness.environment(
                              MYDOCKER_ROOT=self.scratch() + "/store",
                              **({} if number == 1 else
                                 {"SOURCE_DATE_EPOCH": "1000000000"})))
            with open(archive, "rb") as file:
                made.add(hashlib.sha256(file.read()).hexdigest())
            time.sleep(1.1)
        self.assertEqual(len(made), 1, made)
        # What the environment says is a number, or it is refused.
        self.refused("FROM busybox", "is no number of seconds",
                     env=harness.environment(SOURCE_DATE_EPOCH="soon"))


class Seed(Build):
    """The Dockerfile that this project began with, on a base of that name.
    Its python and pip are programs of a few lines: the one prints what a
    program says that it prints, the other unpacks wheels from a directory."""

    BASE = """
FROM busybox
COPY --chmod=755 <<'PYTHON' /usr/local/bin/python
#!/bin/sh -e
sed -n 's/^print("\\(.*\\)")$/\\1/p' "$1" | sed "s/{NAME}/$NAME/"
cat /site/flask.py
PYTHON
COPY --chmod=755 <<'PIP' /usr/local/bin/pip
#!/bin/sh -e
test "$1 $2 $4" = "install --trusted-host -r"
mkdir -p /site
while read name; do tar x -C /site -f "/wheels/$name.tar"; done <"$5"
echo "Successfully installed $(cat "$5")"
PIP
ADD --unpack=false flask.tar /wheels/
"""
    DOCKERFILE = """
# Use an official Python runtime as a parent image
FROM python:2.7-slim

# Set the working directory to /app
WORKDIR /app

# Copy the current directory contents into the container at /app
COPY . /app

# Install any needed packages specified in requirements.txt
RUN pip install --trusted-host pypi.python.org -r requirements.txt

# Make port 80 available to the world outside this container
EXPOSE 80

# Define environment variable
ENV NAME World

# Run app.py when the container launches
CMD ["python", "app.py"]
"""

    def test_the_seed(self):
        base = self.context({}, self.BASE)
        with tarfile.open(base + "/flask.tar", "w") as tar:
            entry = tarfile.TarInfo("flask.py")
            entry.size = 6
            tar.addfile(entry, io.BytesIO(b"flask\n"))
        self.build(None, "-t", "python:2.7-slim", context=base)
        place = self.context({"app.py": 'print("Hello {NAME}!")\n',
                              "requirements.txt": "flask\n"},
                             self.DOCKERFILE)
        first = self.told(None, "-t", "mydocker-seed", context=place)
        self.assertNotIn("CACHED", first)
        self.assertIn("Successfully installed flask", first)
        again = self.told(None, "-t", "mydocker-seed", context=place)
        self.assertEqual(re.findall(r"^#\d+ (?:\[[234]/4\] (\S+)|(CACHED))",
                                    again, re.M),
                         [("WORKDIR", ""), ("", "CACHED"), ("COPY", ""),
                          ("", "CACHED"), ("RUN", ""), ("", "CACHED")])
        self.assertEqual(self.says("mydocker-seed"), "Hello World!\nflask\n")
        self.assertEqual(self.succeed([
            DEMO, "inspect", "-f", "{{json .Config.ExposedPorts}}",
            "mydocker-seed"]).out.strip(), '{"80/tcp":{}}')


class Ways(Build):
    def test_contexts(self):
        place = self.context({"a": "a\n", "other/File": "FROM busybox\n"
                              "COPY a /other"}, "FROM busybox\nCOPY a /a")
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            tar.add(place, ".")
        image = self.build(None, context=place)
        for words, data in (
                (["-"], packed.getvalue()),
                (["-f", "-", place], b"FROM busybox\nCOPY a /a"),
                (["-f", place + "/Dockerfile", place], b"")):
            with self.subTest(words):
                done = self.succeed([DEMO, "build", "-q", *words], data=data)
                self.assertEqual(done.out.strip(), image)
        done = self.succeed([DEMO, "build", "-q", "-f", "other/File", "-"],
                            data=packed.getvalue())
        self.assertEqual(self.says(done.out.strip(), "cat", "/other"), "a\n")
        done = self.run_command([DEMO, "build", "-"],
                                data=b"FROM busybox\nCOPY a /a")
        self.assertEqual(done.status, 1)
        self.assertIn('"/a": not found', done.err)

    def test_what_is_left_out(self):
        """A Dockerfile's own list is beside it, and goes first."""
        place = self.context(
            {"a": "a\n", "b": "b\n", "c": "c\n", ".dockerignore": "a\n",
             "Dockerfile.dockerignore": "b\n",
             "sub/One": "FROM busybox\nCOPY . /d\n",
             "sub/One.dockerignore": "c\n"}, "FROM busybox\nCOPY . /d\n")
        beside = self.context({}, "FROM busybox\nCOPY . /d\n")
        with open(beside + "/Dockerfile.dockerignore", "w",
                  encoding="utf-8") as file:
            file.write("?\n!b\n")
        for words, left, data in (
                ([], "a c", b""), (["-f", place + "/sub/One"], "a b", b""),
                (["-f", "sub/One"], "a b", b""),
                (["-f", beside + "/Dockerfile"], "b", b""),
                (["-f", "-"], "b c", b"FROM busybox\nCOPY . /d\n")):
            with self.subTest(words):
                done = self.succeed([DEMO, "build", "-q", *words, place],
                                    data=data)
                self.assertEqual(
                    self.says(done.out.strip(), "sh", "-c",
                              "cd /d; echo ?"), left + "\n")
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(place, ".")
        done = self.succeed([DEMO, "build", "-q", "-f", "sub/One", "-"],
                            data=packed.getvalue())
        self.assertEqual(self.says(done.out.strip(), "sh", "-c",
                                   "cd /d; echo ?"), "a b\n")

    def test_outputs(self):
        place = self.context({"a": "a\n"}, "FROM scratch\nCOPY a /d/a")
        out = self.scratch()
        line = shlex.join(harness.called(DEMO, "build", "-q", "-o", "-",
                                         place))
        listing = self.succeed(["sh", "-c", line + " | tar t"]).out
        self.assertEqual(listing.split(), ["./", "d/", "d/a"])
        for word in ("type=local,dest=" + out + "/1", out + "/1"):
            self.succeed([DEMO, "build", "-o", word, place])
            with open(out + "/1/d/a", encoding="utf-8") as file:
                self.assertEqual(file.read(), "a\n")
        self.assertNotIn("mydocker-out", self.succeed([DEMO, "images"]).out)
        for kind in ("oci", "docker"):
            archive = "%s/%s.tar" % (out, kind)
            self.succeed([DEMO, "build", "-t", "mydocker-out:1", "-o",
                          "type=%s,dest=%s" % (kind, archive), place])
            self.assertNotIn("mydocker-out",
                             self.succeed([DEMO, "images"]).out)
        self.succeed([DEMO, "load", "-i", archive])
        self.assertIn("mydocker-out", self.succeed([DEMO, "images"]).out)
        self.need("skopeo")
        for kind in ("oci", "docker"):
            done = self.succeed(["skopeo", "inspect", "--config", "%s-archive:"
                                 "%s/%s.tar" % (kind, out, kind)])
            self.assertEqual(json.loads(done.out)["history"][0]["created_by"],
                             "COPY a /d/a")

    def test_more_outputs(self):
        """Several at once, with names; what is not done is not passed over."""
        place = self.context({"a": "a\n"}, "FROM scratch\nCOPY a /d/a")
        out = self.scratch()
        self.succeed([DEMO, "build", "-o", out + "/1", "-o",
                      "type=tar,\"dest=%s/a,b.tar\"" % out, "-o",
                      "type=image,\"name=mydocker-n:1,mydocker-n:2\"", "-o",
                      "type=oci,name=mydocker-n:3,tar=true,dest=" + out +
                      "/3.tar", place])
        self.assertTrue(os.path.exists(out + "/1/d/a"))
        self.assertEqual(
            self.succeed(["tar", "tf", out + "/a,b.tar"]).out.split(),
            ["./", "d/", "d/a"])
        rows = self.succeed([DEMO, "images", "--format", "{{.Tag}}",
                             "mydocker-n"]).out
        self.assertEqual(set(rows.split()), {"1", "2"})
        # The names of an archive are its own, also where the image is there,
        # or another by that name.
        other = self.build("FROM busybox\nENV A=b", "-t", "mydocker-n:1")
        for kind in ("oci", "docker"):
            self.succeed([DEMO, "build", "-t", "mydocker-n:1", "-o",
                          "type=%s,dest=%s/1.tar" % (kind, out), place])
            self.assertEqual(self.succeed([
                DEMO, "inspect", "-f", "{{.Id}}", "mydocker-n:1"]).out.strip(),
                other)
        self.succeed([DEMO, "load", "-i", out + "/3.tar"])
        rows = self.succeed([DEMO, "images", "--format", "{{.Tag}}",
                             "mydocker-n"]).out
        self.assertEqual(set(rows.split()), {"1", "2", "3"})
        for word, said in (
                ("type=image,name=x,push=true", "push=true is not supported"),
                ("type=oci,dest=x,tar=false", "tar=false is not supported"),
                ("type=tar,dst=x", "unexpected key 'dst'"),
                ("type=local,dest=x,name=y", "has no name"),
                ("type=image,dest=x", "has no dest"),
                ("type=oci,x", "no key=value"), ("dest=x", "type is required"),
                ("type=registry", "is none of")):
            done = self.run_command([DEMO, "build", "-o", word, place])
            self.assertEqual(done.status, 1, str(done))
            self.assertIn(said, done.err)

    def test_platforms(self):
        place = self.context({"a": "a\n"}, "FROM scratch\nCOPY a /a")
        for word, architecture, variant in (
                ("linux/arm64", "arm64", None), ("s390x", "s390x", None),
                ("linux/arm64/v8", "arm64", None),
                ("aarch64", "arm64", None), ("linux/arm", "arm", "v7"),
                ("linux/arm/v7", "arm", "v7")):
            config = self.config(self.build(None, "--platform", word,
                                            context=place))
            self.assertEqual((config["architecture"], config["os"],
                              config.get("variant")),
                             (architecture, "linux", variant))
        config = self.config(self.build(
            "FROM --platform=linux/arm/v6 scratch\nCOPY a /a",
            files={"a": "a\n"}))
        self.assertEqual((config["architecture"], config["variant"]),
                         ("arm", "v6"))
        for word, said in (("linux/amd64,linux/arm64", "one platform at a"),
                           ("windows/amd64", "it is no"),
                           ("linux/a b", "it is no")):
            self.refused("FROM scratch\nCOPY a /a", said,
                         arguments=["--platform", word])

    def test_secrets_that_are_none(self):
        for word, said in (("id=a,file=/x", "unexpected key 'file'"),
                           ("id=a,/x", "must be a key=value pair"),
                           ("src=/x", "it has no id="),
                           ("id=a,type=tpm", "unsupported secret type")):
            self.refused("FROM busybox", said, arguments=["--secret", word])

    def test_names_and_files(self):
        out = os.path.join(self.scratch(), "id")
        image = self.build("FROM busybox\nENV A=b", "-t", "mydocker-x", "-t",
                           "mydocker-y:2", "--iidfile", out)
        with open(out, encoding="utf-8") as file:
            self.assertEqual(file.read(), image)
        for name in ("mydocker-x:latest", "mydocker-y:2"):
            done = self.succeed([DEMO, "inspect", "-f", "{{.Id}}", name])
            self.assertEqual(done.out.strip(), image)
        self.refused("FROM busybox", "invalid reference format",
                     arguments=["-t", "Bad//x"])
        self.assertIn("[wrong] were not consumed",
                      self.told("FROM busybox\nENV A=b", "--build-arg",
                                "wrong=1"))


def shown(written, rows):
    """What stands in a terminal of so many rows, and what has left it at its
    top, once this was written."""
    lines, row, column = [""], 0, 0
    for piece in re.findall(r"\033\[[\d;]*[A-Za-z]|.", written, re.S):
        if piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece == "\r":
            column = 0
        elif piece[-1] == "A" and len(piece) > 1:
            row = max(row - int(piece[2:-1]), len(lines) - rows, 0)
        elif piece == "\033[J":
            lines[row:] = [lines[row][:column]]
        elif piece == "\033[K":
            lines[row] = lines[row][:column]
        elif len(piece) == 1:
            lines[row] = lines[row][:column].ljust(column) + piece + \
                lines[row][column + 1:]
            column += 1
    return lines


class Terminals(Build):
    """In a terminal all that goes on is drawn where it stands."""

    def draw(self, dockerfile, *words, rows=24, status=0, **more):
        place = self.context({"a": "a\n"}, dockerfile)
        terminal = self.terminal(
            [DEMO, "build", *words, place], rows=rows,
            env=harness.environment(**more))
        done = terminal.wait()
        self.assertEqual(done.status, status, str(done))
        return done.out, shown(done.out.replace("\r\n", "\n\r"), rows)

    def rows(self, lines, words):
        """Where it stands: once, and with a time at the right."""
        found = [line for line in lines if words in line]
        self.assertEqual(len(found), 1, "\n".join(lines))
        self.assertRegex(found[0], r"^ => .* \d+\.\ds$")
        self.assertLess(len(found[0]), 80)
        return found[0]

    DOCKERFILE = ("FROM busybox\nCOPY a /a\n"
                  "RUN for i in 1 2 3 4; do echo says $i; sleep 0.15; done\n")

    def test_all_goes_well(self):
        written, lines = self.draw(self.DOCKERFILE, "--no-cache")
        self.assertRegex(written, " => => # says 4 ")
        self.assertIn("\033[34m", written)
        self.assertRegex(lines[0], r"^\[\+\] Building [\d.]+s \(6/6\) FINISHED$")
        for words in ("load build definition", "[1/3] FROM busybox",
                      "[2/3] COPY a /a", "[3/3] RUN for i in 1 2 3 4",
                      "=> => writing image sha256:"):
            self.rows(lines, words)
        # What a program said has gone with it.
        self.assertNotIn("# says", "\n".join(lines))
        written, lines = self.draw(self.DOCKERFILE, NO_COLOR="1")
        self.assertNotIn("\033[34m", written)
        self.assertIn(" => CACHED [2/3] ", self.rows(lines, "COPY a /a"))

    def test_a_small_one(self):
        """No more is drawn than can be drawn anew."""
        _, lines = self.draw(self.DOCKERFILE, "--no-cache", rows=6)
        self.assertEqual(len([line for line in lines if "[+]" in line]), 1,
                         "\n".join(lines))
        self.rows(lines, "[2/3] COPY a /a")

    def test_one_fails(self):
        written, lines = self.draw(
            "FROM busybox\nARG unused\nRUN echo says no; exit 3\n",
            "--build-arg", "wrong=1", status=1)
        self.assertIn("\033[31m => ERROR [2/2] RUN", written)
        below = "\n".join(lines)
        below = below[below.index("FINISHED"):]
        for words in ("[wrong] were not consumed", " > [2/2] RUN echo says no; "
                      "exit 3:\n", " says no\n------\nDockerfile:3\n",
                      "   3 | RUN echo says no; exit 3\n     | ^\n",
                      "ERROR: failed to build: failed to solve: process "):
            self.assertIn(words, below)

    def test_where_it_is_drawn(self):
        """Without a terminal that can, or when it is not wanted, lines."""
        for words, more, is_drawn in (
                (["--progress", "plain"], {}, False), ([], {}, True),
                ([], {"TERM": "dumb"}, False),
                ([], {"BUILDKIT_PROGRESS": "plain"}, False)):
            with self.subTest(words=words, more=more):
                written, _ = self.draw("FROM busybox\nENV A=b", *words, **more)
                self.assertEqual("[+] Building" in written, is_drawn)
                self.assertEqual("#1 [internal]" in written, not is_drawn)
        place = self.context({}, "FROM busybox\nENV A=b")
        for words, is_drawn in (([], False), (["--progress", "tty"], True)):
            done = self.succeed([DEMO, "build", *words, place])
            self.assertEqual("[+] Building" in done.err, is_drawn)

    def test_interrupted(self):
        place = self.context({}, "FROM busybox\nRUN echo it runs; sleep 60\n")
        terminal = self.terminal([DEMO, "build", place])
        terminal.expect("# it runs")
        terminal.send("\x03")
        done = terminal.wait()
        self.assertIn(done.status, (130, -signal.SIGINT), str(done))
        self.assertTrue("\n".join(shown(done.out.replace(
            "\r\n", "\n\r"), 24)).startswith("[+] Building "))


class Refused(Build):
    def test_where_it_is_wrong(self):
        """The file, the line, and a caret under it."""
        said = self.refused("FROM busybox\nRUN echo no; exit 3\n",
                            'process "/bin/sh -c echo no; exit 3" did not '
                            "complete successfully: exit code: 3",
                            "Dockerfile:2\n", "   2 | RUN echo no; exit 3\n"
                            "     | ^")
        self.assertRegex(said, r"#\d+ [0-9.]+ no\n")
        for dockerfile, words in (
                ("FROM busybox\nNOSUCH x", ["Dockerfile:2", "unknown "
                                          "instruction: NOSUCH"]),
                ("FROM busybox\nCOPY no /", ["Dockerfile:2", '"/no": not '
                                             "found"]),
                ("RUN x", ["Dockerfile:1"]), ("", ["Dockerfile"]),
                ("FROM scratch", ["No image was generated"]),
                ("FROM busybox\nCOPY --chmod=9 a /", ["Dockerfile:2",
                                                      "chmod"]),
                ("FROM busybox\nRUN --mount=type=secret,id=s,required=true x",
                 ["Dockerfile:2", "secret s: not found"])):
            with self.subTest(dockerfile):
                self.refused(dockerfile, *words, files={"a": "a"})
        self.assertIn("there", self.refused(None, context="/no/such/there"))

    def test_hostile_contexts(self):
        """Nothing of the host gets in, and nothing gets out."""
        outside = self.scratch()
        with open(outside + "/secret", "w", encoding="utf-8") as file:
            file.write("of the host\n")
        place = self.context({"a": "a\n"})
        os.symlink(outside + "/secret", place + "/file")
        os.symlink(outside, place + "/dir")
        os.symlink("../" * 20 + outside[1:], place + "/up")
        for source in ("file", "dir/secret", "up/secret", "dir/", "d*r/s*"):
            with self.subTest(source):
                self.write(place, "FROM busybox\nCOPY %s /x/\n" % source)
                self.refused(None, "not found" if "*" not in source else
                             "no source files", context=place)
        for source in ("../" + os.path.basename(outside) + "/secret",
                       "a/../../secret", "/../x"):
            with self.subTest(source):
                self.write(place, "FROM busybox\nCOPY %s /x/\n" % source)
                self.refused(None, "outside the build context", context=place)
        # Links within stay links, and lead where they say inside.
        self.write(place, "FROM busybox\nCOPY . /x/\nRUN readlink /x/file\n")
        self.assertIn(outside + "/secret", self.told(None, context=place))

    def write(self, place, dockerfile):
        with open(place + "/Dockerfile", "w", encoding="utf-8") as file:
            file.write(dockerfile)

    def test_hostile_images(self):
        """A link of the image that a COPY goes through ends in its root."""
        outside = self.scratch()
        image = self.build("FROM busybox\n"
                           "RUN ln -s %s /abs && ln -s %s /up && "
                           "mkdir -p %s && ln -s %s/x /f\n"
                           "COPY a /abs/one\nCOPY a /up/two\n"
                           "WORKDIR /abs/three\nCOPY a /f\n"
                           "RUN --mount=type=tmpfs,target=/abs/four true\n"
                           % (outside, "../" * 20 + outside[1:], outside,
                              outside), files={"a": "a\n"})
        self.assertEqual(os.listdir(outside), [])
        self.assertEqual(self.says(image, "ls", outside).split(),
                         ["one", "three", "two"])


class Killed(Build):
    DOCKERFILE = """
FROM busybox AS one
COPY a /a
RUN --mount=type=cache,target=/c echo 1 >>/c/x; sleep 0.05; echo 1 >/1
FROM busybox AS two
RUN echo 2 >/2; sleep 0.05
FROM one
COPY --from=two /2 /2
RUN cat /1 /2 >/3
"""

    def test_at_any_time(self):
        place = self.context({"a": "a\n" * 100000}, self.DOCKERFILE)
        began = time.monotonic()
        self.build(None, "--no-cache", "-t", "mydocker-killed", context=place)
        took = time.monotonic() - began
        chance = random.Random(6)
        for _ in range(12):
            process = harness.start([DEMO, "build", "--no-cache", "-t",
                                     "mydocker-killed", place])
            time.sleep(chance.uniform(0, took))
            process.kill()
            harness.finish(process, 20)
            # Those of it that work at a stage hear of it.
            self.bury_orphans()
            self.assertEqual(self.succeed([DEMO, "ps", "-q"]).out, "")
            self.assertIn("all is well",
                          self.succeed([DEMO, "system", "check"]).out)
            self.assertEqual(os.listdir(self.root + "/tmp"), [])
        image = self.build(None, context=place)
        self.assertEqual(self.says(image, "cat", "/3"), "1\n2\n")
        self.succeed([DEMO, "rmi", "-f", "mydocker-killed", image])
        self.succeed([DEMO, "system", "prune", "-f"])
        images = json.loads(self.succeed([DEMO, "inspect", "busybox"]).out)
        self.assertEqual(
            {name.split(".")[0] for name in os.listdir(self.root + "/layers")},
            {layer.split(":")[1] for layer in images[0]["RootFS"]["Layers"]})

    def test_interrupted(self):
        place = self.context({}, "FROM busybox\nRUN echo it runs; sleep 60\n")
        process = harness.start([DEMO, "build", "--progress=plain", place])
        for line in process.stderr:
            if b"it runs" in line and b"RUN" not in line:
                break
        os.kill(process.pid, signal.SIGINT)
        done = harness.finish(process, 20)
        self.assertEqual(done.status, 130, str(done))


if __name__ == "__main__":
    unittest.main()
