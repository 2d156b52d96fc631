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
_EPOCHS, _MARGIN_RATE = 50, 5e-3
"""The recipes have 200 epochs at 1e-3. At that rate no margin has made digits after 60."""
_SMALL: dict[str, Any] = {"lr": 1e-3, "hidden": (128,), "output_size": 16}


def margins() -> dict[str, Experiment]:
    """MAGAN, and EBGAN with three fixed margins, at five times the recipes' learning rate."""
    fixed = {f"EBGAN, margin {margin:g}": ebgan_digits(margin) for margin in _MARGINS}
    recipes = {"MAGAN": magan_digits()} | fixed
    return {label: _at(_MARGIN_RATE, with_length(each, epochs=_EPOCHS)) for label, each in recipes.items()}


def kernels() -> dict[str, Experiment]:
    """MMD-GAN, repulsive with bounds, and attractive; 16 features."""
    repulsive = MMDGAN(repulsion=1.0, bounds=(0.25, 4.0), iterations=600)
    attractive = replace(repulsive, repulsion=-1.0, bounds=None)
    return {
        "MMD-GAN, repulsive": scored_digits("mmd-rep-b-digits", repulsive, **_SMALL),
        "MMD-GAN, attractive": scored_digits("mmd-attractive-digits", attractive, **_SMALL),
    }


def amplifiers() -> dict[str, Experiment]:
    """The hinge loss with gradient penalty on 16 scores of each image, amplified and plain."""
    plain = GAN(loss="hinge", penalties=(Penalty("wgan-gp", 1.0),), iterations=500)
    return {
        "hinge, amplified": scored_digits("lga-digits", replace(plain, amplifier="magnitude"), **_SMALL),
        "hinge": scored_digits("hinge-digits", plain, **_SMALL),
    }


def encoders() -> dict[str, Experiment]:
    """Reg-GAN and GAN on the ring."""
    both = {"Reg-GAN": reg_gan_ring(), "GAN": gan_ring()}
    return {label: with_length(each, iterations=1_200) for label, each in both.items()}


def _at(lr: float, experiment: Experiment) -> Experiment:
    """The same with this learning rate of every player."""
    players = {
        name: replace(player, optimiser=replace(player.optimiser, lr=lr)) for name, player in experiment.players.items()
    }
    return replace(experiment, players=players)
