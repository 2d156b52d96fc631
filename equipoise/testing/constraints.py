"""The contracts of constraints: what is attached to a player, and penalties on its gradient.

`check_constraint` runs all of `CONSTRAINT_CONTRACTS`, `check_penalty` all of `PENALTY_CONTRACTS`.
"""

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from equipoise.common.random import stream
from equipoise.experiments.experiment import PlayerConstraint
from equipoise.testing.requirements import (
    require,
    require_close,
    require_equal_tensors,
    require_refusal,
    require_still_generator,
)

Penalty = Callable[[nn.Module, Tensor], Tensor]
"""A penalty of each sample: of a discriminator and points [batch, features], a tensor [batch]."""


def normal(*shape: int, purpose: str = "points") -> Tensor:
    """Normal numbers in float64 that depend on the purpose alone."""
    return torch.randn(shape, generator=stream(11, purpose), dtype=torch.float64)


class Critic(nn.Module):
    """last @ tanh(hidden @ x): smooth, with a gradient that can be written by hand. [batch, 5] -> [batch, 3]."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Parameter(normal(6, 5, purpose="hidden"))
        self.last = nn.Parameter(normal(3, 6, purpose="last"))

    def forward(self, points: Tensor) -> Tensor:
        """Scores [batch, 3] of points [batch, 5]."""
        return torch.tanh(points @ self.hidden.T) @ self.last.T


def squared_jacobian(critic: Critic, point: np.ndarray[Any, Any]) -> float:
    """The sum of squares of the Jacobian at one point [5], by loops over the gradient that is written by hand."""
    hidden, last = critic.hidden.detach().double().numpy(), critic.last.detach().double().numpy()
    total = 0.0
    for output in last:
        for entry in range(len(point)):
            slope = [
                w * (1 - math.tanh(float(row @ point)) ** 2) * row[entry] for w, row in zip(output, hidden, strict=True)
            ]
            total += math.fsum(slope) ** 2
    return total


def small_player() -> nn.Sequential:
    """A rectified network of both kinds of layer in float64. [batch, 2, 6, 6] -> [batch, 2]."""
    network = nn.Sequential(nn.Conv2d(2, 3, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(27, 2)).double()
    for position, parameter in enumerate(network.parameters()):
        parameter.data = normal(*parameter.shape, purpose=f"weights {position}")
    return network


IMAGES = normal(4, 2, 6, 6, purpose="images")
"""Input of `small_player`."""


def check_constraint(constraint: PlayerConstraint) -> None:
    """Check what is attached to a player with every contract of `CONSTRAINT_CONTRACTS`.

    Raises:
        AssertionError: names the constraint and what it breaks.
    """
    for contract in CONSTRAINT_CONTRACTS:
        contract(constraint)


def is_not_moved_by_a_forward_pass(constraint: PlayerConstraint) -> None:
    """A forward pass changes no parameter and no buffer, with gradients or without."""
    network = _trained(constraint, small_player().train())
    before = copy.deepcopy(network.state_dict())
    network(IMAGES)
    with torch.no_grad():
        network(IMAGES)
    require_equal_tensors(network.state_dict(), before, f"{constraint} before and after a forward pass")


def leaves_the_global_generator_alone(constraint: PlayerConstraint) -> None:
    """Attaching it and training with it move no global random number generator."""
    network = small_player().train()
    require_still_generator(lambda: _trained(constraint, network), str(constraint))


def resumes_from_a_state_dict(constraint: PlayerConstraint) -> None:
    """A player that is rebuilt from its state goes on bit for bit: what the constraint remembers lies in buffers."""
    straight, cut = (_attached(constraint, small_player(), 0) for _ in range(2))
    resumed = _attached(constraint, small_player(), 99)
    _train(constraint, straight)
    _train(constraint, straight)
    _train(constraint, cut)
    resumed.load_state_dict(cut.state_dict())
    _train(constraint, resumed)
    require_equal_tensors(resumed.state_dict(), straight.state_dict(), f"{constraint} after a resume")


def _attached(constraint: PlayerConstraint, network: nn.Sequential, seed: int) -> nn.Sequential:
    constraint.attach(network, IMAGES, stream(seed, "vectors"))
    return network


def _trained(constraint: PlayerConstraint, network: nn.Sequential) -> nn.Sequential:
    _train(constraint, _attached(constraint, network, 0))
    return network


def _train(constraint: PlayerConstraint, network: nn.Sequential) -> None:
    """Two steps of plain gradient descent."""
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    for _ in range(2):
        optimiser.zero_grad()
        network(IMAGES).square().mean().backward()
        optimiser.step()
        constraint.after_step(network)


CONSTRAINT_CONTRACTS: tuple[Callable[[PlayerConstraint], None], ...] = (
    is_not_moved_by_a_forward_pass,
    leaves_the_global_generator_alone,
    resumes_from_a_state_dict,
)
"""Every contract of a player's constraint: a function that raises AssertionError where it is broken."""


