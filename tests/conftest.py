"""One thread for every test, the place of the real data where it is at hand, and commands in processes of their own."""

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from equipoise.common.random import derived_seed
from equipoise.evaluation.classifier import Classifier, train_classifier
from equipoise.evaluation.features import InceptionExtractor
from tests import process_of_its_own
from tests.striking import Strike

torch.set_num_threads(1)

MEMORY, ROOM_BYTES = Path("/dev/shm"), 4 << 30
IMPORTED_ONCE = ["equipoise.cli", "equipoise.runs.train", "equipoise.runs.trained"]
IMPORTED_ONCE += ["matplotlib.figure", "matplotlib.backends.backend_svg", "torch.distributed.launcher.api"]


def pytest_configure() -> None:
    """What tests write is thrown away: it lies in memory where that has room, and no flush waits for a disk.

    Bytecode is kept even where Python was told not to: each of the many processes would compile the package again.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ["TMPDIR"], tempfile.tempdir = str(MEMORY), None


class Command:
    """A command in a process of its own, to be watched as a subprocess.Popen is."""

    def __init__(self, request: dict[str, Any]) -> None:
        context = multiprocessing.get_context("forkserver")
        self.process = context.Process(target=process_of_its_own.main, args=(request,))
        self.process.start()
        self.output, self.errors, self.struck = (Path(request[each]) for each in ("output", "errors", "struck"))

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        assert self.process.exitcode is not None, f"still there after {timeout} s"
        return self.process.exitcode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        return self.output.read_text(), self.errors.read_text()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def struck_at(self) -> float:
        """The moment of the strike that was asked for, by time.monotonic(); FileNotFoundError where it never came."""
        return float(self.struck.read_text())


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Command]]:
    """start(*words, ranks, restarts, strike, module, **environment): `equipoise WORDS` in a process of its own.

    It is forked from a process that has imported torch and done nothing else: importing it anew takes as long as some
    hundred iterations. With `ranks` it is torchrun's own launcher, whose ranks are forked likewise; with `module` that
    module takes the place of equipoise; with `strike` it is struck by a signal while it trains.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload(IMPORTED_ONCE)
    commands: list[Command] = []

    def begin(
        *words: object,
        ranks: int = 0,
        restarts: int = 0,
        strike: Strike | None = None,
        module: str = "equipoise",
        **environment: str,
    ) -> Command:
        folder = tmp_path_factory.mktemp("command")
        streams = {name: str(folder / name) for name in ("output", "errors", "struck")}
        place = {"folder": str(Path.cwd()), "environment": os.environ | environment}
        how = {"words": [str(word) for word in words], "ranks": ranks, "restarts": restarts, "module": module}
        commands.append(Command(streams | place | how | {"strike": strike}))
        return commands[-1]

    yield begin
    for command in commands:
        if command.poll() is None:
            command.process.kill()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real MNIST and CIFAR-10; a test that asks for it is skipped where there is none."""
    root = Path(os.environ.get("EQUIPOISE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (root / "MNIST" / "raw").is_dir():
        pytest.skip(f"the real data sets are not at {root}; set EQUIPOISE_TEST_DATA to their folder")
    return root


@pytest.fixture(autouse=True)
def first_weights_do_not_depend_on_the_order_of_tests() -> None:
    """A test that lets torch draw a network's weights gets the same ones alone, in any order, and everywhere."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def digits() -> dict[str, torch.Tensor]:
    """scikit-learn's digits as uint8 [n, 1, 8, 8], divided into 1,437 training and 360 test images."""
    datasets = pytest.importorskip("sklearn.datasets")
    bunch = datasets.load_digits()
    images = torch.from_numpy(np.round(bunch.images * 255 / 16).astype(np.uint8))[:, None]
    labels = torch.from_numpy(bunch.target).to(torch.int64)
    order = torch.tensor(sorted(range(len(labels)), key=lambda index: derived_seed(0, "digits/split", index)))
    test, train = order[:360], order[360:]
    return {
        "images": images[train],
        "labels": labels[train],
        "test_images": images[test],
        "test_labels": labels[test],
    }


@pytest.fixture(scope="session")
def digits_classifier(digits: dict[str, torch.Tensor]) -> Classifier:
    return train_classifier(**digits, content_hash="digits")


@pytest.fixture(scope="session")
def inception() -> InceptionExtractor:
    """Inception-v3 with random weights; making and hashing them takes a second."""
    return InceptionExtractor.random(seed=0)


@pytest.fixture
def numbers() -> np.random.Generator:
    return np.random.default_rng(7)
