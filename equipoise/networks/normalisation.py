"""Batch normalisation with statistics for each kind of batch, which a pass without gradients never changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import distributed, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

MAIN_KIND = ("main",)
"""The kinds of batch of a network with one kind."""


def many_ranks() -> bool:
    """Whether this is one of several processes of a distributed run."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def batch_moments(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance per channel over the batch of all processes.

    Every process sends its own two in one message; they are merged as by Chan, Golub and LeVeque 1979.

    Args:
        values: [batch, channels, ...], of one shape on every process.

    Returns:
        mean [channels], variance [channels].
    """
    found = _of_all_ranks(torch.cat(torch.batch_norm_update_stats(values, None, None, 0.0)))
    means, variances = found.chunk(2, 1)
    between, mean = torch.var_mean(means, 0, correction=0)
    return mean, variances.mean(0).add_(between)


def _ranks() -> int:
    return distributed.get_world_size() if many_ranks() else 1


def _of_all_ranks(entries: torch.Tensor) -> torch.Tensor:
    """[entries] of every process. Returns: [processes, entries]."""
    if not many_ranks():
        return entries[None]
    found = entries.new_empty(_ranks(), len(entries))
    distributed.all_gather(list(found.unbind()), entries)
    return found


class _NormaliseOverRanks(torch.autograd.Function):
    """Batch normalisation by the statistics of all processes: one message forward and one backward.

    Gradients of scale and shift are this process's part; a trainer sums them over processes. The gradient of the values
    counts what they do to the statistics of every process: with x^ the normalised values, d the standard deviation, w
    the scale, and means over the values of all processes,

        dL/dx = w / d (dL/dy - mean(dL/dy) - x^ mean(x^ dL/dy))          (Ioffe and Szegedy 2015, section 3)

    torch's own kernel finds w / d dL/dy and the sums. It cannot be differentiated twice.
    """

    @staticmethod
    def forward(
        context: Any, values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, epsilon: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mean, variance = batch_moments(values.to(weight.dtype))
        context.save_for_backward(values, weight, mean, variance)
        context.epsilon = epsilon
        context.mark_non_differentiable(mean, variance)
        return functional.batch_norm(values, mean, variance, weight, bias, False, 0.0, epsilon), mean, variance

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: torch.Tensor, *_: Any) -> tuple[torch.Tensor | None, ...]:
        values, weight, mean, variance = context.saved_tensors
        precision = (variance + context.epsilon).rsqrt_()  # some of CUDA's kernels read it, others the variance
        through, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, values, weight, mean, variance, mean, precision, False, context.epsilon, [True, True, True]
        )
        if context.needs_input_grad[0]:
            share = precision * weight / -(_ranks() * values.numel() / len(mean))
            with_values, alone = (_of_all_ranks(torch.cat([of_weight, of_bias])).sum(0).view(2, -1) * share).unbind()
            slope = with_values * precision
            shape = (1, -1, *[1] * (values.ndim - 2))
            through.addcmul_(values, slope.view(shape)).add_(torch.addcmul(alone, slope, mean, value=-1).view(shape))
        return through, of_weight, of_bias, None


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
        self._found: dict[str, list[torch.Tensor]] | None = None

    def forward(self, values: torch.Tensor, batch_kind: str | None = None) -> torch.Tensor:
        """values: [batch, channels, ...]; the result has the same shape."""
        mean, variance = self.running_statistics(batch_kind or self.kinds[0])
        if self._found is not None:
            self._found.setdefault(batch_kind or self.kinds[0], []).append(_moments(values))
            return functional.batch_norm(values, None, None, self.weight, self.bias, True, 0.0, self.epsilon)
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
        normalised: torch.Tensor
        normalised, mean, variance = _NormaliseOverRanks.apply(values, self.weight, self.bias, self.epsilon)
        if self._learns():
            count = _ranks() * values.numel() / self.channels
            running_mean.lerp_(mean, 1.0 - self.decay)
            running.lerp_(variance * (count / (count - 1)), 1.0 - self.decay)
        return normalised

    def start_own_statistics(self) -> None:
        """From now on normalise each batch by its own moments, in any mode, and collect them."""
        self._found = {}

    @torch.no_grad()
    def end_own_statistics(self) -> None:
        """Set the running statistics of each kind of batch to the means that were collected."""
        for kind, moments in (self._found or {}).items():
            mean, variance = torch.stack(moments).mean(0)
            running_mean, running_variance = self.running_statistics(kind)
            running_mean.copy_(mean)
            running_variance.copy_(variance)
        self._found = None

    def extra_repr(self) -> str:
        """What `print` shows of the layer."""
        return f"{self.channels}, kinds={self.kinds}, epsilon={self.epsilon}, decay={self.decay}"


@contextmanager
def own_statistics(*networks: nn.Module) -> Iterator[None]:
    """Inside this context, batches define the running statistics of the networks' batch normalisations.

    Each is normalised by its own moments, in evaluation mode too, and no other process is asked. At the end the running
    mean and variance of every kind of batch that came are the means over its batches; other kinds keep theirs.
    """
    layers = [module for network in networks for module in network.modules() if isinstance(module, BatchNorm)]
    for layer in layers:
        layer.start_own_statistics()
    try:
        yield
    finally:
        for layer in layers:
            layer.end_own_statistics()


def _moments(values: torch.Tensor) -> torch.Tensor:
    """Mean and unbiased variance of each channel, [2, channels]."""
    variance, mean = torch.var_mean(values.detach(), [0, *range(2, values.ndim)])
    return torch.stack([mean, variance])
