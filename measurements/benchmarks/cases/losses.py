"""The MMD loss against one kernel matrix and automatic differentiation, and against the fewest calls that it takes."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from equipoise.losses import GaussianKernel, squared_mmd
from equipoise.losses.kernels import GAUSSIAN_MIXTURE
from measurements.benchmarks import plain
from measurements.benchmarks.cases.common import SEED
from measurements.benchmarks.measure import Case
from measurements.benchmarks.timers import Way


def mmd_loss(name: str, bandwidths: tuple[float, ...]) -> Case:
    """Loss and gradient of 64 features of 16 numbers."""

    def prepare() -> dict[str, Way]:
        noise = torch.Generator().manual_seed(SEED)
        sides = [torch.randn(64, 16, generator=noise).requires_grad_() for _ in range(2)]
        losses: dict[str, Callable[..., torch.Tensor]] = {
            "kernel matrix and autograd": partial(plain.squared_mmd, bandwidths=bandwidths),
            "cdist and autograd": partial(plain.squared_mmd, bandwidths=bandwidths, by_cdist=True),
            "nothing but the calls": _Bare.apply,
            "equipoise": partial(squared_mmd, kernel=GaussianKernel(bandwidths)),
        }
        if bandwidths != (1.0,):
            del losses["nothing but the calls"]
        return {name: partial(_with_gradient, loss, sides) for name, loss in losses.items()}

    work = "forward and backward, batch 64, 16 features, float32"
    return Case(
        f"MMD loss, {name}",
        "one kernel matrix and autograd",
        {"equipoise": 1.0},
        prepare,
        work,
        rounds=15,
        calls=100,
        also={"cdist and autograd": 4.0},
    )


def _with_gradient(loss: Callable[..., torch.Tensor], sides: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    return torch.autograd.grad(loss(*sides), sides)


class _Bare(torch.autograd.Function):
    """One bandwidth of 1, 64 features on each side: no look at the arguments, no other kernel, loss or size."""

    pairs = torch.full((2, 64, 2, 64), -1.0)
    pairs[0, :, 0], pairs[1, :, 1] = 1 - torch.eye(64), 1 - torch.eye(64)
    pairs[0, :, 1] = pairs[1, :, 0] = torch.eye(64) - 1
    weights = (pairs / (64 * 63)).view(128, 128)
    forces, ones, rate = -4 * weights, torch.ones(128), torch.tensor(-0.5)

    @staticmethod
    def forward(ctx: Any, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        rows = torch.cat((real, fake))
        rows = rows - rows.mean(0)
        squares = torch.linalg.vecdot(rows, rows)
        distances = (squares[:, None] + squares).addmm_(rows, rows.T, alpha=-2).clamp_(min=0)
        similarities = distances.mul_(_Bare.rate).exp_()
        total = torch.dot(similarities.view(-1), _Bare.weights.view(-1))
        forces = similarities.mul_(_Bare.rate).mul_(_Bare.forces)
        ctx.save_for_backward(torch.addmm(forces.mv(_Bare.ones)[:, None] * rows, forces, rows, beta=-1))
        return total

    @staticmethod
    def backward(ctx: Any, *outputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        (gradients,) = ctx.saved_tensors
        found: tuple[torch.Tensor, ...] = (outputs[0] * gradients).view(2, 64, 16).unbind()
        return found


def cases() -> list[Case]:
    """One bandwidth and five."""
    return [mmd_loss("one bandwidth", (1.0,)), mmd_loss("five bandwidths", GAUSSIAN_MIXTURE)]
