"""What a graded class looks like: grades.csv and index.html.

A row is a dict: student, score, max, checks ({name: (points, max, hint)}),
remark, log.  Every string may come from a file system or a program of somebody
we do not know: all are escaped here, for the browser and for the spreadsheet.
"""

import csv
import html

# A spreadsheet takes a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%(title)s</title>
<style>
:root { color-scheme: light dark; --line: #8884; --good: #2a7d3f;
	--bad: #b3372f; --bar: #4a78b5; }
@media (prefers-color-scheme: dark) {
	:root { --good: #6cc784; --bad: #ee8880; --bar: #7fa9df; } }
body { font: 1rem/1.45 system-ui, sans-serif; max-width: 90rem;
	margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line);
	text-align: left; vertical-align: top; }
td.number, th.number { text-align: right;
	font-variant-numeric: tabular-nums; }
th.check { writing-mode: vertical-rl; text-align: left; font-weight: normal;
	padding: .3rem .2rem; white-space: nowrap; }
thead th { vertical-align: bottom; }
.full { color: var(--good); }
.none, .remark { color: var(--bad); }
.hint { min-width: 16rem; max-width: 28rem; }
.bar { background: var(--bar); height: 1rem; }
.bars td { border: 0; padding: .1rem .6rem; white-space: nowrap; }
.bars td:nth-child(2) { width: 20rem; }
</style>
<h1>%(title)s</h1>
<p>%(what)s</p>
<h2>Distribution</h2>
<table class="bars">
<tr><th>Score<th>Submissions<th class="number">
%(bars)s
</table>
<h2>Submissions</h2>
<div class="wide"><table>
<thead><tr><th>Student<th class="number">Score<th>Remark, first hint%(heads)s
</thead>
<tbody>
%(rows)s
</tbody>
</table></div>
</html>
"""


def printable(text):
    """For one line of a terminal or a page: nothing that moves a cursor or
    turns the direction round, no half of a character."""
    return "".join(c if c.isprintable() else
                   c.encode("unicode_escape").decode() for c in text)


def escape(text):
    return html.escape(printable(text))


def check_names(rows):
    """In the order of the checks, as the rows that have them tell it."""
    return list(dict.fromkeys(name for row in rows for name in row["checks"]))


# ---- grades.csv -------------------------------------------------------------

def cell(text):
    text = printable(text)
    return "'" + text if text.startswith(FORMULA) else text


def write_csv(path, rows):
    names = check_names(rows)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "score", "max",
                         *(cell(name) for name in names), "remark"])
        for row in rows:
            points = [row["checks"][name][0] if name in row["checks"] else ""
                      for name in names]
            writer.writerow([cell(row["student"]), row["score"], row["max"],
                             *points, cell(row["remark"])])


# ---- index.html --------------------------------------------------------------

def bars(rows):
    """How many got up to 10 %, 20 %, ...; the last bar is for full marks."""
    counts = [0] * 11
    for row in rows:
        counts[10 * row["score"] // row["max"] if row["max"] else 0] += 1
    most = max(counts + [1])
    names = ["%d-%d %%" % (10 * n, 10 * n + 9) for n in range(10)] + ["100 %"]
    return "\n".join(
        '<tr><td>%s<td><div class="bar" style="width:%d%%"></div>'
        '<td class="number">%d' % (name, 100 * count // most, count)
        for name, count in reversed(list(zip(names, counts))))


def mark(check):
    if check is None:
        return '<td class="number">'
    points, most, hint = check
    kind = "full" if points == most else "none" if not points else ""
    return '<td class="number %s" title="%s">%d/%d' % (
        kind, escape(hint), points, most)


def first_hint(row):
    if row["remark"]:
        return '<span class="remark">%s</span>' % escape(row["remark"])
    return next((escape("%s: %s" % (name, hint)) for name, (points, most, hint)
                 in row["checks"].items() if points < most), "")


def table_row(row, names):
    return ('<tr><th><a href="%s">%s</a><td class="number">%d/%d'
            '<td class="hint">%s%s' %
            (escape(row["log"]), escape(row["student"]), row["score"],
             row["max"], first_hint(row),
             "".join(mark(row["checks"].get(name)) for name in names)))


def write_html(path, title, what, rows):
    names = check_names(rows)
    with open(path, "w", encoding="utf-8") as file:
        file.write(PAGE % {
            "title": escape(title), "what": escape(what), "bars": bars(rows),
            "heads": "".join('<th class="check">' + escape(name)
                             for name in names),
            "rows": "\n".join(table_row(row, names) for row in rows)})
