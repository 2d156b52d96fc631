"""Drifting: a generator without an adversary that follows its own samples' drift (Deng et al. 2026).

    L_G = E ||G(z) - stop(G(z) + V(G(z)))||^2

V is the attraction to the data less the repulsion from the batch's other samples (`equipoise.losses.drift`).
"""

from dataclasses import dataclass

from torch import nn

from equipoise.algorithms.pretrained import Features, flat_of_each
from equipoise.common.checks import check_non_negative
from equipoise.losses.drift import Division, DriftKernel, drift, drifting_loss
from equipoise.losses.kernels import check_widths
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage


@dataclass(frozen=True, kw_only=True)
class Drifting(Algorithm[nn.Module]):
    """The generator regresses on where its samples drift to.

    Attributes:
        kernel: "laplace" as in the paper, "gaussian" or "rational-quadratic".
        widths: the taus, sigmas or alphas; the drift is the mean over them. (The paper sums drifts that are each scaled
            to one size.)
        repulsion: 1 in the paper; with another factor, equal distributions are no equilibrium.
        division: "sides" divides attraction and repulsion each by its own weights; "joint" is the paper's Algorithm 2.
        features: where samples drift: "none" for pixels or points; or in the features of EfficientNet-Lite0, of images
            in the experiment's value range, "unit" or "symmetric".
    """

    players = ("generator",)
    kernel: DriftKernel = "laplace"
    widths: tuple[float, ...] = (1.0,)
    repulsion: float = 1.0
    division: Division = "sides"
    features: Features = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_widths("widths", self.widths)
        check_non_negative("repulsion", self.repulsion)

    def stages(self) -> tuple[Stage[nn.Module], ...]:
        """One stage of one move."""
        return (Stage("drifting", (Move("generator", self._follow, ("generator",)),), self.epochs, self.iterations),)

    def _follow(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        real, fake = flat_of_each(self.features, draw.real, players["generator"](draw.latent()))
        options = self.kernel, self.widths, self.repulsion, self.division
        loss = drifting_loss(real, fake, lambda fake, real: drift(fake, real, None, *options))
        return Outcome({"generator": loss}, {"squared_drift": loss})
