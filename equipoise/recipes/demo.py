"""The demo's short experiments on digits and on the ring, by the label of their group; the paper's own comes first."""

from dataclasses import replace
from typing import Any

from equipoise.algorithms.gan import GAN
from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.algorithms.penalties import Penalty
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.recipes.digits import ebgan_digits, magan_digits, scored_digits
from equipoise.recipes.mode_regularised import gan_ring, reg_gan_ring

_MARGINS = (10.0, 5.0, 1.0)
_FASTER_MARGINS = 5.0
"""By this factor the learning rates exceed the recipes', at which no margin has made digits after 60 epochs."""
_FASTER_RING = 2.0
_SMALL: dict[str, Any] = {"hidden": (128,), "output_size": 16}


def margins() -> dict[str, Experiment]:
    """MAGAN, and EBGAN with three fixed margins, at five times the recipes' learning rate."""
    fixed = {f"EBGAN, margin {margin:g}": ebgan_digits(margin) for margin in _MARGINS}
    recipes = {"MAGAN": magan_digits()} | fixed
    return {label: _faster(with_length(each, epochs=30), _FASTER_MARGINS) for label, each in recipes.items()}


def kernels() -> dict[str, Experiment]:
    """MMD-GAN, repulsive with bounds, and attractive; 16 features."""
    repulsive = MMDGAN(repulsion=1.0, bounds=(0.25, 4.0), iterations=350)
    attractive = replace(repulsive, repulsion=-1.0, bounds=None)
    return {
        "MMD-GAN, repulsive": scored_digits("mmd-rep-b-digits", repulsive, lr=2e-3, **_SMALL),
        "MMD-GAN, attractive": scored_digits("mmd-attractive-digits", attractive, lr=2e-3, **_SMALL),
    }


def amplifiers() -> dict[str, Experiment]:
    """The hinge loss with gradient penalty on 16 scores of each image, amplified and plain."""
    plain = GAN(loss="hinge", penalties=(Penalty("wgan-gp", 1.0),), iterations=250)
    return {
        "hinge, amplified": scored_digits("lga-digits", replace(plain, amplifier="magnitude"), lr=3e-3, **_SMALL),
        "hinge": scored_digits("hinge-digits", plain, lr=3e-3, **_SMALL),
    }


def encoders() -> dict[str, Experiment]:
    """Reg-GAN and GAN on the ring, at twice the recipes' learning rates."""
    both = {"Reg-GAN": reg_gan_ring(), "GAN": gan_ring()}
    return {label: _faster(with_length(each, iterations=600), _FASTER_RING) for label, each in both.items()}


def _faster(experiment: Experiment, factor: float) -> Experiment:
    """The same with every player's learning rate multiplied by this factor."""
    players = {
        name: replace(player, optimiser=replace(player.optimiser, lr=factor * player.optimiser.lr))
        for name, player in experiment.players.items()
    }
    return replace(experiment, players=players)
