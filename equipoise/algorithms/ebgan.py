"""EBGAN: an auto-encoder discriminator with a fixed margin (Zhao et al. 2017)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from equipoise.algorithms.energy import EnergyKind, energies, generator_outcome, hinge_outcome, real_and_fake_energies
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class EBGAN(Algorithm):
    """The fixed-margin baseline of MAGAN's Figure 3: the same game without pre-training and adaptation.

    Attributes:
        margin: m, at least 0; the energy that generated images are pushed up to.
        energy: "squared", the sum of squared errors as in the MAGAN authors' code, or "norm", Eq. 1.
    """

    margin: float
    energy: EnergyKind = "squared"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.margin < float("inf"):
            raise ValueError(f"margin must be a finite number of at least 0, got {self.margin}.")

    @property
    def players(self) -> tuple[str, ...]:
        """Generator and auto-encoding discriminator."""
        return ("generator", "discriminator")

    def stages(self) -> tuple[Stage, ...]:
        """One stage of alternating steps."""
        moves = (
            Move("discriminator", self._discriminator, ("discriminator",)),
            Move("generator", self._generator, ("generator",), fresh=False),
        )
        stage = Stage("adversarial", moves, self.epochs, self.iterations, close_epoch=self._close_epoch)
        return (stage,)

    def _discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        real, fake = real_and_fake_energies(players, draw, self.energy)
        return hinge_outcome(real, fake, self.margin)

    def _generator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        return generator_outcome(energies(players, players["generator"](draw.latent()), self.energy))

    def _close_epoch(self, memory: nn.Module) -> dict[str, Tensor]:
        return {"margin": memory.get_buffer("margin")}

    def create_memory(self) -> nn.Module:
        """The margin, for the log alone: it never changes."""
        memory = nn.Module()
        memory.register_buffer("margin", torch.tensor(self.margin))
        return memory
