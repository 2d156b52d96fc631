"""Fixtures that give the contracts every toy experiment."""

import pytest

from equipoise.experiments import averaged
from equipoise.experiments.experiment import Experiment
from equipoise.testing.toys import TOY_EXPERIMENTS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `toy_experiment` runs once for each entry of the table."""
    if "toy_experiment" in metafunc.fixturenames:
        metafunc.parametrize("toy_experiment", TOY_EXPERIMENTS.values(), ids=TOY_EXPERIMENTS.keys(), indirect=True)


@pytest.fixture
def toy_experiment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """The averaged generator gets its statistics from 16 batches: no contract depends on how many there are."""
    monkeypatch.setattr(averaged, "_LATENTS", 0)
    made: Experiment = request.param()
    return made


@pytest.fixture
def toy_table() -> dict[str, Experiment]:
    return {name: make() for name, make in TOY_EXPERIMENTS.items()}
