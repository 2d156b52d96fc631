"""Two jobs of a study, and what a worker does with one."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from equipoise.experiments.experiment import Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings
from equipoise.studies.carry_out import Job, carry_out
from tests import striking


def jobs_in(folder: Path, iterations: int) -> Iterator[Job]:
    for seed in range(2):
        experiment = with_length(recipe("ebgan-digits"), iterations=iterations)
        experiment = replace(experiment, seed=seed, watch=Watch(sample_grids=1, checkpoints=30, keep=1))
        settings = Settings("cpu", None, 1, True)
        yield Job(experiment, folder / str(seed), ("inception-score",), 100, settings, False)


def carry_out_struck(job: Job) -> None:
    """As `carry_out`, but the first worker that trains the first job is killed after its first checkpoint."""
    struck = job.directory.parent / "struck"
    if job.experiment.seed == 0 and not struck.exists():
        striking.prepare(striking.Strike(signal.SIGKILL, 31, 0.02), struck)
    carry_out(job)
