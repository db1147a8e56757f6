"""Reads `requirements`: what the specification binds a runtime to."""

import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "requirements")
# How a docstring refers to one: runtime.md, Create, 2: "If the ID ...".
REFERENCE = re.compile(r'([a-z-]+\.md), ([A-Z][^,]*), (\d+):\s+"')


def words(text):
    return " ".join(text.split())


def read():
    """({(document, section, number): sentence}, {the same: why no test})."""
    sentences, untested = {}, {}
    document = section = key = None
    with open(PATH, encoding="utf-8") as file:
        for line in file:
            text = line.strip()
            entry = re.match(r"(\d+)\. (.*)", text)
            if text.startswith("== "):
                section = text[3:]
            elif text.startswith("= "):
                document = text[2:]
            elif text.startswith("no test: "):
                untested[key] = text[len("no test: "):]
            elif entry:
                key = document, section, int(entry[1])
                if key in sentences:
                    raise ValueError("%s is there twice" % (key,))
                sentences[key] = words(entry[2])
    return sentences, untested


def quoted(docstring):
    """[(key, sentence)] of a test's docstring.  A quote ends where the next
    reference or the rest of the text begins: at a quote that ends a line."""
    found = []
    for match in REFERENCE.finditer(docstring or ""):
        quote = re.match(r'(?s)(.*?)"(?=\s*\n|\s*$)', docstring[match.end():])
        key = words(match[1]), words(match[2]), int(match[3])
        found.append((key, words(quote[1]) if quote else None))
    return found
