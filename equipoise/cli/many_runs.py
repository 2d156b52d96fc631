"""How many runs are carried out: the options of `study` and `compare`, and what is printed at their end."""

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.cli.options import (
    add_arithmetic,
    add_data_root,
    add_device,
    add_inception_weights,
    positive,
    share,
)
from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable

if TYPE_CHECKING:
    from equipoise.studies.runner import Means


def add_means(parser: argparse.ArgumentParser) -> None:
    """Workers, clusters, arithmetic, data and device."""
    workers_help = "runs at a time (default: one per core, or one per GPU); also for --ray local"
    parser.add_argument("--workers", type=positive, help=workers_help)
    parser.add_argument("--ray", metavar="ADDRESS", help="run on a Ray cluster: its address, auto, or local")
    parser.add_argument(
        "--gpus-per-run", type=share, default=0.0, help="GPUs for each run on Ray, such as 0.25 (default: 0)"
    )
    parser.add_argument("--slurm", action="store_true", help="submit each run as a Slurm job (needs the slurm extra)")
    slurm_help = "what each job asks for, such as slurm_partition=gpu,gpus_per_node=1,timeout_min=240"
    parser.add_argument("--slurm-options", metavar="KEY=VALUE,...", default="", help=slurm_help)
    parser.add_argument("--dry-run", action="store_true", help="show the runs and the expected time, and train nothing")
    add_arithmetic(parser, "float32")
    add_data_root(parser)
    add_device(parser)
    add_inception_weights(parser)


def check_means(chosen: argparse.Namespace) -> None:
    """Refuse words that contradict each other; torch is not imported.

    Raises:
        EquipoiseError: two of them do.
    """
    if chosen.workers is not None and chosen.ray not in (None, "local"):
        raise EquipoiseError(
            f"--workers counts the runs on this machine, but the cluster at {printable(chosen.ray)} decides how many "
            "run at a time; use only one of the two."
        )
    if chosen.slurm and (chosen.ray is not None or chosen.workers is not None):
        raise EquipoiseError("--slurm submits every run as a job of its own; leave out --ray and --workers.")
    _slurm_options(chosen.slurm_options)


def means_of(chosen: argparse.Namespace) -> "Means":
    """What the words say, once `check_means` has seen them."""
    from equipoise.evaluation.inception_file import local_weights
    from equipoise.reports.pages import write_run_report
    from equipoise.studies.runner import Means

    return Means(
        workers=chosen.workers,
        ray=chosen.ray,
        slurm=_slurm_options(chosen.slurm_options) if chosen.slurm or chosen.slurm_options else None,
        gpu_share=chosen.gpus_per_run,
        device=chosen.device,
        data_root=chosen.data_root,
        inception_weights=local_weights(chosen.inception_weights),
        precision=chosen.precision or "float32",
        graphs=chosen.graphs,
        page=write_run_report,
    )


def show_results(out: Path, page: Path) -> int:
    """Print the table and where the page is. Returns: the exit status.

    Raises:
        EquipoiseError: runs failed; the others are in the table.
    """
    from equipoise.reports.plain_text import as_text
    from equipoise.reports.study_pages import summary_of
    from equipoise.reports.study_tables import study_table
    from equipoise.studies.results import failed_runs, read_results

    print(as_text(study_table(summary_of(out)), shutil.get_terminal_size().columns))
    print(f"The report is {printable(page)}")
    failed = failed_runs(read_results(out))
    if failed:
        count = counted(len(failed), "run")
        raise EquipoiseError(
            f"{count} failed, and the others are in the report; the first one because: {failed[0].rstrip('.')}. "
            "The same command tries again."
        )
    return 0


def _slurm_options(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part]
    for key, equals, value in pairs:
        if not key or not equals or not value:
            raise EquipoiseError("--slurm-options takes KEY=VALUE,..., such as slurm_partition=gpu,timeout_min=240.")
    return {key.strip(): value.strip() for key, _, value in pairs}
