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
_EPOCHS = 150
"""The recipes train 200. After 60 no margin has made digits yet."""
_SMALL: dict[str, Any] = {"lr": 1e-3, "hidden": (128,), "output_size": 16}


def margins() -> dict[str, Experiment]:
    """MAGAN, and EBGAN with three fixed margins."""
    fixed = {f"EBGAN, margin {margin:g}": ebgan_digits(margin) for margin in _MARGINS}
    return {label: with_length(each, epochs=_EPOCHS) for label, each in ({"MAGAN": magan_digits()} | fixed).items()}


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
