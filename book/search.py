"""The index that search.js searches: the sections of the finished pages."""

import html.parser
import json
import os

HEADINGS = ("h1", "h2", "h3")
BLOCKS = HEADINGS + ("p", "pre", "li", "td", "th", "dt", "dd", "div", "br")


class Sections(html.parser.HTMLParser):
    """What a reader sees of <main>, cut at its headings."""

    def __init__(self, page):
        super().__init__()
        self.page, self.sections = page, []
        self.inside = self.heading = False
        self.hidden = 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "main":
            self.inside = True
        elif not self.inside:
            return
        elif tag == "svg":
            self.hidden += 1
        elif tag in HEADINGS:
            self.heading = True
            anchor = "" if tag == "h1" else "#" + attrs.get("id", "")
            self.sections.append({"at": self.page + ".html" + anchor,
                                  "title": "", "text": ""})
        elif tag in BLOCKS:
            self.handle_data(" ")

    def handle_endtag(self, tag):
        if tag == "main":
            self.inside = False
        elif tag == "svg" and self.inside:
            self.hidden -= 1
        elif tag in HEADINGS:
            self.heading = False

    def handle_data(self, data):
        if self.inside and self.sections and not self.hidden:
            self.sections[-1]["title" if self.heading else "text"] += data


def index(directory, pages):
    """The text of search-index.js."""
    rows = []
    for page in pages:
        sections = Sections(page)
        with open(os.path.join(directory, page + ".html"),
                  encoding="utf-8") as file:
            sections.feed(file.read())
        for section in sections.sections:
            section["page"] = sections.sections[0]["title"]
            rows.append({key: " ".join(value.split())
                         for key, value in section.items()})
    return "window.bookIndex = [\n%s\n];\n" % ",\n".join(
        json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)
