"""Batch normalisation whose statistics belong to a named kind of batch, and which a reading pass never changes."""

from typing import Any

import torch
from torch import distributed, nn
from torch.nn import functional

MAIN_KIND = ("main",)


class _SumOverRanks(torch.autograd.Function):
    """The sum over all processes; so is its gradient, as every process's loss depends on every process's term."""

    @staticmethod
    def forward(context: Any, value: torch.Tensor) -> torch.Tensor:
        total = value.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        total: torch.Tensor = _SumOverRanks.apply(gradients[0].contiguous())
        return total


def sum_over_ranks(value: torch.Tensor) -> torch.Tensor:
    """The sum of `value` over all processes, with gradient; the value itself when there is one process."""
    if not many_ranks():
        return value
    total: torch.Tensor = _SumOverRanks.apply(value)
    return total


def many_ranks() -> bool:
    """Whether this is one of several processes of a distributed run."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def batch_moments(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean and biased variance per channel over the batch of all processes, and how many values they were taken from.

    Args:
        values: [batch, channels, ...].

    Returns:
        mean [channels], variance [channels], count [].
    """
    over = [0, *range(2, values.ndim)]
    count = sum_over_ranks(values.new_tensor(values.numel() / values.shape[1]))
    mean = sum_over_ranks(values.sum(over)) / count
    deviations = values - mean.reshape(1, -1, *[1] * (values.ndim - 2))
    return mean, sum_over_ranks(deviations.square().sum(over)) / count, count


class BatchNorm(nn.Module):
    """Batch normalisation of [batch, channels] or [batch, channels, height, width].

    All kinds of batch share scale and shift; each has running statistics of its own. These move only in training mode
    while gradients are recorded and the layer itself is being trained, so that neither a pass under `no_grad` nor one
    through a frozen player changes anything.

    Args:
        channels: size of dimension 1.
        kinds: names of the kinds of batch; the first is used where none is named.
        epsilon: added to the variance.
        decay: share of the old running statistics kept at an update: TensorFlow's momentum, one minus torch's.
    """

    couples_samples = True

    def __init__(
        self, channels: int, kinds: tuple[str, ...] = MAIN_KIND, epsilon: float = 1e-5, decay: float = 0.9
    ) -> None:
        super().__init__()
        if not kinds:
            raise ValueError("kinds must name at least one kind of batch, got an empty tuple.")
        self.channels, self.kinds, self.epsilon, self.decay = channels, tuple(kinds), epsilon, decay
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        for kind in self.kinds:
            self.register_buffer(f"running_mean_{kind}", torch.zeros(channels))
            self.register_buffer(f"running_variance_{kind}", torch.ones(channels))

    def forward(self, values: torch.Tensor, batch_kind: str | None = None) -> torch.Tensor:
        """values: [batch, channels, ...]; the result has the same shape."""
        mean, variance = self.running_statistics(batch_kind or self.kinds[0])
        if not self.training:
            return functional.batch_norm(values, mean, variance, self.weight, self.bias, False, 0.0, self.epsilon)
        if many_ranks():
            return self._over_ranks(values, mean, variance)
        if not self._learns():
            return functional.batch_norm(values, None, None, self.weight, self.bias, True, 0.0, self.epsilon)
        return functional.batch_norm(
            values, mean, variance, self.weight, self.bias, True, 1.0 - self.decay, self.epsilon
        )

    def _learns(self) -> bool:
        return torch.is_grad_enabled() and self.weight.requires_grad

    def running_statistics(self, batch_kind: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Running mean and variance [channels] of one kind of batch."""
        if batch_kind not in self.kinds:
            raise ValueError(f"batch_kind must be one of {', '.join(self.kinds)}, got {batch_kind!r}.")
        return self.get_buffer(f"running_mean_{batch_kind}"), self.get_buffer(f"running_variance_{batch_kind}")

    def _over_ranks(self, values: torch.Tensor, running_mean: torch.Tensor, running: torch.Tensor) -> torch.Tensor:
        mean, variance, count = batch_moments(values)
        if self._learns():
            unbiased = variance.detach() * (count / (count - 1))
            running_mean.lerp_(mean.detach(), 1.0 - self.decay)
            running.lerp_(unbiased, 1.0 - self.decay)
        shape = (1, -1, *[1] * (values.ndim - 2))
        scale = self.weight * torch.rsqrt(variance + self.epsilon)
        return (values - mean.reshape(shape)) * scale.reshape(shape) + self.bias.reshape(shape)

    def extra_repr(self) -> str:
        """What `print` shows of the layer."""
        return f"{self.channels}, kinds={self.kinds}, epsilon={self.epsilon}, decay={self.decay}"
