"""What objects look like in a notebook: tables and pictures as HTML, every text escaped."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from equipoise.common.errors import printable
from equipoise.common.files import read_bounded

MOST_PICTURE_BYTES = 4 << 20
"""Of a picture that is put into a notebook."""


def paragraph(text: object) -> str:
    """A text as one paragraph."""
    return f"<p>{escape(printable(text))}</p>"


def table(rows: Iterable[Sequence[object]]) -> str:
    """Rows of cells as a table, the first row being the head."""
    head, *body = [[escape(printable(cell)) for cell in row] for row in rows]
    cells = "".join(f"<th>{cell}</th>" for cell in head)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in body)
    return f"<table><tr>{cells}</tr>{lines}</table>"


def picture(path: Path, description: str) -> str:
    """A PNG file as a picture; nothing where it cannot be read."""
    try:
        content = base64.b64encode(read_bounded(path, MOST_PICTURE_BYTES)).decode("ascii")
    except OSError:
        return ""
    return f'<img alt="{escape(printable(description))}" src="data:image/png;base64,{content}">'
