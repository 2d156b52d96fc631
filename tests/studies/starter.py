"""Carries out two jobs in two workers: python -m tests.studies.starter FOLDER ITERATIONS."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from equipoise.experiments.experiment import Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings
from equipoise.studies.carry_out import Job, carry_out
from equipoise.studies.workers import run_jobs


def jobs_in(folder: Path, iterations: int) -> Iterator[Job]:
    for seed in range(2):
        experiment = with_length(recipe("ebgan-digits"), iterations=iterations)
        experiment = replace(experiment, seed=seed, watch=Watch(sample_grids=1, checkpoints=30, keep=1))
        settings = Settings("cpu", None, 1, True)
        yield Job(experiment, folder / str(seed), ("inception-score",), 100, settings, False)


if __name__ == "__main__":
    run_jobs(carry_out, list(jobs_in(Path(sys.argv[1]), int(sys.argv[2]))), 2)
