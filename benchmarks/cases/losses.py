"""The MMD loss against torch.cdist and automatic differentiation."""

import plain
import torch
from measure import Case
from timers import Way

from cases.common import SEED
from equipoise.losses import GaussianKernel, squared_mmd
from equipoise.losses.kernels import GAUSSIAN_MIXTURE


def mmd_loss(name: str, bandwidths: tuple[float, ...]) -> Case:
    """Loss and gradient of 64 features of 16 numbers."""

    def prepare() -> dict[str, Way]:
        noise = torch.Generator().manual_seed(SEED)
        real, fake = (torch.randn(64, 16, generator=noise).requires_grad_() for _ in range(2))
        kernel = GaussianKernel(bandwidths)
        return {
            "cdist and autograd": lambda: torch.autograd.grad(plain.squared_mmd(real, fake, bandwidths), (real, fake)),
            "equipoise": lambda: torch.autograd.grad(squared_mmd(real, fake, kernel), (real, fake)),
        }

    work = "forward and backward, batch 64, 16 features, float32"
    return Case(
        f"MMD loss, {name}", "torch.cdist and autograd", {"equipoise": 4.0}, prepare, work, rounds=15, calls=200
    )


def cases() -> list[Case]:
    """One bandwidth and five."""
    return [mmd_loss("one bandwidth", (1.0,)), mmd_loss("five bandwidths", GAUSSIAN_MIXTURE)]
