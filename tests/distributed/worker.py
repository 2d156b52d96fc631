"""Plays toy experiments on several processes together; started by the tests of this folder.

    python -m tests.distributed.worker OUT JOB ...

OUT is a folder for what each rank ends with. A JOB is SIZE:gather:ITERATIONS:NAME,NAME,... or
SIZE:forget:ITERATIONS:NAME,NAME,... The ranks of all jobs are forked from this process, so that torch is imported once.
"""

import sys
from pathlib import Path

import torch

from equipoise.testing.ranks import play_in_float64, play_on_ranks
from equipoise.testing.toys import TOY_EXPERIMENTS


def main() -> None:
    out, jobs = Path(sys.argv[1]), [job.split(":") for job in sys.argv[2:]]
    torch.set_num_threads(1)
    for name in {name for *_, names in jobs for name in names.split(",")}:
        play_in_float64(TOY_EXPERIMENTS[name](), 1)  # imports, once for all ranks, whatever torch imports late
    for number, (size, gathering, iterations, names) in enumerate(jobs):
        experiments = {name: TOY_EXPERIMENTS[name]() for name in names.split(",")}
        play_on_ranks(experiments, int(size), int(iterations), out / str(number), gathering == "gather")


if __name__ == "__main__":
    main()
