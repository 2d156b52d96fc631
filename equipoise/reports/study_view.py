"""A study as an object: its scores, its table and its runs in Python and in a notebook."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.common import notebook
from equipoise.reports.study_pages import summary_of
from equipoise.reports.study_tables import StudyTable, as_markdown, study_table
from equipoise.runs.run import Run
from equipoise.studies.results import read_results
from equipoise.studies.sources import RESULTS
from equipoise.studies.summary import Summary


@dataclass(frozen=True)
class StudyView:
    """A study in its directory.

    Attributes:
        path: the directory.
        results: what its runs found, as `results.json` holds it.
    """

    path: Path
    results: dict[str, Any]

    @property
    def summary(self) -> Summary:
        """Figures, runs and passports."""
        return summary_of(self.path)

    @property
    def table(self) -> StudyTable:
        """The rows with their means, deviations and verdicts, as text."""
        return study_table(self.summary)

    @property
    def scores(self) -> list[dict[str, Any]]:
        """A dictionary for each run: row, seed, status and every score; `pandas.DataFrame` takes the list as it is.

        Of a study on several data sets also "data", and of one that tries variants of a row "variant".
        """
        return self.summary.scores

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What the paired tests over seeds say of every two rows; nothing of a published study, which has verdicts."""
        return self.table.conclusions

    def runs(self) -> dict[str, Run]:
        """Every run whose directory is still there, by its place in the study's."""
        places = [each["directory"] for row in self.results["rows"] for each in row["runs"]]
        return {place: Run(self.path / place) for place in places if (self.path / place / "config.yaml").is_file()}

    def __str__(self) -> str:
        return as_markdown(self.table)

    def _repr_html_(self) -> str:
        """The table for a notebook, with its notes."""
        table = self.table
        notes = "".join(map(notebook.paragraph, table.notes))
        return notebook.paragraph(table.caption) + notebook.table([table.columns, *table.rows]) + notes


def open_study(what: Path) -> StudyView | None:
    """The study at a path; None where there is none. For `equipoise.load`."""
    return StudyView(what, read_results(what)) if (what / RESULTS).is_file() else None
