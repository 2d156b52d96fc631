"""Bounded repulsive MMD-GAN whose bounds follow the real pairs, by MAGAN's conditions (our own; see its page).

    L_D = E k(min(d_xx, upper)) - E k(max(d_yy, lower))        L_G = MMD^2

d_xx and d_yy are squared distances between the features of two real and of two generated images (Wang et al. 2019,
Eq. 7). As an energy of MAGAN is low for what is real, minus a distance is one here.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from equipoise.algorithms.scores import scores
from equipoise.common.checks import check_positive
from equipoise.losses import mmd_generator_loss
from equipoise.losses.bounds import adapted_bounds
from equipoise.losses.distances import distances_of
from equipoise.losses.kernels import GaussianKernel, check_widths
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage

_MOST_SAMPLES = 1024
"""Of a batch, whose pairs are sorted for the quantiles."""


class BoundsMemory(nn.Module):
    """What is remembered: the bounds, this epoch's sums over batches, and the last epoch's generated energy.

    Attributes:
        bounds: [2], lower and upper.
        sums: [5]: means of real and of generated pairs, both quantiles of the real ones, and how many batches.
        fake_before: 0-dimensional, minus the mean distance of the last epoch's generated pairs.
    """

    bounds: Tensor
    sums: Tensor
    fake_before: Tensor

    def __init__(self, bounds: tuple[float, float]) -> None:
        super().__init__()
        self.register_buffer("bounds", torch.tensor(bounds, dtype=torch.float64))
        self.register_buffer("sums", torch.zeros(5, dtype=torch.float64))
        self.register_buffer("fake_before", torch.tensor(float("inf"), dtype=torch.float64))


@dataclass(frozen=True, kw_only=True)
class AdaptiveBounds(Algorithm[BoundsMemory]):
    """The repulsive loss on distances within bounds that close in on the real pairs when the generator stalls.

    Attributes:
        bounds: (lower, upper) on squared distances, of the first epoch or for good.
        adaptive: whether they follow the rule; False is the bounded repulsive loss with these bounds.
        quantiles: of the real pairs' distances: what the lower bound rises to, and the upper one falls to.
        widths: the bandwidths of the Gaussian kernel.
    """

    players = ("generator", "discriminator")
    """Generator and discriminator; the latter returns features [batch, features]."""
    bounds: tuple[float, float] = (0.25, 4.0)
    adaptive: bool = True
    quantiles: tuple[float, float] = (0.05, 0.95)
    widths: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_widths("widths", self.widths)
        check_positive("the lower bound", self.bounds[0])
        for name, (low, high) in {"bounds": self.bounds, "quantiles": self.quantiles}.items():
            if not 0 <= low < high < float("inf"):
                raise ValueError(f"{name} must be (lower, upper) with 0 <= lower < upper, got {(low, high)}.")
        if self.quantiles[1] > 1:
            raise ValueError(f"quantiles must lie between 0 and 1, got {self.quantiles}.")

    def create_memory(self) -> BoundsMemory:
        """The bounds and the sums."""
        return BoundsMemory(self.bounds)

    def stages(self) -> tuple[Stage[BoundsMemory], ...]:
        """One stage; both players step from one forward pass."""
        both = Move("both", self._both, ("discriminator", "generator"))
        return (Stage("adversarial", (both,), self.epochs, self.iterations, close_epoch=self._close),)

    def _both(self, players: Players, memory: BoundsMemory, draw: Draw) -> Outcome:
        kernel = GaussianKernel(self.widths)
        real, fake = scores(players, draw.real), scores(players, players["generator"](draw.latent()))
        real_pairs, fake_pairs = of_pairs(real), of_pairs(fake)
        lower, upper = memory.bounds.to(real_pairs.dtype)
        loss = kernel(torch.minimum(real_pairs, upper)).mean() - kernel(torch.maximum(fake_pairs, lower)).mean()
        self._count(memory, len(real), real_pairs.detach(), fake_pairs.detach())
        generator_loss = mmd_generator_loss(real.detach(), fake, kernel)
        return Outcome({"discriminator": loss, "generator": generator_loss}, {"squared_mmd": generator_loss})

    @torch.no_grad()
    def _count(self, memory: BoundsMemory, batch: int, real_pairs: Tensor, fake_pairs: Tensor) -> None:
        pairs = real_pairs.view(batch, batch - 1)[:_MOST_SAMPLES, : _MOST_SAMPLES - 1].double()
        quantiles = [pairs.quantile(share) for share in self.quantiles]
        memory.sums.add_(torch.stack([pairs.mean(), fake_pairs.double().mean(), *quantiles, pairs.new_ones(())]))

    @torch.no_grad()
    def _close(self, memory: BoundsMemory) -> dict[str, Tensor]:
        """End of an epoch: `adapted_bounds`, then start the next epoch's sums."""
        real, fake, low, high = memory.sums[:4] / memory.sums[4]
        used = memory.bounds.clone()
        if self.adaptive:
            memory.bounds.copy_(adapted_bounds(used, torch.stack([low, high]), -real, -fake, memory.fake_before))
        memory.fake_before.copy_(-fake)
        memory.sums.zero_()
        return {"lower_bound": used[0], "upper_bound": used[1], "real_distance": real, "fake_distance": fake}


def of_pairs(features: Tensor) -> Tensor:
    """Squared distances of all pairs of different rows. Returns: [batch (batch - 1)]."""
    count = len(features)
    return distances_of(features, features).flatten()[1:].view(count - 1, count + 1)[:, :-1].flatten()
