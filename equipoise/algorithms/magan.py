"""MAGAN: the margin adapts to the expected energy of the real data (Wang et al. 2017, Algorithm 1)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from equipoise.algorithms.energy import EnergyKind, energies, generator_outcome, hinge_outcome, real_and_fake_energies
from equipoise.losses import adapted_margin
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


class MarginMemory(nn.Module):
    """What MAGAN remembers: the margin, the energy sums of the current epoch, and the last epoch's fake energy.

    The epoch's means are divided by the number of samples that really were summed: the paper divides by the data set's
    size, which is too large whenever the batch does not divide it.
    """

    margin: Tensor
    real_sum: Tensor
    real_count: Tensor
    fake_sum: Tensor
    fake_count: Tensor
    fake_before: Tensor

    def __init__(self) -> None:
        super().__init__()
        start = {"margin": 0.0, "real_sum": 0.0, "real_count": 0.0, "fake_sum": 0.0, "fake_count": 0.0}
        for name, value in (start | {"fake_before": float("inf")}).items():
            self.register_buffer(name, torch.tensor(value, dtype=torch.float64))

    @torch.no_grad()
    def add_real(self, energy: Tensor) -> None:
        """Count a batch of real energies [batch], from the forward pass that also gave the gradient."""
        self.real_sum.add_(energy.sum(dtype=torch.float64))
        self.real_count.add_(energy.numel())

    @torch.no_grad()
    def add_fake(self, energy: Tensor) -> None:
        """Count a batch of generated energies [batch], from the generator's own forward pass."""
        self.fake_sum.add_(energy.sum(dtype=torch.float64))
        self.fake_count.add_(energy.numel())

    @torch.no_grad()
    def calibrate(self) -> dict[str, Tensor]:
        """The first margin: the mean real energy of a pass with frozen weights."""
        self.margin.copy_(self.real_sum / self.real_count)
        self._forget_sums()
        return {"margin": self.margin.clone()}

    @torch.no_grad()
    def adapt(self) -> dict[str, Tensor]:
        """End of an adversarial epoch: Eq. 4, then start the next epoch's sums."""
        real, fake = self.real_sum / self.real_count, self.fake_sum / self.fake_count
        used = self.margin.clone()
        self.margin.copy_(adapted_margin(self.margin, real, fake, self.fake_before))
        self.fake_before.copy_(fake)
        self._forget_sums()
        return {"margin": used, "next_margin": self.margin.clone(), "real_energy": real, "fake_energy": fake}

    def _forget_sums(self) -> None:
        for total in (self.real_sum, self.real_count, self.fake_sum, self.fake_count):
            total.zero_()


@dataclass(frozen=True, kw_only=True)
class MAGAN(Algorithm[MarginMemory]):
    """Margin adaptation (Wang et al. 2017, Algorithm 1, with the errata of the documentation's MAGAN page).

    Attributes:
        pretrain_epochs: passes in which the discriminator alone learns to reconstruct real data (the paper: 2); like
            the calibration, no longer than the adversarial training.
        energy: "squared", the sum of squared errors as in the authors' code, or "norm", Eq. 1.
    """

    players = ("generator", "discriminator")
    """Generator and auto-encoding discriminator."""
    pretrain_epochs: int = 2
    energy: EnergyKind = "squared"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pretrain_epochs < 0:
            raise ValueError(f"pretrain_epochs must be at least 0, got {self.pretrain_epochs}.")

    def create_memory(self) -> MarginMemory:
        """The margin and the energy sums."""
        return MarginMemory()

    def stages(self) -> tuple[Stage[MarginMemory], ...]:
        """Pre-training on real data, one pass that measures the first margin, and the adversarial epochs."""
        pretrain = Move("discriminator", self._pretrain, ("discriminator",))
        measure = Move("measure", self._measure, ())
        adversarial = (
            Move("discriminator", self._discriminator, ("discriminator",)),
            Move("generator", self._generator, ("generator",), fresh=False),
        )
        return (
            Stage("pretrain", (pretrain,), epochs=self.pretrain_epochs),
            Stage("calibrate", (measure,), epochs=1, close_epoch=MarginMemory.calibrate),
            Stage("adversarial", adversarial, self.epochs, self.iterations, close_epoch=MarginMemory.adapt),
        )

    def _pretrain(self, players: Players, memory: MarginMemory, draw: Draw) -> Outcome:
        real = energies(players, draw.real, self.energy)
        return Outcome({"discriminator": real.mean()}, {"real_energy": real.mean()})

    def _measure(self, players: Players, memory: MarginMemory, draw: Draw) -> Outcome:
        with torch.no_grad():
            real = energies(players, draw.real, self.energy)
        memory.add_real(real)
        return Outcome({}, {"real_energy": real.mean()})

    def _discriminator(self, players: Players, memory: MarginMemory, draw: Draw) -> Outcome:
        real, fake = real_and_fake_energies(players, draw, self.energy)
        memory.add_real(real)
        return hinge_outcome(real, fake, memory.margin.to(real.dtype))

    def _generator(self, players: Players, memory: MarginMemory, draw: Draw) -> Outcome:
        fake = energies(players, players["generator"](draw.latent()), self.energy)
        memory.add_fake(fake)
        return generator_outcome(fake)
