"""Missing modes of a generator, found by a new discriminator on noisy images: the run's own kind or a dense one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from equipoise.data.store import Store
from equipoise.evaluation.comparison import Comparison
from equipoise.evaluation.critic import critic_of
from equipoise.evaluation.evidence import Evidence, Score
from equipoise.experiments.build import build_player
from equipoise.experiments.experiment import Experiment
from equipoise.metrics.third_party import DENSE, MissingModes, ThirdParty, missing_modes

THRESHOLD = 0.9
"""The third party's output above which a test image counts as one that was never generated."""
_PUBLISHED_SIGMA, _PUBLISHED_SIZE = 3.5, 3 * 64 * 64
_FEW_ITERATIONS, _ITERATIONS, _MOST_ITERATIONS = 20, 2000, 30_000
_OWN_PASSES, _DENSE_BATCH = 20, 64
"""The paper trains its GANs on CelebA for 20 epochs, and does not say how long the third party learns."""


@dataclass(frozen=True)
class Trial:
    """The new discriminator, how long it trains, and its entries in the passport.

    Attributes:
        third_party: the discriminator.
        batch_size: images of each kind per step.
        passes: over the training images, if that is more than the least number of steps.
        called: its name.
        details: of its making.
    """

    third_party: ThirdParty
    batch_size: int
    passes: int
    called: str
    details: Mapping[str, Any]

    def iterations(self, images: int) -> int:
        """How many steps, for this many training images."""
        return min(max(_ITERATIONS, self.passes * math.ceil(images / self.batch_size)), _MOST_ITERATIONS)


def score_missing_modes(evidence: Evidence) -> Score:
    """Share of the test images on missing modes, with noise that grows with the root of the number of pixels."""
    return _share("missing-modes", evidence, _own_kind(evidence.experiment))


def score_missing_modes_dense(evidence: Comparison) -> Score:
    """The same share by a small fully connected discriminator: quick, and for generators without a critic of scores."""
    return _share("missing-modes-dense", evidence, Trial(DENSE, _DENSE_BATCH, 1, "dense discriminator", {}))


def score_missing_modes_3_5(evidence: Evidence) -> Score:
    """Count of the test images on missing modes with noise of deviation 3.5."""
    return _count("missing-modes-3.5", evidence, 3.5)


def score_missing_modes_4(evidence: Evidence) -> Score:
    """Count of the test images on missing modes with noise of deviation 4."""
    return _count("missing-modes-4", evidence, 4.0)


@dataclass(frozen=True)
class _Symmetric:
    """A store's images in [-1, 1], read when they are asked for: a large data set need not fit in memory."""

    store: Store

    def __len__(self) -> int:
        return len(self.store)

    def __getitem__(self, indices: torch.Tensor) -> torch.Tensor:
        return self.store.batch(indices, "symmetric")


def _share(name: str, evidence: Comparison, trial: Trial) -> Score:
    sigma = _PUBLISHED_SIGMA * math.sqrt(evidence.images[0].numel() / _PUBLISHED_SIZE)
    found, passport = _missing(name, evidence, sigma, trial)
    return Score(name, found.counts[THRESHOLD] / len(found.outputs), None, passport)


def _count(name: str, evidence: Evidence, sigma: float) -> Score:
    found, passport = _missing(name, evidence, sigma, _own_kind(evidence.experiment))
    return Score(name, float(found.counts[THRESHOLD]), None, passport)


def _missing(name: str, evidence: Comparison, sigma: float, trial: Trial) -> tuple[MissingModes, dict[str, Any]]:
    """The whole training part against the samples, asked about the whole held-out part; and the passport."""
    generated = (2 * evidence.images - 1).to(evidence.device)
    real, test = (_Symmetric(part.to(evidence.device)) for part in evidence.parts)
    iterations = _FEW_ITERATIONS if evidence.few_samples else trial.iterations(len(real))
    found = missing_modes(
        real,
        generated,
        test,
        sigma=sigma,
        seed=evidence.seed,
        iterations=iterations,
        batch_size=trial.batch_size,
        third_party=trial.third_party,
    )
    counts: dict[str, Any] = {f"above {threshold:g}": count for threshold, count in found.counts.items()}
    passport = evidence.passport(
        f"{name}, noise {sigma:.4g}, threshold {THRESHOLD:g}",
        f"noisy third-party {trial.called}",
        real_count=len(real),
        test_count=len(test),
        held_out_hash=evidence.parts[1].content_hash,
        iterations=iterations,
        batch_size=trial.batch_size,
        **counts,
        **trial.details,
    )
    return found, passport


def _own_kind(experiment: Experiment) -> Trial:
    """A fresh discriminator of the run's architecture, constraint, optimiser and batch, its rate kept constant.

    Raises:
        EquipoiseError: no player of the run scores images.
    """
    name = critic_of(
        experiment, "a fresh one of its kind was to judge them: take missing-modes-dense, which needs none."
    )
    player = experiment.players[name]

    def build(shape: tuple[int, ...], generator: torch.Generator) -> nn.Module:
        return build_player(name, replace(experiment, seed=generator.initial_seed()), torch.zeros(2, *shape))

    after_step = None if player.constraint is None else player.constraint.after_step
    third_party = ThirdParty(build, player.optimiser.build, after_step)
    details = {"network": player.network.all_options(), "learning_rate": player.optimiser.lr}
    return Trial(third_party, experiment.batch_size, _OWN_PASSES, player.network.kind, details)
