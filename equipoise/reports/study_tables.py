"""A study's table as rows of text, and as Markdown, CSV and LaTeX."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.common.counted import counted
from equipoise.common.errors import printable
from equipoise.reports.conclusions import contrast_table, sentence
from equipoise.reports.summary import DASH, Cell, Table, with_spread
from equipoise.studies.contrasts import contrasts
from equipoise.studies.study import Measure, Published
from equipoise.studies.summary import Found, RowSummary, Summary
from equipoise.studies.verdict import Figure

SENTENCE_COLUMNS = ("the paper", "ours", "verdict")
"""The heads of the table of sentences."""
LEFT = ("row", "data", "verdict")
"""Columns whose text begins on the left."""
MARK_NOTE = (
    "† measured differently from the rest of its column and block, or differently in each run, and then without a "
    "mean; the passports show how. Do not compare it."
)
"""What stands below a table with a mark."""


@dataclass(frozen=True)
class StudyTable:
    """The whole table as text, with what each cell is sorted by.

    Attributes:
        caption, columns, rows, notes: as of any table.
        sentences: the paper's, with figure and verdict.
        conclusions: of a comparison of one's own, what its paired tests say.
        tests: the same tests in figures, a row for each sentence.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]
    sentences: tuple[tuple[str, str, str], ...] = ()
    conclusions: tuple[str, ...] = ()
    tests: Table | None = None


def study_table(summary: Summary) -> StudyTable:
    """A row for each that was trained and each that is only cited: published and ours, measure by measure.

    Where nothing was published, there are no verdicts but conclusions about every two rows.
    """
    blocks = any(row.block for row in summary.rows) or any(each.block for each in summary.study.references)
    titles = [title for measure in summary.study.measures for title in _titles(summary, measure.metric, measure.title)]
    verdict = ("verdict",) if summary.study.has_claims else ()
    ends = ("runs", *_divergence_titles(summary), *_failure_titles(summary))
    columns = ("row", *(("data",) if blocks else ()), *verdict, *titles, *ends)
    rows = [*_cited_rows(summary, blocks), *_own_rows(summary, blocks)]
    metric = summary.metrics[summary.study.measures[0].metric]
    tested = contrasts(summary)
    conclusions, tests = tuple(sentence(each, metric) for each in tested), contrast_table(tested, metric)
    return StudyTable(_caption(summary), columns, tuple(rows), _notes(summary), _sentences(summary), conclusions, tests)


def _caption(summary: Summary) -> str:
    study = summary.study
    source = f"{study.paper}, {study.place}; budget {summary.budget}; ours: " if study.has_claims else ""
    budget = "" if study.has_claims else f", budget {summary.budget}"
    return f"{source}mean ± standard deviation{budget}"


def as_markdown(table: StudyTable) -> str:
    """The table in Markdown, with its notes, and the sentences in another."""
    lines = _markdown_rows(table.columns, [[str(cell) for cell in row] for row in table.rows])
    notes = [f"{note}\n" for note in table.notes]
    sentences = _markdown_rows(SENTENCE_COLUMNS, table.sentences) if table.sentences else []
    conclusions = [f"- {each}" for each in table.conclusions]
    return "\n".join([table.caption, "", *lines, "", *notes, *sentences, *conclusions]).rstrip() + "\n"


def _markdown_rows(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(map(_piped, columns)) + " |",
        "|" + " --- |" * len(columns),
        *("| " + " | ".join(map(_piped, row)) + " |" for row in rows),
    ]


