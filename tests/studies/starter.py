"""Carries out two jobs in two workers: python -m tests.studies.starter FOLDER ITERATIONS [struck]."""

import sys
from pathlib import Path

from equipoise.studies.carry_out import carry_out
from equipoise.studies.workers import run_jobs
from tests.studies.jobs import carry_out_struck, jobs_in

if __name__ == "__main__":
    jobs = list(jobs_in(Path(sys.argv[1]), int(sys.argv[2])))
    run_jobs(carry_out_struck if sys.argv[3:] == ["struck"] else carry_out, jobs, 2)
