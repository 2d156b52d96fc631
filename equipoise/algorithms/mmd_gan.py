"""MMD-GAN: the discriminator maps images to features whose distributions a kernel compares (Wang et al. 2019)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from equipoise.algorithms.penalties import Penalty, added, check_penalties, penalised
from equipoise.algorithms.scores import fixed_fakes, scores, scores_of_each, told_classes, told_latents
from equipoise.common.checks import check_non_negative, check_whole
from equipoise.constraints import scaled_mmd_loss, scaled_repulsive_loss
from equipoise.constraints.gradient_penalties import scores_and_squared_norms
from equipoise.losses import mmd_discriminator_loss, mmd_generator_loss
from equipoise.losses.catalogue import KERNELS
from equipoise.losses.kernels import Kernel
from equipoise.training.distributed import gather_each
from equipoise.training.draw import Draw
from equipoise.training.game import Algorithm, Move, Outcome, Players, Stage

ScaleName = Literal["none", "scaled-mmd", "scaled-repulsive"]
"""How the discriminator's loss is scaled by its Jacobian, by name."""

_SCALED_LOSSES: Mapping[ScaleName, Callable[[Tensor, Tensor, float], Tensor]] = {
    "scaled-mmd": scaled_mmd_loss,
    "scaled-repulsive": scaled_repulsive_loss,
}


