"""A study's table for the terminal: aligned columns, as many side by side as the terminal is wide."""

import textwrap
from collections.abc import Sequence

from equipoise.common.errors import printable
from equipoise.reports.study_tables import LEFT, SENTENCE_COLUMNS, StudyTable

_GAP = "  "
_LONGEST_LABEL = 40


def as_text(table: StudyTable, width: int = 80) -> str:
    """The table, its notes and its conclusions as lines of at most `width` letters where a single column allows it."""
    cells = [[printable(cell) for cell in row] for row in table.rows]
    labels = [row[0] if len(row[0]) <= _LONGEST_LABEL else f"{row[0][: _LONGEST_LABEL - 3]}..." for row in cells]
    columns = [
        _column(title, [row[place] for row in cells], title not in LEFT)
        for place, title in enumerate(table.columns)
        if place
    ]
    first = _column(table.columns[0], labels, to_the_right=False)
    parts = [table.caption, *("\n".join(lines) for lines in _side_by_side(first, columns, width))]
    for sentence in table.sentences:
        parts.append("\n".join(f"{head}: {text}" for head, text in zip(SENTENCE_COLUMNS, sentence, strict=True)))
    parts += ["\n".join(textwrap.fill(printable(each), width) for each in table.notes)] if table.notes else []
    parts += [textwrap.fill(printable(each), width) for each in table.conclusions]
    return "\n\n".join(parts) + "\n"


def _column(title: str, cells: Sequence[str], to_the_right: bool) -> list[str]:
    """The title in the lines that it needs, then the cells, all of one width."""
    width = max([len(cell) for cell in cells] + [len(word) for word in title.split()], default=0)
    head = textwrap.wrap(title, max(width, 12))
    width = max(width, *(len(line) for line in head))
    return [line.rjust(width) if to_the_right else line.ljust(width) for line in (*head, *cells)]


def _side_by_side(first: list[str], columns: Sequence[list[str]], width: int) -> list[list[str]]:
    """The columns in groups that fit, each with the first one."""
    groups: list[list[list[str]]] = []
    for column in columns:
        taken = sum(len(each[0]) + len(_GAP) for each in (groups[-1] if groups else []))
        if not groups or len(first[0]) + taken + len(_GAP) + len(column[0]) > width:
            groups.append([])
        groups[-1].append(column)
    return [_lines([first, *group]) for group in groups]


def _lines(columns: Sequence[list[str]]) -> list[str]:
    """Lines of columns whose titles take unequal numbers of lines: they end on the same one."""
    heights = max(len(column) for column in columns)
    padded = [[" " * len(column[0])] * (heights - len(column)) + column for column in columns]
    return [_GAP.join(parts).rstrip() for parts in zip(*padded, strict=True)]
