"""An augmentation of your own: upside down, for pictures without an up, such as cells or photographs from the air.

equipoise --plugin examples/extending/my_augmentation.py train my-turned-digits
"""

from dataclasses import replace

import torch
from torch import Tensor

import equipoise
from equipoise.algorithms.relativistic import RelativisticGAN
from equipoise.augmentation import Augment, Operation
from equipoise.data.digits import Digits
from equipoise.experiments.experiment import Experiment
from equipoise.recipes.pictures import pictures


def turned(images: Tensor, chance: Tensor) -> Tensor:
    """Up and down exchanged, in every second image; differentiable.

    Args:
        images: [batch, channels, height, width] in [-1, 1].
        chance: [batch, 1], uniform in [0, 1).
    """
    return torch.where(chance[:, :, None, None] < 0.5, images.flip(2), images)


def my_turned_digits() -> Experiment:
    """The default recipe for pictures on scikit-learn's digits, a few of which are shown upside down."""
    experiment = pictures(Digits(), size=8, channels=1, iterations=500)
    augment = Augment(operations=("my-y-flip",), strength=0.3)
    return replace(experiment, algorithm=RelativisticGAN(iterations=500, augment=augment))


equipoise.register(
    augmentation=equipoise.Entry("my-y-flip", "up and down exchanged, in every second image", Operation(1, turned)),
    recipe=equipoise.Entry("my-turned-digits", "the default for pictures on digits, some turned", my_turned_digits),
)