@dataclass(frozen=True, kw_only=True)
class MMDGAN(Algorithm[nn.Module]):
    """The generator minimises MMD^2; the discriminator's loss is lambda Exx - (lambda - 1) Exy - Eyy (Eq. 5).

    Where the latent vectors name classes, the generated images have the classes of the real batch, and the kernel
    counts between images of one class only, in both losses; the discriminator is not told the classes.

    Attributes:
        repulsion: lambda. -1 is the attractive loss -MMD^2 (Eq. 3), 1 the repulsive Exx - Eyy (Eq. 4).
        bounds: (lower, upper) on the squared distances in the discriminator's loss, (0.25, 4) in the paper; or None.
        kernel: "gaussian", exp(-d^2 / (2 sigma^2)), "rational-quadratic", (1 + d^2 / (2 alpha))^-alpha, "laplace",
            exp(-d / tau), or "distance", -d / tau.
        widths: the sigmas, alphas or taus; the kernels of several are summed.
        unbiased: whether the pairs i = j are left out of every sum (Eq. S4).
        code_compat: whether bounds spare the real-fake pairs for every lambda, as in the authors' code.
        scale: divides the discriminator's loss by 1 + scale_weight E ||J||_F^2 at real images: "scaled-mmd" (Eq. S7)
            or "scaled-repulsive", which subtracts 1 from the loss first (Eq. S8); "none" for neither.
        scale_weight: lambda of S7 and S8, 0.1 in the paper.
        penalties: added to the discriminator's loss, on its whole Jacobian; each kind at most once.
        discriminator_steps: discriminator steps per generator step, when they alternate.
        update: "simultaneous", both gradients from one forward pass as in the authors' code, or "alternating".
    """

    players = ("generator", "discriminator")
    """Generator and discriminator; the latter returns features [batch, features]."""
    tells_classes: ClassVar[bool] = True
    repulsion: float = 1.0
    bounds: tuple[float, float] | None = None
    kernel: str = "gaussian"
    widths: tuple[float, ...] = (1.0,)
    unbiased: bool = True
    code_compat: bool = False
    scale: ScaleName = "none"
    scale_weight: float = 0.1
    penalties: tuple[Penalty, ...] = ()
    discriminator_steps: int = 1
    update: Literal["simultaneous", "alternating"] = "simultaneous"

    def __post_init__(self) -> None:
        super().__post_init__()
        KERNELS.check(self.kernel)
        self._kernel()
        check_non_negative("scale_weight", self.scale_weight)
        check_penalties(self.penalties)
        check_whole("discriminator_steps", self.discriminator_steps, 1)
        if self.update == "simultaneous" and self.discriminator_steps != 1:
            raise ValueError("a simultaneous update makes exactly one discriminator step per generator step.")
        if self.bounds is not None and not 0 <= self.bounds[0] < self.bounds[1] < float("inf"):
            raise ValueError(f"bounds must be (lower, upper) with 0 <= lower < upper, got {self.bounds}.")

    def stages(self) -> tuple[Stage[nn.Module], ...]:
        """One stage."""
        variant, steps = partial(added, self.penalties), self.discriminator_steps
        moves: dict[str, tuple[Move[nn.Module], ...]] = {
            "simultaneous": (Move("both", self._both, ("discriminator", "generator"), variant=variant),),
            "alternating": (
                Move("discriminator", self._discriminator, ("discriminator",), steps, variant=variant),
                Move("generator", self._generator, ("generator",), fresh=False),
            ),
        }
        return (Stage("adversarial", moves[self.update], self.epochs, self.iterations),)

    def _both(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        fake = players["generator"](told_latents(draw))
        real_features, jacobian = self._real_features(players, draw)
        fake_features = scores(players, fake)
        classes = told_classes(draw)
        discriminator_loss = self._discriminator_loss(real_features, fake_features, classes)
        extended, measures = self._with_constraints(discriminator_loss, jacobian, players, fake, draw)
        generator_loss = self._generator_loss(real_features.detach(), fake_features, classes)
        losses = {"discriminator": extended, "generator": generator_loss}
        return Outcome(losses, measures | {"squared_mmd": generator_loss})

    def _discriminator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        fake = fixed_fakes(players, draw)
        jacobian = None
        if self.scale == "none":
            real_features, fake_features = scores_of_each(players, draw.real, fake)
        else:
            real_features, jacobian = self._real_features(players, draw)
            fake_features = scores(players, fake)
        loss = self._discriminator_loss(real_features, fake_features, told_classes(draw))
        extended, measures = self._with_constraints(loss, jacobian, players, fake, draw)
        return Outcome({"discriminator": extended}, measures)

    def _generator(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        with torch.no_grad():
            real_features = scores(players, draw.real)
        fake_features = scores(players, players["generator"](told_latents(draw)))
        loss = self._generator_loss(real_features, fake_features, told_classes(draw))
        return Outcome({"generator": loss}, {"squared_mmd": loss})

    def _generator_loss(self, real_features: Tensor, fake_features: Tensor, classes: Tensor | None) -> Tensor:
        """MMD^2, with the plain kernel whatever bounds the discriminator has."""
        return mmd_generator_loss(real_features, fake_features, self._kernel(), self.unbiased, classes)

    def _discriminator_loss(self, real_features: Tensor, fake_features: Tensor, classes: Tensor | None) -> Tensor:
        return mmd_discriminator_loss(
            real_features,
            fake_features,
            self.repulsion,
            self.bounds,
            self._kernel(),
            self.unbiased,
            self.code_compat,
            classes,
        )

    def _kernel(self) -> Kernel:
        found: Kernel = KERNELS.load(self.kernel)(self.widths)
        return found

    def _with_constraints(
        self, loss: Tensor, jacobian: Tensor | None, players: Players, fake: Tensor, draw: Draw
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The discriminator's loss, scaled and penalised as set, and what of that goes to the log."""
        measures: dict[str, Tensor] = {}
        if jacobian is not None:
            loss = _SCALED_LOSSES[self.scale](loss, jacobian, self.scale_weight)
            measures["squared_jacobian"] = jacobian.mean()
        loss, found = penalised(loss, self.penalties, players["discriminator"], fake, draw)
        return loss, measures | found

    def _real_features(self, players: Players, draw: Draw) -> tuple[Tensor, Tensor | None]:
        """The real features, and the squared norm of each sample's Jacobian where the loss is scaled by it."""
        if self.scale == "none":
            return scores(players, draw.real), None
        real_features, jacobians = gather_each(*scores_and_squared_norms(players["discriminator"], draw.real))
        return real_features, jacobians
