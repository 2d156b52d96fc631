"""`study`."""

import argparse
from pathlib import Path

from equipoise.cli.many_runs import add_means, check_means, means_of, show_results
from equipoise.cli.options import positive
from equipoise.common.files import file_name
from equipoise.recipes.catalogue import BUDGETS
from equipoise.studies.sources import check_study, own_study


def study_command(chosen: argparse.Namespace) -> int:
    """Train and score the missing runs of a study, and write its page."""
    check_study(chosen.name)
    check_means(chosen)  # before torch is imported
    from equipoise.reports.study_pages import write_study_report
    from equipoise.studies.runner import run_study, tell_plan
    from equipoise.studies.study_file import find_or_load

    study = find_or_load(chosen.name)
    out = chosen.out or Path("studies") / f"{file_name(study.name)}-{chosen.budget}"
    if chosen.dry_run:
        tell_plan(study, out, chosen.budget, chosen.seeds, means_of(chosen), print)
        return 0
    named = chosen.name if own_study(chosen.name) is None else study
    run_study(named, out, chosen.budget, chosen.seeds, means_of(chosen))
    return show_results(out, write_study_report(out))


def fill_study(parser: argparse.ArgumentParser) -> None:
    """The arguments of `study`."""
    parser.add_argument("name", help="a study's name (equipoise list studies), or a YAML file as show-study prints it")
    parser.add_argument("--budget", choices=BUDGETS, default="cpu", help="how much to train (default: cpu)")
    parser.add_argument("--seeds", type=positive, help="how many seeds for each row (default: set by the budget)")
    add_means(parser)
    parser.add_argument("--out", type=Path, help="the study's directory (default: studies/NAME-BUDGET)")
