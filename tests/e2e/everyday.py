"""Reads everyday.txt and types its lines to what calls itself docker.

    section = everyday.sections()[0]
    for line in section.lines:
        complaint = line.complaint(*typed(line.command))    # "" when as said

How the document is written stands at its top.
"""

import hashlib
import io
import json
import os
import re
import tarfile

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "everyday.txt")
PLACEHOLDERS = {
    "<id>": "[0-9a-f]{12}", "<ID>": "[0-9a-f]{64}",
    "<sha>": "sha256:[0-9a-f]{64}", "<N>": r"\d+(?:\.\d+)?",
    "<age>": "(?:Less than a second|About a minute|1 second|\\d+ seconds)",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z", "<name>":
    "[a-z]+_[a-z]+[0-9]?", "<*>": ".*",
}
# What each of them says before what is wrong, and after it.
BEFORE = re.compile(
    r"^(docker: |mydocker( [a-z]+)*: |Error: |error: )?"
    r"(Error response from daemon: |Error: )?"
    r"(invalid argument \".*?\" for \".*?\" flag: )?")
AFTER = re.compile(r"^(Run '.*' for more information|See '.*--help'.*|"
                   r"time=.*error waiting for container: .*|)$")
EVENTUALLY = """#!/bin/sh
for i in $(seq 200); do
	eval "$*" 2>/dev/null && exit
	sleep 0.1
done
echo "never: $*" >&2
exit 1
"""


class Line:
    def __init__(self, number, command):
        self.number, self.command, self.status = number, command, 0
        self.out, self.err, self.differs = [], [], {}

    def add(self, text):
        if text.startswith("! "):
            self.err.append(BEFORE.sub("", text[2:]))
        elif re.match(r"= \d+$", text):
            self.status = int(text[2:])
        elif text.startswith("~ "):
            who, why = text[2:].split(": ", 1)
            self.differs[who] = why
        else:
            self.out.append(text)

    def complaint(self, status, out, err):
        """What is not as the document says, or ''."""
        problems = []
        if status != self.status:
            problems.append("status %d, not %d" % (status, self.status))
        for what, said, expected, flags in (
                ("output", plain(out), self.out, 0),
                ("errors", bare(err), self.err, re.IGNORECASE)):
            if not re.fullmatch(pattern(expected), "".join(
                    line + "\n" for line in said), flags):
                problems.append("%s:\n%s\nnot:\n%s" % (
                    what, "\n".join(said), "\n".join(expected)))
        return problems and "everyday.txt:%d: $ %s\n%s" % (
            self.number, self.command, "\n".join(problems)) or ""


class Section:
    def __init__(self, title):
        self.title, self.lines = title, []


def sections(path=DOCUMENT):
    found = []
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            text = text.rstrip("\n")
            if text.startswith("== "):
                found.append(Section(text[3:]))
            elif text.startswith("    $ ") and found:
                found[-1].lines.append(Line(number, text[6:]))
            elif text.startswith("    ") and found:
                found[-1].lines[-1].add(text[4:])
    return found


def plain(text):
    return [line.rstrip() for line in text.splitlines()]


def bare(text):
    """Standard error without who says so, and without advice."""
    return [BEFORE.sub("", line).rstrip(".") for line in plain(text)
            if not AFTER.match(line)]


def pattern(lines):
    parts = []
    for line in lines:
        if line == "...":
            parts.append(r"(?:.*\n)*")
            continue
        words = re.split("(%s)" % "|".join(map(re.escape, PLACEHOLDERS)),
                         line.rstrip())
        parts.append("".join(
            PLACEHOLDERS.get(word) or re.sub(r"(\\ ){2,}", " {2,}",
                                             re.escape(word))
            for word in words) + r"\n")
    return "".join(parts)


# ---- where it is typed --------------------------------------------------------

def lay_out(place, docker, write, root):
    """In `place`: bin/docker, which runs the words `docker`; bin/eventually;
    images.tar; `write(path, text, mode)` writes a file."""
    write(os.path.join(place, "bin/docker"), "#!/bin/sh\nexec %s \"$@\"\n" %
          docker, 0o755)
    write(os.path.join(place, "bin/eventually"), EVENTUALLY, 0o755)
    write(os.path.join(place, "images.tar"), images(root), 0o644)


def images(root):
    """A docker-archive of both images, of one layer: the tar `root`."""
    layer = ["layer/layer.tar"]
    ids = ["sha256:" + hashlib.sha256(root).hexdigest()]
    manifest, files = [], {layer[0]: root}
    for name, config in (
            ("busybox:latest", {"Cmd": ["sh"], "Env": ["PATH=/bin"]}),
            ("app:latest", {
                "Entrypoint": ["echo"], "Cmd": ["hi"], "User": "guest",
                "Env": ["PATH=/bin", "GREETING=hello"], "WorkingDir": "/home",
                "Labels": {"made": "here"}, "Volumes": {"/kept": {}},
                "ExposedPorts": {"80/tcp": {}}})):
        data = json.dumps({
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(
                os.uname().machine, os.uname().machine),
            "os": "linux", "config": config,
            "created": "2024-01-02T03:04:05Z",
            "rootfs": {"type": "layers", "diff_ids": ids},
            "history": [{"created_by": "everyday.py",
                         "created": "2024-01-02T03:04:05Z"}]}).encode()
        path = hashlib.sha256(data).hexdigest() + ".json"
        files[path] = data
        manifest.append({"Config": path, "RepoTags": [name], "Layers": layer})
    files["manifest.json"] = json.dumps(manifest).encode()
    blob = io.BytesIO()
    with tarfile.open(fileobj=blob, mode="w") as tar:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return blob.getvalue()
