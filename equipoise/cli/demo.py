"""`demo`."""

import argparse
from pathlib import Path

from equipoise.cli.options import positive
from equipoise.common.errors import printable


def fill_demo(parser: argparse.ArgumentParser) -> None:
    """The arguments of `demo`."""
    parser.add_argument("--out", type=Path, default=Path("demo"), help="the folder for the report (default: demo)")
    parser.add_argument("--seeds", type=positive, default=3, help="how many seeds (default: 3)")
    parser.add_argument("--workers", type=positive, help="how many runs at a time (default: one per core)")


def demo_command(chosen: argparse.Namespace) -> int:
    """Train the four stories' runs, and write one page about them."""
    from equipoise.reports.pages import write_comparison, write_run_report
    from equipoise.studies.demo import INTRODUCTION, TITLE, run_demo

    stories = run_demo(chosen.out, chosen.seeds, chosen.workers, page=write_run_report)
    groups = {label: runs for story in stories for label, runs in story.groups.items()}
    page = write_comparison(TITLE, INTRODUCTION, groups, chosen.out / "index.html", stories)
    print(printable(page.resolve()))
    return 0
