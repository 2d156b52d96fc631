"""The two-parameter MMD-GAN whose gradient flow can be drawn and solved (Wang et al. 2019, appendix A.2).

The generator is G(z) = w1 z with z ~ U(-1, 1), the discriminator D(x) = w2 x², the kernel Gaussian. Both players follow
their own gradient at the same time: w1' = -dL_G/dw1 and w2' = -dL_D/dw2. Expectations over the population come from
quadrature, so nothing here is random unless a sample takes the place of the population.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from equipoise.common.checks import check_at_least, check_positive
from equipoise.simulations.quadrature import Quadrature, uniform

ATTRACTIVE = -1.0
"""Lambda of the attractive loss."""
REPULSIVE = 1.0
"""Lambda of the repulsive loss."""
_FLOW_STEPS, _FLOW_STEP = 200, 0.4
"""How long orbits are followed, by the slowed clock."""


@dataclass(frozen=True)
class TwoParameterMMD:
    """The system for one data distribution and one discriminator loss.

    Args:
        data: the data distribution, whose points are squared by the discriminator.
        repulsion: lambda of Eq. 5; -1 is the attractive loss, 1 the repulsive one.
        bandwidth: the kernel is exp(-(a - b)² / (2 bandwidth²)).
        noise: the distribution of z.
    """

    data: Quadrature
    repulsion: float = REPULSIVE
    bandwidth: float = 0.5
    noise: Quadrature = field(default_factory=uniform)

    def __post_init__(self) -> None:
        check_positive("bandwidth", self.bandwidth)

    def expected_kernels(self, w1: Tensor, w2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """E k(D(x), D(x')), E k(D(x), D(y)) and E k(D(y), D(y')) for parameters of one shape, kept by the results."""
        real = w2[..., None] * self.data.points**2
        fake = w2[..., None] * (w1[..., None] * self.noise.points) ** 2
        return (
            self._mean_kernel(real, self.data.weights, real, self.data.weights),
            self._mean_kernel(real, self.data.weights, fake, self.noise.weights),
            self._mean_kernel(fake, self.noise.weights, fake, self.noise.weights),
        )

    def generator_loss(self, w1: Tensor, w2: Tensor) -> Tensor:
        """The squared MMD, E_xx + E_yy - 2 E_xy (Eq. 2)."""
        real, cross, fake = self.expected_kernels(w1, w2)
        return real + fake - 2 * cross

    def discriminator_loss(self, w1: Tensor, w2: Tensor) -> Tensor:
        """Lambda E_xx - (lambda - 1) E_xy - E_yy (Eq. 5)."""
        real, cross, fake = self.expected_kernels(w1, w2)
        return self.repulsion * real - (self.repulsion - 1) * cross - fake

    def velocity(self, parameters: Tensor) -> Tensor:
        """The velocity (w1', w2') at parameters [..., 2], of the same shape: both losses' slopes in closed form."""
        w1, w2 = parameters.unbind(-1)
        real, fake = self.data.points**2, (w1[..., None] * self.noise.points) ** 2
        on_real, _ = self._forces(w2, real, self.data, real, self.data)
        on_cross, to_real = self._forces(w2, real, self.data, fake, self.noise)
        on_fake, to_fake = self._forces(w2, fake, self.noise, fake, self.noise)
        change1 = 4 * w1 * w2**2 * (to_real - to_fake)
        change2 = w2 * (self.repulsion * on_real - (self.repulsion - 1) * on_cross - on_fake)
        return torch.stack([change1, change2], dim=-1) / self.bandwidth**2

    def jacobian(self, parameters: Tensor) -> Tensor:
        """The derivative [2, 2] of the velocity at parameters [2]: row i holds the derivatives of w_i'."""
        derivative: Tensor = torch.func.jacrev(self.velocity)(parameters)
        return derivative

    def _forces(
        self, w2: Tensor, a: Tensor, from_a: Quadrature, b: Tensor, from_b: Quadrature
    ) -> tuple[Tensor, Tensor]:
        """E (a - b)² k(w2 a, w2 b) and E (a - b) z² k(w2 a, w2 b), where z is the point behind b."""
        gaps = a[..., :, None] - b[..., None, :]
        forces = gaps * torch.exp(-((w2[..., None, None] * gaps) ** 2) / (2 * self.bandwidth**2))
        squared = ((forces * gaps) @ from_b.weights) @ from_a.weights
        return squared, (forces @ (from_b.weights * from_b.points**2)) @ from_a.weights

    def _mean_kernel(self, a: Tensor, weights_a: Tensor, b: Tensor, weights_b: Tensor) -> Tensor:
        kernel = torch.exp(-((a[..., :, None] - b[..., None, :]) ** 2) / (2 * self.bandwidth**2))
        return (kernel @ weights_b) @ weights_a


