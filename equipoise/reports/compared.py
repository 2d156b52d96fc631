"""`equipoise.compare`: a comparison from Python."""

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from equipoise.reports.pages import write_run_report
from equipoise.reports.plain_text import as_text
from equipoise.reports.study_pages import summary_of, write_study_report
from equipoise.reports.study_tables import StudyTable, study_table
from equipoise.studies.comparison import comparison
from equipoise.studies.runner import Means, run_study, tell
from equipoise.studies.summary import Summary
from equipoise.studies.wish import SEEDS, Wish


@dataclass(frozen=True)
class Comparison:
    """A comparison that was carried out. A notebook shows its table; `print` does so too.

    Attributes:
        path: its directory: the runs, `results.json`, the tables and the page.
        page: the report, one HTML file.
    """

    path: Path
    page: Path

    @cached_property
    def summary(self) -> Summary:
        """Figures, runs and passports."""
        return summary_of(self.path)

    @cached_property
    def table(self) -> StudyTable:
        """A row for each alternative, as text; `table.conclusions` are the tests in words."""
        return study_table(self.summary)

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What the paired tests over seeds say, a sentence or two for each pair of rows."""
        return self.table.conclusions

    @property
    def scores(self) -> list[dict[str, Any]]:
        """A dictionary for each run: row, seed, status and every score; `pandas.DataFrame` takes the list as it is."""
        return self.summary.scores

    def __str__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(column)}</th>" for column in self.table.columns)
        body = "".join(_row(map(str, row)) for row in self.table.rows)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in (*self.table.notes, *self.table.conclusions))
        caption = f"<caption>{html.escape(self.table.caption)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"


def compare(
    alternatives: Sequence[str | Path],
    data: str | Path = "",
    seeds: int = SEEDS,
    *,
    settings: Iterable[str] = (),
    vary: Iterable[str] = (),
    metrics: Iterable[str] = (),
    samples: int | None = None,
    epochs: int | None = None,
    iterations: int | None = None,
    budget: str = "cpu",
    out: str | Path | None = None,
    workers: int = 1,
    device: str = "auto",
    data_root: Path | None = None,
    say: Callable[[str], None] = tell,
) -> Comparison:
    """Train what is missing of a comparison, score it, and write its page; the same as `equipoise compare`.

    Args:
        alternatives: recipes, YAML files or directories of runs.
        data: what all are trained on: the name of a data set, a folder or a .npz file; empty for their own.
        seeds: runs of each alternative.
        settings: `field.path=value` for all, or `ALTERNATIVE:field.path=value` for one.
        vary: `field.path=value,value,...`, or the same for one alternative: every combination is trained.
        metrics: what is measured; the first one decides. None of them for what the data allow.
        samples: that each metric sees; None for 10,000, or 2,000 where a large network looks at them.
        epochs, iterations: the length of each run; one of the two, or neither.
        budget: the size of recipes: "smoke", "cpu" or "paper".
        out: the directory; by default as on the command line.
        workers: runs at a time. More than one are processes of their own: in a script, call this below
            `if __name__ == "__main__":`.
        device: of every run.
        data_root: where published data files lie.
        say: is told how far it is.

    Raises:
        EquipoiseError: a name is unknown, data are missing, every run failed, and so on. A single run that failed is in
            the table.
    """
    wish = Wish(
        _words(alternatives),
        str(data),
        _words(settings),
        _words(vary),
        seeds,
        _words(metrics),
        samples,
        epochs,
        iterations,
        budget,
    )
    study = comparison(wish, data_root)
    place = Path("studies") / f"{study.name}-{budget}" if out is None else Path(out)
    means = Means(workers=workers, device=device, data_root=data_root, page=write_run_report)
    run_study(study, place, budget, None, means, say)
    return Comparison(place, write_study_report(place))


def _words(given: str | Path | Iterable[str | Path]) -> tuple[str, ...]:
    """A single one counts as a list of one."""
    return (str(given),) if isinstance(given, str | Path) else tuple(str(each) for each in given)


def _row(cells: Iterable[str]) -> str:
    first, *rest = cells
    return f"<tr><th>{html.escape(first)}</th>{''.join(f'<td>{html.escape(cell)}</td>' for cell in rest)}</tr>"
