"""BEGAN: two energies in a set ratio, held by a control variable (Berthelot et al. 2017)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from equipoise.algorithms.energy import energies
from equipoise.common.checks import check_non_negative, check_positive
from equipoise.losses import boundary_equilibrium_losses, convergence_measure, updated_balance
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


class BalanceMemory(nn.Module):
    """What BEGAN remembers: k, from 0."""

    balance: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("balance", torch.zeros((), dtype=torch.float64))


@dataclass(frozen=True, kw_only=True)
class BEGAN(Algorithm[BalanceMemory]):
    """Both players step at once on one generated batch; then k is updated (Berthelot et al. 2017, section 3.4).

    Attributes:
        gamma: the ratio of the expected energies, generated to real, that is held; higher is more diverse.
        rate: lambda_k, how fast k moves.
    """

    players = ("generator", "discriminator")
    """Generator and auto-encoding discriminator."""
    gamma: float = 0.5
    rate: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("gamma", self.gamma)
        check_non_negative("rate", self.rate)

    def create_memory(self) -> BalanceMemory:
        """k, from 0."""
        return BalanceMemory()

    def stages(self) -> tuple[Stage[BalanceMemory], ...]:
        """One stage of one simultaneous move."""
        move = Move("both", self._both, ("discriminator", "generator"))
        return (Stage("adversarial", (move,), self.epochs, self.iterations),)

    def _both(self, players: Players, memory: BalanceMemory, draw: Draw) -> Outcome:
        real = energies(players, draw.real, "mean_absolute")
        fake = energies(players, players["generator"](draw.latent()), "mean_absolute")
        used = memory.balance.clone()
        discriminator_loss, generator_loss = boundary_equilibrium_losses(real, fake, used.to(real.dtype))
        memory.balance.copy_(updated_balance(memory.balance, real.detach(), fake.detach(), self.gamma, self.rate))
        measures = {
            "balance": used,
            "convergence": convergence_measure(real, fake, self.gamma),
            "real_energy": real.mean(),
            "fake_energy": fake.mean(),
        }
        return Outcome({"discriminator": discriminator_loss, "generator": generator_loss}, measures)
