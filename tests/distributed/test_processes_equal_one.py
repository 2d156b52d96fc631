"""n processes with b/n samples each end where one process with b ends, for every algorithm; and the gather is why."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from safetensors.torch import load_file
from torch import Tensor

import equipoise
from equipoise.testing.ranks import deviation
from equipoise.testing.toys import TOY_EXPERIMENTS

pytestmark = pytest.mark.lengthy

ROOT = Path(__file__).parents[2]
LARGEST_DEVIATION = 1e-9
LONGEST_SECONDS = 900
SIZES, ITERATIONS = (2, 4), 6  # into a second pass: margins have moved
ALONE, FORGETTING = f"1:gather:{ITERATIONS}", f"2:forget:{ITERATIONS}"
GATHERING = (ALONE, *(f"{size}:gather:{ITERATIONS}" for size in SIZES))
EACH_ALGORITHM = (
    "gan-with-everything",
    "gan-generator-batches",
    "ebgan-pulling-away",
    "magan",
    "began",
    "relativistic-adaptive",
    "relativistic-gamma",
    "relativistic-classes",
    "mmd-repulsive",
    "mmd-scaled",
    "mmd-classes",
    "reg-gan-features",
    "adaptive-hinge",
    "adaptive-bounds",
    "mdgan",
    "gmmn",
    "drifting",
    "vaegan",
    "ali",
)
"""At least one entry for each algorithm; all entries are played when slow tests are."""

Ends = dict[str, list[dict[str, Tensor]]]


def play(out: Path, played: dict[str, Sequence[str]]) -> dict[str, Ends]:
    """What every rank ends with: by job, by experiment. All jobs share one process's imports.

    A job is SIZE:gather:ITERATIONS or SIZE:forget:ITERATIONS.
    """
    words = ["-m", "tests.distributed.worker", out, *(f"{job}:{','.join(some)}" for job, some in played.items())]
    paths = os.pathsep.join([str(Path(equipoise.__file__).parents[1]), str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS)
    assert done.returncode == 0, done.stderr
    return {
        job: {name: [load_file(path) for path in sorted((out / str(number)).glob(f"{name}-rank*"))] for name in some}
        for number, (job, some) in enumerate(played.items())
    }


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ends]:
    return play(tmp_path_factory.mktemp("ends"), dict.fromkeys((*GATHERING, FORGETTING), EACH_ALGORITHM))


def check_equal(ends: dict[str, Ends], size: int) -> None:
    for name, ranks in ends[f"{size}:gather:{ITERATIONS}"].items():
        assert len(ranks) == size
        assert deviation(ranks[0], ends[ALONE][name][0]) <= LARGEST_DEVIATION, name
        assert [deviation(ranks[0], other) for other in ranks[1:]] == [0.0] * (size - 1), name


@pytest.mark.parametrize("size", SIZES)
def test_several_processes_equal_one(ends: dict[str, Ends], size: int) -> None:
    check_equal(ends, size)


@pytest.mark.slow
def test_several_processes_equal_one_for_every_entry(tmp_path: Path) -> None:
    others = sorted(set(TOY_EXPERIMENTS) - set(EACH_ALGORITHM))
    found = play(tmp_path, dict.fromkeys(GATHERING, (*others, *EACH_ALGORITHM)))
    for size in SIZES:
        check_equal(found, size)


def test_without_the_gather_two_processes_end_elsewhere(ends: dict[str, Ends]) -> None:
    """The contract can fail, for every algorithm."""
    missed = {name: deviation(ranks[0], ends[ALONE][name][0]) for name, ranks in ends[FORGETTING].items()}
    assert all(value > 1000 * LARGEST_DEVIATION for value in missed.values()), missed


def test_every_algorithm_is_played_at_four_processes() -> None:
    table = {name: make() for name, make in TOY_EXPERIMENTS.items()}
    played = {type(table[name].algorithm) for name in EACH_ALGORITHM}
    assert played == {type(experiment.algorithm) for experiment in table.values()}
