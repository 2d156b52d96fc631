"""Whatever can be named has its contract: an entry of any registry without a row in a table of contracts fails here."""

import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from equipoise.algorithms.catalogue import PENALTIES
from equipoise.common.registry import Registry
from equipoise.constraints.catalogue import CONSTRAINTS
from equipoise.experiments.experiment import Experiment
from equipoise.losses import spatial_generator_loss
from equipoise.losses.catalogue import AMPLIFIERS, KERNELS, LOSSES
from equipoise.networks.catalogue import NETWORKS
from equipoise.registries import REGISTRIES, registry
from equipoise.testing.constraints import PENALTY_CONTRACTS
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.catalogue import OPTIMISERS, SCHEDULES
from equipoise.training.draw import Draw, Latent
from tests.contracts.test_constraints import PLAYER_CONSTRAINTS
from tests.contracts.test_losses import TABLE
from tests.networks.test_every_network import CASES

TESTS = Path(__file__).parents[1]
TOYS: list[Experiment] = [make() for make in TOY_EXPERIMENTS.values()]
OPTIMISERS_OF_TOYS = [player.optimiser for toy in TOYS for player in toy.players.values()]


def names_of(found: Registry[Any], things: Iterable[object]) -> set[str | None]:
    return {found.name_of(thing) for thing in things}


def losses_with_a_row() -> set[str]:
    """The pairs of losses whose two functions are each the value of a row."""
    real, fake = (torch.randn(6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in (1, 2))
    scores = [case for case in TABLE if len(case.arguments) <= 2 and case.batch == "mean"]
    rows = [case.call for case in scores if not inspect.isclass(case.loss)]
    values = {value for call in rows for given in ((real, fake), (fake,)) if (value := value_of(call, *given))}
    return {
        name
        for name, entry in LOSSES.items()
        for pair in (entry.load(),)
        if {value_of(pair.discriminator, real, fake), value_of(pair.generator, real, fake)} <= values
    }


def value_of(loss: Callable[..., Tensor], *scores: Tensor) -> float | None:
    """What the loss is of these scores; None where it takes others."""
    try:
        return float(loss(*scores))
    except (TypeError, ValueError):
        return None


COVERED: dict[str, Callable[[], set[Any]]] = {
    "algorithm": lambda: names_of(registry("algorithm"), (type(toy.algorithm) for toy in TOYS)),
    "loss": losses_with_a_row,
    "amplifier": lambda: {case.options["amplifier"] for case in TABLE if case.loss is spatial_generator_loss},
    "kernel": lambda: names_of(KERNELS, (case.loss for case in TABLE)),
    "constraint": lambda: names_of(CONSTRAINTS, map(type, PLAYER_CONSTRAINTS.values())),
    "network": lambda: {kind for kind, _, _ in CASES},
    "optimiser": lambda: names_of(OPTIMISERS, map(type, OPTIMISERS_OF_TOYS)),
    "schedule": lambda: names_of(SCHEDULES, (type(each.schedule) for each in OPTIMISERS_OF_TOYS)),
}
"""The names of a kind that have a row in a table of contracts."""

WHOLE: dict[str, tuple[str, str]] = {
    "recipe": ("RECIPES", "recipes/test_catalogue.py"),
    "data": ("list(DATA)", "data/test_catalogue.py"),
    "metric": ("sorted(name for name, entry in METRICS.items() if not entry.backbone)", "evaluation/test_feasible.py"),
    "backbone": ("BACKBONES", "evaluation/test_backbones.py"),
    "study": ("STUDIES", "studies/test_catalogue.py"),
    "simulation": ("SIMULATIONS", "simulations/test_catalogue.py"),
    "augmentation": ("AUGMENTATIONS", "augmentation/test_augmentation.py"),
    "penalty": ("PENALTIES", "contracts/test_every_entry.py"),
    "tracker": ("TRACKERS", "runs/test_trackers.py"),
}
"""Kinds whose contracts take every entry of the registry: what they are given, and in which file."""


def test_every_kind_has_its_contracts() -> None:
    assert set(COVERED) | set(WHOLE) == set(REGISTRIES)


@pytest.mark.parametrize("kind", COVERED)
def test_every_entry_has_a_row(kind: str) -> None:
    assert set(registry(kind)) <= COVERED[kind]()


@pytest.mark.parametrize("kind", WHOLE)
def test_contracts_take_the_whole_registry(kind: str) -> None:
    given, file = WHOLE[kind]
    assert re.search(rf'parametrize\("\w+", {re.escape(given)}\)', (TESTS / file).read_text())


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("contract", PENALTY_CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_penalty_keeps_the_contract(contract: Callable[..., None], name: str) -> None:
    """Real and generated images are the same, so that the points between them are too."""

    def penalty(discriminator: torch.nn.Module, points: Tensor) -> Tensor:
        draw = Draw(points.detach(), len(points), Latent(1), 0, "contract", 0)
        found: Tensor = PENALTIES.load(name)(discriminator, points, draw)
        return found

    contract(penalty)


def test_an_entry_without_a_row_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for found in (LOSSES, AMPLIFIERS, KERNELS, CONSTRAINTS, NETWORKS, OPTIMISERS, SCHEDULES):
        one = next(iter(found.values()))
        monkeypatch.setitem(found._entries, "new", one if found is not LOSSES else WithoutRow())
    for kind in set(COVERED) - {"algorithm"}:
        with pytest.raises(AssertionError):
            test_every_entry_has_a_row(kind)


class WithoutRow:
    """A pair of losses that no table knows."""

    def load(self) -> "WithoutRow":
        return self

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.mean() - fake.square().mean()

    generator = discriminator
