"""Generative moment matching: a generator without an adversary that descends MMD^2 (Li et al. 2015).

    L_G = MMD^2(x, G(z)), or its root; in pixels or points, or in the features of a pretrained network

Dziugaite et al. 2015 train the same, and leave out the root.
"""

from dataclasses import dataclass

from torch import nn

from equipoise.algorithms.pretrained import Features, flat_of_each
from equipoise.losses import squared_mmd
from equipoise.losses.catalogue import KERNELS
from equipoise.losses.kernels import GAUSSIAN_MIXTURE
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class GMMN(Algorithm[nn.Module]):
    """The generator minimises MMD^2 between its batch and the data's.

    Attributes:
        kernel: "gaussian", "rational-quadratic", "laplace" or "distance"; the widths belong to it.
        widths: the sigmas, alphas or taus; the kernels of several are summed.
        unbiased: whether the pairs i = j are left out, so that small batches do not pull samples together.
        root: whether the loss is the root of MMD^2, as in Li et al.'s code; only where all pairs count, so that it is
            not negative.
        features: where distances are taken: "none" for pixels or points; or in the features of EfficientNet-Lite0, of
            images in the experiment's value range, "unit" or "symmetric".
    """

    players = ("generator",)
    kernel: str = "gaussian"
    widths: tuple[float, ...] = GAUSSIAN_MIXTURE
    unbiased: bool = True
    root: bool = False
    features: Features = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        KERNELS.check(self.kernel)
        KERNELS.load(self.kernel)(self.widths)
        if self.root and self.unbiased:
            raise ValueError("an unbiased estimate can be negative and has no root: set unbiased to false.")

    def stages(self) -> tuple[Stage[nn.Module], ...]:
        """One stage of one move."""
        return (Stage("matching", (Move("generator", self._match, ("generator",)),), self.epochs, self.iterations),)

    def _match(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        real, fake = flat_of_each(self.features, draw.real, players["generator"](draw.latent()))
        squared = squared_mmd(real, fake, KERNELS.load(self.kernel)(self.widths), self.unbiased)
        loss = (squared.clamp(min=0) + _LEAST).sqrt() if self.root else squared
        return Outcome({"generator": loss}, {"squared_mmd": squared})


_LEAST = 1e-12
"""Under the root, whose slope at 0 is infinite."""