def as_csv(table: StudyTable) -> str:
    """The table as comma-separated values."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_unformulated(str(cell)).replace("\N{MINUS SIGN}", "-") for cell in row] for row in table.rows)
    return buffer.getvalue()


def as_latex(table: StudyTable) -> str:
    """The table as a LaTeX tabular; needs the package booktabs."""
    head = " & ".join(map(_escaped, table.columns))
    body = "\n".join("  " + " & ".join(_escaped(str(cell)) for cell in row) + r" \\" for row in table.rows)
    layout = "".join("l" if column in LEFT else "r" for column in table.columns)
    return (
        f"% {' '.join(table.caption.split())}\n\\begin{{tabular}}{{{layout}}}\n  \\toprule\n  {head} \\\\\n"
        f"  \\midrule\n{body}\n  \\bottomrule\n\\end{{tabular}}\n"
    )


FORMATS: Mapping[str, tuple[str, Callable[[StudyTable], str]]] = {
    "markdown": ("table.md", as_markdown),
    "csv": ("table.csv", as_csv),
    "latex": ("table.tex", as_latex),
}
"""name -> (file, writer)."""


def shown_published(published: Published | None) -> Cell:
    """A published figure as it was printed."""
    if published is None:
        return Cell("")
    if published.value is None:
        return Cell("diverged")
    places = max(_places(published.value), _places(published.deviation or 0.0))
    deviation = "" if published.deviation is None else f" ± {published.deviation:.{places}f}"
    return Cell(f"{published.value:.{places}f}{deviation}", published.value)


def _places(number: float) -> int:
    """Decimals that the number needs."""
    return len(f"{number:g}".partition(".")[2])


def shown_figure(figure: Figure | None) -> str:
    """Our value: mean ± deviation (seeds)."""
    if figure is None or figure.mean is None:
        return DASH
    return f"{with_spread(figure.mean, figure.deviation)} ({counted(figure.count, 'seed')})"


def _titles(summary: Summary, metric: str, title: str) -> tuple[str, ...]:
    taken = summary.metrics[metric]
    own = f"{title}, ours" if taken == metric else f"{taken} in place of {title}, ours"
    return (f"{title}, published", own) if _is_published(summary, metric) else (own.removesuffix(", ours"),)


def _is_published(summary: Summary, metric: str) -> bool:
    return any(metric in published for _, published in _printed(summary))


def _printed(summary: Summary) -> list[tuple[str, Mapping[str, Published]]]:
    """What the paper prints, row by row."""
    study = summary.study
    own = [(row.label, row.published) for row in study.rows]
    return [*own, *((each.label, each.published) for each in study.references)]


def _own_rows(summary: Summary, blocks: bool) -> list[tuple[Cell, ...]]:
    rows = []
    for row in summary.rows:
        cells = [cell for metric, found in row.found.items() for cell in _cells(summary, metric, found)]
        verdict = (Cell(f"{row.verdict.word}: {row.verdict.reason}", row.verdict.word),)
        failed = (Cell(str(row.failed), row.failed),) if _failure_titles(summary) else ()
        ends = (Cell(str(len(row.runs)), len(row.runs)), *_divergence_cells(summary, row), *failed)
        block = (Cell(row.block, row.block),) if blocks else ()
        rows.append((Cell(row.label, row.label), *block, *(verdict if summary.study.has_claims else ()), *cells, *ends))
    return rows


def _divergence_titles(summary: Summary) -> tuple[str, ...]:
    counted = any(row.published_diverged for row in summary.study.rows)
    return ("diverged, published", "diverged") if counted else ("diverged",)


def _failure_titles(summary: Summary) -> tuple[str, ...]:
    return ("failed",) if any(row.failed for row in summary.rows) else ()


def _divergence_cells(summary: Summary, row: RowSummary) -> tuple[Cell, ...]:
    ours = Cell(str(row.diverged), row.diverged)
    if len(_divergence_titles(summary)) == 1:
        return (ours,)
    known = {(each.label, each.block): each.published_diverged for each in summary.study.rows}
    counted = known.get((row.label, row.block))
    return (Cell("") if counted is None else Cell(f"{counted[0]} of {counted[1]}", counted[0]), ours)


def _cells(summary: Summary, metric: str, found: Found) -> tuple[Cell, ...]:
    order = None if found.figure is None else found.figure.mean
    several = summary.study.summary != "best variant"
    text = shown_figure(found.figure).replace("seeds)", "runs)") if several else shown_figure(found.figure)
    variant = f", {found.variant}" if found.variant else ""
    ours = Cell(text + variant, order, marked=bool(found.marked))
    return (shown_published(found.published), ours) if _is_published(summary, metric) else (ours,)


def _cited_rows(summary: Summary, blocks: bool) -> list[tuple[Cell, ...]]:
    """Published rows that nobody trains here, in the blocks that have rows of ours."""
    shown_blocks = {row.block for row in summary.rows}
    rows = []
    for each in summary.study.references:
        if each.block not in shown_blocks:
            continue
        cells: list[Cell] = []
        real = summary.real_data.get((each.label, each.block), {})
        for measure in summary.study.measures:
            published, ours = shown_published(each.published.get(measure.metric)), _real_cell(summary, real, measure)
            cells += [published, ours] if _is_published(summary, measure.metric) else [ours]
        block = (Cell(each.block, each.block),) if blocks else ()
        what = Cell("real data, held out" if real else "not trained here")
        rows.append(
            (
                Cell(each.label, each.label),
                *block,
                what,
                *cells,
                *(Cell("") for _ in ("runs", *_divergence_titles(summary), *_failure_titles(summary))),
            )
        )
    return rows


def _real_cell(summary: Summary, real: Mapping[str, Any], measure: Measure) -> Cell:
    """What real data score; the spread is over the metric's own splits, for there are no seeds."""
    score = real.get(summary.metrics[measure.metric])
    if score is None:
        return Cell("")
    value, deviation = score["value"], score["deviation"]
    return Cell(with_spread(value, deviation) + ("" if deviation is None else " (splits)"), value)


