"""Every toy experiment keeps the contract of algorithms, and what breaks it is noticed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from equipoise.algorithms.catalogue import ALGORITHMS
from equipoise.algorithms.gan import GAN
from equipoise.experiments.experiment import Experiment
from equipoise.testing.algorithms import (
    ALGORITHM_CONTRACTS,
    begin,
    check_algorithm,
    end,
    resume,
    run_with_checkpoints,
)
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.game import Outcome, Stage
from equipoise.training.state import State, state_tensors


@pytest.mark.parametrize("contract", ALGORITHM_CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_algorithm_keeps_the_contract(contract: Callable[[Experiment], None], toy_experiment: Experiment) -> None:
    contract(toy_experiment)


def test_the_table_covers_every_algorithm(toy_table: dict[str, Experiment]) -> None:
    covered = {ALGORITHMS.name_of(type(experiment.algorithm)) for experiment in toy_table.values()}
    assert covered == set(ALGORITHMS)


def test_leaving_the_memory_out_of_a_checkpoint_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_table: dict[str, Experiment]
) -> None:
    """The contract can fail: without MAGAN's memory the resumed run ends elsewhere."""
    experiment = toy_table["magan"]
    loop, recorder = begin(experiment, tmp_path / "whole")
    whole = end(loop, recorder, experiment)

    def tensors_without_memory(state: State) -> dict[str, Tensor]:
        return {
            name: torch.zeros_like(value) if name.startswith("memory/") else value
            for name, value in state_tensors(state).items()
        }

    monkeypatch.setattr("equipoise.training.checkpoint.state_tensors", tensors_without_memory)
    total = loop.game.total_iterations
    run_with_checkpoints(experiment, tmp_path / "cut")
    ends = [resume(experiment, cut, tmp_path / "cut")[0] for cut in range(total)]
    wrong = [found for found in ends if any(not torch.equal(value, found[name]) for name, value in whole.items())]
    assert len(wrong) > total // 2


@dataclass(frozen=True, kw_only=True)
class Meddling(GAN):
    """Its first move also changes the generator."""

    def stages(self) -> tuple[Stage, ...]:
        (stage,) = super().stages()
        first, *others = stage.moves

        def meddle(players, memory, draw) -> Outcome:  # type: ignore[no-untyped-def]
            with torch.no_grad():
                next(players["generator"].parameters()).add_(1e-3)
            return first.play(players, memory, draw)

        return (replace(stage, moves=(replace(first, play=meddle), *others)),)


@dataclass(frozen=True, kw_only=True)
class Forgetful(GAN):
    """It counts outside the state, so that nothing of it is saved."""

    def stages(self) -> tuple[Stage, ...]:
        (stage,) = super().stages()
        first, *others = stage.moves
        plays = iter(range(1000))

        def count(players, memory, draw) -> Outcome:  # type: ignore[no-untyped-def]
            outcome, factor = first.play(players, memory, draw), 1 + next(plays)
            return Outcome({name: loss * factor for name, loss in outcome.losses.items()}, outcome.measures)

        return (replace(stage, moves=(replace(first, play=count), *others)),)


@dataclass(frozen=True, kw_only=True)
class Dicing(GAN):
    """It asks torch's global generator."""

    def stages(self) -> tuple[Stage, ...]:
        (stage,) = super().stages()
        first, *others = stage.moves

        def dice(players, memory, draw) -> Outcome:  # type: ignore[no-untyped-def]
            outcome = first.play(players, memory, draw)
            return Outcome({name: loss * torch.rand(()) for name, loss in outcome.losses.items()}, outcome.measures)

        return (replace(stage, moves=(replace(first, play=dice), *others)),)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (Meddling, r"trains \['discriminator'\], but changes \['discriminator', 'generator'\]"),
        (Forgetful, r"the run that was cut after iteration \d: .* differ"),
        (Dicing, "global random number generator|cut after iteration|second run"),
    ],
)
def test_an_algorithm_that_breaks_the_contract_is_noticed(kind: type[GAN], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_algorithm(replace(TOY_EXPERIMENTS["gan"](), algorithm=kind(iterations=5)))


def test_an_algorithm_that_keeps_it_passes_on_two_ranks_too() -> None:
    check_algorithm(TOY_EXPERIMENTS["gan-hinge"](), ranks=2)
