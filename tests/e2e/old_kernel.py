"""As on Linux 4.19: start(..., preexec_fn=old_kernel.become_old), and by hand
python3 old_kernel.py COMMAND...

What came later and this project can do without answers ENOSYS, by a seccomp
filter: openat2, the mount API of 2019, mount_setattr, clone3, close_range.
(tests/unit/sandbox.h does the same for the unit tests.)
"""

import ctypes
import os
import struct
import sys

# The same numbers on all architectures: these calls are younger than that rule.
CALLS = {"open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
         "fsmount": 432, "fspick": 433, "clone3": 435, "close_range": 436,
         "openat2": 437, "mount_setattr": 442}
ENOSYS = 38
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06      # BPF_LD|W|ABS, BPF_JMP|JEQ|K, ...
ERRNO, ALLOW = 0x00050000, 0x7fff0000       # SECCOMP_RET_*
NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2


def program():
    rows = [(LOAD, 0, 0, 0)]
    for number in CALLS.values():
        rows += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | ENOSYS)]
    rows.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *row) for row in rows), len(rows)


def become_old():
    libc = ctypes.CDLL(None, use_errno=True)
    code, count = program()
    block = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", count, ctypes.addressof(block))
    for call in ((NO_NEW_PRIVS, 1, 0, 0, 0),
                 (SET_SECCOMP, FILTER, ctypes.c_char_p(header), 0, 0)):
        if libc.prctl(*call) != 0:
            sys.exit("old_kernel.py: " + os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    become_old()
    os.execvp(sys.argv[1], sys.argv[1:])