def check_penalty(penalty: Penalty, formula: Callable[[float], float] | None = None) -> None:
    """Check a penalty of each sample with every contract of `PENALTY_CONTRACTS`.

    Args:
        penalty: called as `penalty(discriminator, points)`, as `equipoise.constraints.r1_penalty_per_sample` is.
        formula: the penalty of a sample as a function of its squared Jacobian norm, where it is one.

    Raises:
        AssertionError: names the penalty and what it breaks.
    """
    for contract in PENALTY_CONTRACTS:
        contract(penalty)
    if formula is not None:
        equals_its_formula(penalty, formula)


def equals_its_formula(penalty: Penalty, formula: Callable[[float], float]) -> None:
    """The penalties are the formula of squared Jacobian norms that loops compute."""
    critic, points = Critic(), normal(4, 5)
    expected = torch.tensor([formula(squared_jacobian(critic, point)) for point in points.numpy()]).double()
    require_close(penalty(critic, points).detach(), expected, _name(penalty), rtol=1e-6, atol=1e-12)


def treats_samples_one_by_one(penalty: Penalty) -> None:
    """It gives one number a sample, and two halves of a batch give what the whole gives: several processes need it."""
    critic, points = Critic(), normal(6, 5)
    whole = penalty(critic, points)
    require(whole.shape == (6,), f"{_name(penalty)} of 6 samples has shape {tuple(whole.shape)}, expected (6,).")
    halves = torch.cat([penalty(critic, points[:3]), penalty(critic, points[3:])])
    require_close(halves, whole, f"{_name(penalty)} of two halves", rtol=1e-13, atol=0)


def is_finite_in_float32(penalty: Penalty) -> None:
    """It is the same in float32 within 1e-5, and finite with its gradient where the discriminator saturates."""
    critic, points = Critic(), normal(4, 5)
    expected = penalty(critic, points).mean()
    critic = critic.float()
    found = penalty(critic, points.float()).mean()
    require_close(found.double(), expected, f"{_name(penalty)} in float32", rtol=1e-5, atol=0)
    far = penalty(critic, 1e4 * points.float()).mean()
    gradients = torch.autograd.grad(far, list(critic.parameters()))
    finite = all(bool(torch.isfinite(value).all()) for value in (far, *gradients))
    require(finite, f"{_name(penalty)} or its gradient is not finite where the discriminator saturates.")


def refuses_an_empty_batch(penalty: Penalty) -> None:
    """No samples raise a ValueError that says what was expected."""
    require_refusal(lambda: penalty(Critic(), torch.zeros(0, 5)), r"must .*got ", f"an empty batch of {_name(penalty)}")


def _name(penalty: Penalty) -> str:
    return getattr(penalty, "__name__", str(penalty))


PENALTY_CONTRACTS: tuple[Callable[[Penalty], None], ...] = (
    treats_samples_one_by_one,
    is_finite_in_float32,
    refuses_an_empty_batch,
)
"""Every contract of a penalty: a function that raises AssertionError where it is broken."""
