"""Toy experiments for the tests of faults: seconds, not minutes."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from equipoise.experiments.experiment import Experiment, Watch


@pytest.fixture
def short() -> Callable[[Experiment], Experiment]:
    """The digits experiment with three checkpoints."""

    def shortened(experiment: Experiment) -> Experiment:
        return replace(experiment, watch=Watch(sample_grids=2, checkpoints=4, keep=3))

    return shortened


@pytest.fixture
def recovery(record_property: Callable[[str, object], None]) -> Callable[[], AbstractContextManager[None]]:
    """Times what it takes to go on after a fault, for the table of docs/trust.md."""

    @contextmanager
    def timed() -> Iterator[None]:
        began = time.monotonic()
        yield
        record_property("recovery_seconds", time.monotonic() - began)

    return timed


@pytest.fixture
def end_of() -> Callable[[Path], dict[str, torch.Tensor]]:
    """The tensors of a run's last checkpoint."""

    def read(run: Path) -> dict[str, torch.Tensor]:
        newest = max((run / "checkpoints").glob("*.json"))
        return load_file(newest.with_suffix(".safetensors"))

    return read
