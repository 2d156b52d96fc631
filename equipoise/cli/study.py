"""`study`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.cli.command import Command
from equipoise.cli.options import (
    add_arithmetic,
    add_data_root,
    add_device,
    add_inception_weights,
    positive,
    share,
)
from equipoise.common.errors import EquipoiseError, printable

if TYPE_CHECKING:
    from equipoise.studies.runner import Means

_BUDGETS = ("smoke", "cpu", "paper")


def study_command(chosen: argparse.Namespace) -> int:
    """Carry out what is missing of a study, and write its page."""
    from equipoise.reports.study_pages import write_study_report
    from equipoise.studies.runner import run_study

    out = chosen.out or Path("studies") / f"{chosen.name}-{chosen.budget}"
    run_study(chosen.name, out, chosen.budget, chosen.seeds, _means(chosen))
    page = write_study_report(out)
    print((out / "table.md").read_text(encoding="utf-8"))
    print(f"The report is {printable(page)}")
    return 0


def fill_study(parser: argparse.ArgumentParser) -> None:
    """The arguments of `study`."""
    parser.add_argument("name", help="a study's name; equipoise list studies shows them")
    parser.add_argument("--budget", choices=_BUDGETS, default="cpu", help="how much to train (default: cpu)")
    parser.add_argument("--seeds", type=positive, help="how many seeds for each row (default: set by the budget)")
    workers_help = "runs at a time (default: one per core, or one per GPU); also for --ray local"
    parser.add_argument("--workers", type=positive, help=workers_help)
    parser.add_argument("--ray", metavar="ADDRESS", help="run on a Ray cluster: its address, auto, or local")
    parser.add_argument(
        "--gpus-per-run", type=share, default=0.0, help="GPUs for each run on Ray, such as 0.25 (default: 0)"
    )
    add_arithmetic(parser, "float32")
    parser.add_argument("--out", type=Path, help="the study's directory (default: studies/NAME-BUDGET)")
    add_data_root(parser)
    add_device(parser)
    add_inception_weights(parser)


def _means(chosen: argparse.Namespace) -> "Means":
    from equipoise.evaluation.inception_file import local_weights
    from equipoise.reports.pages import write_run_report
    from equipoise.studies.runner import Means

    if chosen.workers is not None and chosen.ray not in (None, "local"):
        raise EquipoiseError(
            f"--workers counts the runs on this machine, but the cluster at {printable(chosen.ray)} decides how many "
            "run at a time; use only one of the two."
        )
    return Means(
        workers=chosen.workers,
        ray=chosen.ray,
        gpu_share=chosen.gpus_per_run,
        device=chosen.device,
        data_root=chosen.data_root,
        inception_weights=local_weights(chosen.inception_weights),
        precision=chosen.precision or "float32",
        graphs=chosen.graphs,
        page=write_run_report,
    )


COMMAND = Command(
    study_command,
    "Rebuild a published table or figure: train the missing runs, then write one report.",
    "equipoise study magan-digits --seeds 5 --workers 2",
    fill_study,
)
"""`study` on the command line."""