def _sentences(summary: Summary) -> tuple[tuple[str, str, str], ...]:
    titles = {measure.metric: measure.title for measure in summary.study.measures}
    return tuple(
        (
            ", ".join(part for part in (each.sentence.row, each.sentence.block, each.sentence.text) if part),
            f"{titles[each.sentence.metric]}: {shown_figure(each.ours)}",
            ": ".join(part for part in (each.verdict.word, each.verdict.reason) if part),
        )
        for each in summary.sentences
    )


def _notes(summary: Summary) -> tuple[str, ...]:
    marked = any(found.marked for row in summary.rows for found in row.found.values())
    stood_in = [f"{taken} stands in for {metric}" for metric, taken in summary.metrics.items() if taken != metric]
    reasons: dict[str, None] = {}
    failed: dict[str, None] = {}
    for row in summary.rows:
        for run in row.runs:
            reasons |= dict.fromkeys(f"{name}: {reason}" for name, reason in run["unmeasured"].items())
            if run["status"] == "failed":
                failed[f"{row.label}, seed {run['seed']}: {printable(run['reason'])}"] = None
    arrows = any(set("↓↑") & set(measure.title) for measure in summary.study.measures)
    sources = {
        f"{label}: {published.source}"
        for label, figures in _printed(summary)
        for published in figures.values()
        if published.source
    }
    return (
        *((MARK_NOTE,) if marked else ()),
        *(
            (f"Without Inception's weights {', '.join(stood_in)}: other figures, compared by order only.",)
            if stood_in
            else ()
        ),
        *(("↓: lower is better, ↑: higher is better.",) if arrows else ()),
        *(f"Not measured: {reason}" for reason in reasons),
        *(f"Failed: {each}" for each in failed),
        *sorted(sources),
    )


def _piped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _unformulated(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "@") else text


_LATEX = {
    "\\": r"\textbackslash{}",
    "±": r"$\pm$",
    "\N{MINUS SIGN}": "$-$",
    "\N{EN DASH}": "--",
    "†": r"$\dagger$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
} | {character: f"\\{character}" for character in "&%$#_{}"}


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
