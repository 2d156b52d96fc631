"""`report`."""

import argparse
from pathlib import Path

from equipoise.common.errors import printable
from equipoise.runs.directory import check_is_run
from equipoise.studies.sources import RESULTS

_FORMATS = ("markdown", "csv", "latex")


def fill_report(parser: argparse.ArgumentParser) -> None:
    """The arguments of `report`."""
    parser.add_argument(
        "directories", nargs="+", type=Path, metavar="RUN_OR_STUDY", help="directories of runs or studies"
    )
    parser.add_argument("--out", type=Path, help="the folder for a report about several runs (default: report)")
    formats = parser.add_argument("--format", nargs="+", action="extend", choices=_FORMATS, metavar="FORMAT")
    formats.help = "the study's table also as markdown, csv or latex (default: all)"


def report_command(chosen: argparse.Namespace) -> int:
    """Write the report of a study, of a run, or of several runs side by side."""
    for path in write_reports(chosen.directories, chosen.out, tuple(chosen.format or _FORMATS)):
        print(f"The report is {printable(path)}")
    return 0


def write_reports(directories: list[Path], out: Path | None, formats: tuple[str, ...]) -> list[Path]:
    """A page for each study; one for all runs together, or a run's own where there is only one.

    Runs share a row where their configurations differ in nothing but the seed.

    Raises:
        EquipoiseError: a directory holds neither a study nor a run.
    """
    for place in directories:
        if not (place / RESULTS).is_file():
            check_is_run(place)  # before torch is imported
    from equipoise.reports.grouping import group_runs
    from equipoise.reports.pages import write_comparison, write_run_report
    from equipoise.reports.study_pages import write_study_report

    pages = [write_study_report(place, formats) for place in directories if (place / RESULTS).is_file()]
    runs = [place for place in directories if not (place / RESULTS).is_file()]
    if len(runs) == 1 and out is None:
        return [*pages, write_run_report(runs[0])]
    if not runs:
        return pages
    page = (out or Path("report")) / "index.html"
    return [*pages, write_comparison("Runs side by side", "", group_runs(runs), page)]