def eigenvalues(system: TwoParameterMMD, parameters: Tensor) -> Tensor:
    """The two eigenvalues, complex and sorted by their real part, of the flow's Jacobian at parameters [2]."""
    values: Tensor = torch.linalg.eigvals(system.jacobian(parameters))
    return torch.take(values, values.real.argsort())


def equilibrium(
    system: TwoParameterMMD, start: tuple[float, float] = (1.5, 0.4), tolerance: float = 1e-12, limit: int = 60
) -> Tensor:
    """The equilibrium [2] that Newton's method, with halved steps where a full one does not help, finds from `start`.

    Raises:
        ArithmeticError: no point with a velocity below `tolerance` was found in `limit` steps.
    """
    point = torch.tensor(start, dtype=torch.float64)
    for _ in range(limit):
        velocity = system.velocity(point)
        if velocity.abs().max() < tolerance:
            return point
        point = _damped_step(system, point, velocity)
    raise ArithmeticError(f"no equilibrium was found from {start} in {limit} Newton steps; begin nearer to one.")


def flow(system: TwoParameterMMD, starts: Tensor, rate_ratio: float = 1.0) -> Tensor:
    """Where the flow carries starts [n, 2] with w2 > 0 (classical Runge-Kutta).

    The state is (w1, log w2), because w2 decays towards the trivial solution at rates that differ by orders of
    magnitude. The clock is slowed to a speed below 1 where the flow is fast. Both leave the orbits as they are.

    Args:
        rate_ratio: the generator's learning rate over the discriminator's.
    """
    check_positive("rate_ratio", rate_ratio)
    rates = torch.tensor([rate_ratio**0.5, rate_ratio**-0.5], dtype=starts.dtype)
    state = torch.stack([starts[:, 0], starts[:, 1].log()], dim=1)
    step = _FLOW_STEP
    for _ in range(_FLOW_STEPS):
        k1 = _slowed_velocity(system, rates, state)
        k2 = _slowed_velocity(system, rates, state + step / 2 * k1)
        k3 = _slowed_velocity(system, rates, state + step / 2 * k2)
        k4 = _slowed_velocity(system, rates, state + step * k3)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return torch.stack([state[:, 0], state[:, 1].exp()], dim=1)


def start_grid(columns: int = 15, rows: int = 14) -> Tensor:
    """Starts [columns * rows, 2] evenly over 0.1 <= w1 <= 3 and 0.05 <= w2 <= 2."""
    check_at_least("columns", columns, 2)
    check_at_least("rows", rows, 2)
    w1 = torch.linspace(0.1, 3.0, columns, dtype=torch.float64)
    w2 = torch.linspace(0.05, 2.0, rows, dtype=torch.float64)
    return torch.cartesian_prod(w1, w2)


def is_trivial(ends: Tensor) -> Tensor:
    """Which of the end points [n, 2] lie on the trivial solution w2 = 0, where the discriminator sees nothing."""
    return ends[:, 1].abs() < 1e-3


def _slowed_velocity(system: TwoParameterMMD, rates: Tensor, state: Tensor) -> Tensor:
    """The velocity of (w1, log w2), [n, 2], divided by one plus its length."""
    w1, w2 = state[:, 0], state[:, 1].exp()
    velocity = rates * system.velocity(torch.stack([w1, w2], dim=1)) / torch.stack([torch.ones_like(w2), w2], dim=1)
    slowed: Tensor = velocity / (1 + torch.linalg.vector_norm(velocity, dim=1, keepdim=True))
    return slowed


def _damped_step(system: TwoParameterMMD, point: Tensor, velocity: Tensor) -> Tensor:
    step: Tensor = torch.linalg.solve(system.jacobian(point), velocity)
    for halving in range(12):
        candidate: Tensor = point - step / 2**halving
        if system.velocity(candidate).norm() < velocity.norm():
            return candidate
    return point - step
