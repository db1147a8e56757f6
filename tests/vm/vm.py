#!/usr/bin/env python3
"""Runs a command as root in a guest with Debian's kernel, under QEMU.

    python3 -B tests/vm/vm.py 'COMMAND'

The guest has this machine's files, and what it writes stays in its memory.
The command begins at the top of this repository; its output comes as it is
made, its exit status is ours (make's is 2, and it names ours).  124 means that
time was over, 125 that there was no guest, or that it ended before the command;
then the last lines of its console are shown.

    CGROUP=v2       control groups: v2, v1 or hybrid (see cgroups.sh)
    TIMEOUT=600     seconds, the boot included
    MEMORY=2048     megabytes
    KERNEL=, MODULES=   another kernel (see kernel.py)
    DISK=FILE       what it writes to /dev/vda is there for the next guest
    ACCEL=kvm       where the machine has it; otherwise the CPU is emulated

Nothing is left behind but on DISK, whatever way we end: what the guest boots
from is a memfd, and QEMU dies with its parent.
"""

import os
import selectors
import signal
import subprocess
import sys
import time

import initramfs
import kernel

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
LINE = {"v2": "cgroup_no_v1=all", "v1": "", "hybrid":
        "cgroup_no_v1=memory,io,pids"}
PORTS = ("words", "errors", "status")
TIME_IS_OVER, NO_GUEST = 124, 125
LAST_LINES = 80         # a panic has many, and its first says why


def setting(name, default):
    return os.environ.get(name) or default


def qemu(image, archive, line, ends):
    """The command line; `ends` has a descriptor for each stream."""
    argv = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64",
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-machine", "q35", "-cpu", "max,arch-capabilities=off", "-smp", "2",
            "-accel", setting("ACCEL", "tcg,thread=multi"),
            "-m", setting("MEMORY", "2048"),
            "-kernel", image, "-initrd", "/dev/fd/%d" % archive,
            "-append", "console=ttyS0 loglevel=5 panic=-1 " + line,
            "-serial", "file:/dev/fd/%d" % ends["console"],
            "-fsdev", "local,id=host,path=/,security_model=none,readonly=on,"
            "multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
            "-device", "virtio-serial-pci"]
    for number, name in enumerate(PORTS, 1):
        argv += ["-chardev", "file,id=%s,append=on,path=/dev/fd/%d" %
                 (name, ends[name]),
                 "-device", "virtserialport,nr=%d,chardev=%s" % (number, name)]
    disk = setting("DISK", "").replace(",", ",,")
    if disk:
        argv += ["-drive", "if=none,id=disk,format=raw,file=" + disk,
                 "-device", "virtio-blk-pci,drive=disk"]
    return argv


def boot(image, modules, cgroup, command):
    """The process, and what to read from it: {name: descriptor}."""
    archive = initramfs.make(modules, {
        "tree": os.path.realpath(ROOT), "modules": modules, "cgroup": cgroup,
        "command": command})
    reads, writes = {}, {}
    for name in PORTS + ("console",):
        reads[name], writes[name] = os.pipe()
    process = subprocess.Popen(
        qemu(image, archive, LINE[cgroup], writes), stdin=subprocess.DEVNULL,
        stdout=writes["console"], stderr=writes["console"],
        pass_fds=[archive, *writes.values()])
    for end in (archive, *writes.values()):
        os.close(end)
    return process, reads


def follow(process, reads, seconds):
    """Passes on what comes, until all is read: what of it was not for the
    screen, {name: bytes}, and whether it ended in time."""
    kept = {"status": b"", "console": b""}
    screen = {"words": 1, "errors": 2}
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for name, end in reads.items():
            selector.register(end, selectors.EVENT_READ, name)
        while selector.get_map():
            ready = selector.select(max(0, deadline - time.monotonic()))
            if not ready:
                return kept, False
            for key, _ in ready:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fd)
                elif key.data in kept:
                    kept[key.data] += data
                else:
                    write(screen[key.data], data)
            if kept["status"].count(b"\n") == 2:
                process.kill()      # it has nothing more to say
    return kept, True


def write(number, data):
    while data:
        data = data[os.write(number, data):]


def verdict(kept, in_time, seconds):
    """The exit status; with words about a guest that brought none."""
    started, _, status = kept["status"].partition(b"\n")
    if status:
        return int(status)
    said = kept["console"].decode(errors="replace").splitlines()
    print("vm: %s%s; the last lines of its console:" %
          ("the guest ended before the command" if in_time else
           "no end in %g s (TIMEOUT=): the guest was ended" % seconds,
           "" if started else ", which had not begun"), file=sys.stderr)
    print("\n".join("    | " + line for line in said[-LAST_LINES:]),
          file=sys.stderr)
    return NO_GUEST if in_time else TIME_IS_OVER


def main():
    command, cgroup = " ".join(sys.argv[1:]), setting("CGROUP", "v2")
    seconds = float(setting("TIMEOUT", "600"))
    if not command or cgroup not in LINE:
        sys.exit("vm: usage: make vm CMD='COMMAND' [CGROUP=v2|v1|hybrid] "
                 "[TIMEOUT=SECONDS] [MEMORY=MB] [DISK=FILE]")
    process, reads = boot(*kernel.find(), cgroup, command)
    try:
        kept, in_time = follow(process, reads, seconds)
    finally:
        process.kill()
        process.wait()
    return verdict(kept, in_time, seconds)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except SystemExit as end:
        if not isinstance(end.code, str):
            raise
        print(end.code, file=sys.stderr)
        sys.exit(NO_GUEST)
