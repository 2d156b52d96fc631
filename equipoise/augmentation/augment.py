"""Which operations change the images that a discriminator sees, and how many of them: fixed, or adapted (ADA)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from equipoise.augmentation.catalogue import AUGMENTATIONS
from equipoise.augmentation.operations import Operation, check_images
from equipoise.common.checks import check_fields

MOST = 0.9
"""An adapted strength goes no higher: below 1, the generator can tell changed images from the data (no leak)."""


@dataclass(frozen=True)
class Augment:
    """Operations on real and fake images alike, each on a share of them.

    Attributes:
        operations: which, of `equipoise.augmentation.catalogue.AUGMENTATIONS`, in this order; each at most once.
        strength: the share of the images that each operation changes, from 0 to 1; where it adapts, at the start.
        target: None for a fixed strength. A number between 0 and 1 adapts it (ADA, Karras et al. 2020): it grows while
            the discriminator is surer than this of its real images, and falls while it is less sure.
        always: further operations, applied to all images before the others whatever the strength: as mirroring,
            which only makes more of the data.
        images_to_full: after so many images an adapted strength can have gone from 0 to 1.
    """

    operations: tuple[str, ...] = ("colour", "translation", "cutout")
    strength: float = 1.0
    target: float | None = None
    images_to_full: int = 50_000
    always: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        names = (*self.always, *self.operations)
        for name in names:
            AUGMENTATIONS.check(name)
        if not self.operations or len(set(names)) < len(names):
            raise ValueError(f"operations must name at least one, and together with always each once, got {names}.")
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength must lie between 0 and 1, got {self.strength}.")
        if self.target is not None and not 0 < self.target < 1:
            raise ValueError(f"target must lie between 0 and 1, or be none, got {self.target}.")
        if self.images_to_full < 1:
            raise ValueError(f"images_to_full must be at least 1, got {self.images_to_full}.")

    @property
    def numbers(self) -> int:
        """How many uniform numbers each image takes: each operation's own, and one for whether it is applied."""
        return sum(operation.numbers + 1 for operation in self._loaded())

    def create_memory(self) -> "Strength":
        """What the strength is remembered in."""
        return Strength(self.strength)

    def apply(self, images: Tensor, chance: Tensor, strength: Tensor) -> Tensor:
        """Images as the discriminator is to see them; gradients pass.

        Args:
            images: [batch, channels, height, width] in [-1, 1].
            chance: [batch, numbers], uniform in [0, 1).
            strength: 0-dimensional, the share of images that each operation changes.
        """
        check_images(images)
        if chance.shape != (len(images), self.numbers):
            expected = f"[{len(images)}, {self.numbers}]"
            raise ValueError(f"chance must have shape {expected}, got shape {tuple(chance.shape)}.")
        for place, operation in enumerate(self._loaded()):
            own, chance = chance.tensor_split((operation.numbers + 1,), dim=1)
            if place < len(self.always):
                images = operation(images, own[:, 1:])
            else:
                images = _changed(operation, images, own[:, 1:], own[:, 0] < strength)
        return images

    def _loaded(self) -> tuple[Operation, ...]:
        return tuple(AUGMENTATIONS.load(name) for name in (*self.always, *self.operations))


def _changed(operation: Operation, images: Tensor, chance: Tensor, chosen: Tensor) -> Tensor:
    """The images, those that are chosen [batch] changed. On a CPU no other is computed: few are at a low strength."""
    if images.device.type != "cpu":
        return torch.where(chosen[:, None, None, None], operation(images, chance), images)
    places = chosen.nonzero()[:, 0]
    if not len(places):
        return images
    return images.index_copy(0, places, operation(images[places], chance[places]))


class Strength(nn.Module):
    """The strength of an augmentation, and how sure the discriminator has been: saved with everything else.

    Attributes:
        strength: 0-dimensional.
        sureness: a running mean of the signs of the real images' scores, from -1 to 1.
    """

    strength: Tensor
    sureness: Tensor

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.register_buffer("strength", torch.tensor(strength, dtype=torch.float64))
        self.register_buffer("sureness", torch.tensor(0.0, dtype=torch.float64))

    @torch.no_grad()
    def adapt(self, augment: Augment, signs: Tensor) -> None:
        """One batch further: towards more where the discriminator is surer than the target, else towards less.

        Args:
            augment: with the target; without one nothing happens.
            signs: [batch], of all processes: above 0 where a real image was taken for real.
        """
        if augment.target is None:
            return
        self.sureness.lerp_(signs.sign().double().mean(), _SHARE)
        step = len(signs) / augment.images_to_full
        self.strength.add_(torch.sign(self.sureness - augment.target), alpha=step).clamp_(0, MOST)

    def measures(self, augment: Augment) -> dict[str, Tensor]:
        """For the log: the strength, and what it follows; nothing of a fixed one."""
        if augment.target is None:
            return {}
        return {"augmentation_strength": self.strength.clone(), "discriminator_sureness": self.sureness.clone()}


_SHARE = 1 - math.exp(-1 / 32)
"""Of the newest batch in the running mean."""
