"""How long a study will take: every stage counts, however short it is."""

import itertools
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from equipoise.experiments.build import build_game
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.runs import pace
from equipoise.studies.estimate import run_seconds


@pytest.fixture
def a_second_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which every iteration lasts a second."""
    monkeypatch.setattr(pace, "time", SimpleNamespace(perf_counter=itertools.count().__next__))


def iterations_of(experiment: Experiment) -> int:
    return build_game(experiment, experiment.data.load(None, experiment.seed)).total_iterations


@pytest.mark.parametrize(
    "experiment",
    [
        with_length(recipe("gan-digits"), iterations=1),
        with_length(recipe("gan-digits"), iterations=2),
        with_length(recipe("gan-digits"), iterations=500),
        with_length(recipe("magan-digits"), epochs=2),
    ],
)
def test_a_run_takes_its_iterations_times_their_length(experiment: Experiment, a_second_each: None) -> None:
    assert run_seconds(experiment, "cpu", None) == iterations_of(experiment)


def test_an_iteration_of_a_gpu_is_timed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its launches return at once."""
    told: list[object] = []

    class Launched:
        state = None

        def iterate(self) -> None:
            told.append("launched")

    monkeypatch.setattr(pace, "device_of", lambda state: torch.device("cuda", 1))
    monkeypatch.setattr(torch.cuda, "synchronize", told.append)
    pace._seconds(cast(Any, Launched()))
    assert told == ["launched", torch.device("cuda", 1)] * 3
