"""What the random runs have found, shrunk: (what went wrong, shape, what is
in each branch at first, operations)."""

DATA = b"data"

FOUND = [
    ("a directory was moved onto what a whiteout above hides in its branch",
     "two-writable",
     {1: [("create", "a", 0o644, DATA)],
      2: [("create", "a", 0o644, DATA), ("mkdir", "C", 0o755),
          ("mkdir", "C/c", 0o755)]},
     [("unlink", "a"), ("rename_place", "C/c", "a")]),
    ("EROFS for what goes by copying: below an opaque directory above",
     "two-writable",
     {1: [("mkdir", "A", 0o755)], 2: [("create", "d", 0o644, DATA)]},
     [("rmdir", "A"), ("mkdir", "A", 0o755), ("noreplace", "d", "A/g"),
      ("link", "d", "A/h")]),
    ("what is made inherits from the directory that is seen, not from its "
     "part in the branch",
     "two-writable",
     {1: [("mkdir", "A", 0o755), ("chmod", "A", 0o2775)],
      2: [("mkdir", "A", 0o700)]},
     [("mkdir", "A/A", 0o755), ("create", "A/a", 0o644, DATA)]),
    ("looking at another name of a file that went up",
     "two",
     {1: [("create", "a", 0o644, DATA), ("mkdir", "A", 0o755),
          ("link", "a", "A/b"), ("link", "a", "c")]},
     [("write", "A/b", 0, DATA), ("stat", "a"), ("unlink", "c"),
      ("rename", "a", "A/d"), ("append", "A/d", DATA)]),
    ("a file was moved onto another of a writable branch below, whose other "
     "name still counted that one",
     "two-writable",
     {0: [("create", "c", 0o644, DATA)],
      2: [("mkdir", "B", 0o755), ("create", "B/f", 0o600, DATA),
          ("mkdir", "B/A", 0o700)]},
     [("link", "B/f", "B/A/d"), ("rename", "c", "B/f"),
      ("stat", "B/A/d")]),
]
