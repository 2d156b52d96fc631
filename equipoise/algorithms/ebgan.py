"""EBGAN: an auto-encoder discriminator with a fixed margin (Zhao et al. 2017)."""

from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from equipoise.algorithms.energy import energies, generator_outcome, hinge_outcome, real_and_fake_energies
from equipoise.common.checks import check_non_negative
from equipoise.losses import energy_generator_loss, one_sided_pulling_away, pulling_away
from equipoise.training.distributed import gather
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class EBGAN(Algorithm[nn.Module]):
    """The fixed-margin baseline of MAGAN's Figure 3: the same training without pre-training and adaptation.

    Attributes:
        margin: m, at least 0; the energy that generated images are pushed up to.
        energy: "squared", the sum of squared errors as in the MAGAN authors' code; "norm", its root; or "mean_squared",
            their mean over an image's pixels, as in the EBGAN code that MAGAN's paper scores against.
        pulling_away_weight: of the term that keeps generated samples apart (Zhao et al. 2017, section 2.4); 0 for
            EBGAN without it, 0.1 in the paper's EBGAN-PT.
        pulling_away_of: "codes" of the generated images, as in that paper (`equipoise.losses.pulling_away`); or the
            "images" themselves, as in the EBGAN code above (`equipoise.losses.one_sided_pulling_away`).
    """

    players = ("generator", "discriminator")
    """Generator and auto-encoding discriminator."""
    margin: float
    energy: Literal["squared", "norm", "mean_squared"] = "squared"
    pulling_away_weight: float = 0.0
    pulling_away_of: Literal["codes", "images"] = "codes"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_non_negative("margin", self.margin)
        check_non_negative("pulling_away_weight", self.pulling_away_weight)

    def shared(self) -> "EBGAN":
        """All but the margin."""
        return replace(self, margin=0.0)

    def stages(self) -> tuple[Stage[nn.Module], ...]:
        """One stage of alternating steps."""
        moves = (
            Move("discriminator", self._discriminator, ("discriminator",)),
            Move("generator", self._generator, ("generator",), fresh=False),
        )
        stage = Stage("adversarial", moves, self.epochs, self.iterations, close_epoch=self._close_epoch)
        return (stage,)

    def _discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        real, fake = real_and_fake_energies(players, draw, self.energy)
        return hinge_outcome(real, fake, memory.get_buffer("margin").to(real.dtype))

    def _generator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        images = players["generator"](draw.latent())
        fake = energies(players, images, self.energy)
        if not self.pulling_away_weight:
            return generator_outcome(fake)
        closeness = self._closeness(players, images)
        loss = energy_generator_loss(fake) + self.pulling_away_weight * closeness
        return Outcome({"generator": loss}, {"fake_energy": fake.mean(), "pulling_away": closeness})

    def _closeness(self, players: Players, images: Tensor) -> Tensor:
        if self.pulling_away_of == "images":
            return one_sided_pulling_away(gather(images))
        return pulling_away(gather(cast(Any, players["discriminator"]).encode(images)))

    def _close_epoch(self, memory: nn.Module) -> dict[str, Tensor]:
        return {"margin": memory.get_buffer("margin")}

    def create_memory(self) -> nn.Module:
        """The margin, which never changes: it is for the log, and runs that are played together differ in it."""
        memory = nn.Module()
        memory.register_buffer("margin", torch.tensor(self.margin, dtype=torch.float64))
        return memory
