"""Adamax with less overhead per step, which dominates for small networks."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.training.eager import unrecorded


class LeanAdamax(torch.optim.Optimizer):
    """Computes the same as torch.optim.Adamax (Kingma and Ba 2015, section 7.1) in five operations per tensor.

    m <- beta1 m + (1 - beta1) g;  u <- max(beta2 u, |g| + eps);  value <- value - lr / (1 - beta1^step) m / u

    With a group's `capturable` the count of steps lives on the device, and so may the rate: a CUDA graph can hold it.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, betas: tuple[float, float], eps: float):
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps, "capturable": False})

    @unrecorded
    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step of every tensor that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    _step(parameter, parameter.grad, self.state[parameter], group)


def _step(parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    if not state:
        state["step"] = torch.zeros((), device=parameter.device if group["capturable"] else "cpu")
        state["exp_avg"], state["exp_inf"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
    (beta1, beta2), average, largest = group["betas"], state["exp_avg"], state["exp_inf"]
    state["step"] += 1
    average.lerp_(gradient, 1 - beta1)
    torch.maximum(largest.mul_(beta2), gradient.abs().add_(group["eps"]), out=largest)
    if group["capturable"]:
        parameter.sub_(average / largest * (group["lr"] / (1 - beta1 ** state["step"])))
    else:
        parameter.addcdiv_(average, largest, value=-group["lr"] / (1 - beta1 ** float(state["step"])))
