"""One pass over several batches gives what a pass for each gives, or is not taken."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from equipoise.common.modules import couples_samples
from equipoise.networks.dropout import Dropout
from equipoise.networks.normalisation import BatchNorm
from equipoise.training.passes import together


class Counted(nn.Module):
    """Counts the passes through the layers inside."""

    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.inner = nn.Sequential(*layers)
        self.passes = 0

    def forward(self, values: Tensor) -> Tensor:
        self.passes += 1
        result: Tensor = self.inner(values)
        return result


class MeanOfBatch(nn.Module):
    """A layer of the kind that `CouplesSamples` is for."""

    couples_samples = True

    def forward(self, values: Tensor) -> Tensor:
        return values - values.mean(0)


def convolutional(*more: nn.Module) -> Counted:
    return Counted(nn.Conv2d(2, 3, 3), nn.LeakyReLU(0.2), *more, nn.Flatten(1), nn.Linear(12, 4)).double()


def batches(*sizes: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(size, 2, 4, 4, dtype=torch.float64, generator=generator) for size in sizes]


def different_losses(outputs: Sequence[Tensor]) -> Tensor:
    """A loss that tells the batches apart."""
    return torch.stack([output.square().mean() * (place + 1) for place, output in enumerate(outputs)]).sum()


@pytest.mark.parametrize("coupling", [False, True])
def test_what_is_judged_of_the_outputs_is_that_of_separate_passes(coupling: bool) -> None:
    module, given = convolutional(*([MeanOfBatch()] if coupling else [])), batches(5, 2)

    def judge(batch: Tensor, output: Tensor) -> Tensor:
        return batch.flatten(1).sum(1) * output.square().sum(1)

    found = together(module, *given, judge=judge)
    assert module.passes == (2 if coupling else 1)
    for ours, batch in zip(found, given, strict=True):
        torch.testing.assert_close(ours, judge(batch, module(batch)), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("sizes", [(5, 5), (5, 2, 3), (1, 7)])
def test_outputs_and_gradients_are_those_of_separate_passes(sizes: tuple[int, ...]) -> None:
    module, given = convolutional(nn.GroupNorm(1, 3)), batches(*sizes)
    outputs = together(module, *given)
    assert module.passes == 1
    plain = [module(batch) for batch in given]
    for ours, theirs in zip(outputs, plain, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
    weights = list(module.parameters())
    found = torch.autograd.grad(different_losses(outputs), weights)
    expected = torch.autograd.grad(different_losses(plain), weights)
    for mine, other in zip(found, expected, strict=True):
        assert other.abs().sum() > 0
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("layer", [BatchNorm(3), nn.BatchNorm2d(3), nn.SyncBatchNorm(3), MeanOfBatch(), Dropout(0.5)])
def test_layers_that_tell_batches_apart_see_each_on_its_own(layer: nn.Module) -> None:
    generator = torch.Generator()
    module, given = convolutional(layer).eval(), batches(4, 4)
    if isinstance(layer, Dropout):
        layer.reseed(generator.manual_seed(3))
    outputs = together(module, *given)
    assert module.passes == 2
    if isinstance(layer, Dropout):
        layer.reseed(generator.manual_seed(3))
    for ours, batch in zip(outputs, given, strict=True):
        assert torch.equal(ours, module(batch))


def test_one_batch_is_one_pass() -> None:
    module, (batch,) = convolutional(), batches(3)
    (output,) = together(module, batch)
    assert module.passes == 1
    assert torch.equal(output, module(batch))


@pytest.mark.parametrize("layer", [nn.GroupNorm(1, 2), nn.LayerNorm(2), nn.InstanceNorm2d(2), nn.Conv2d(1, 1, 1)])
def test_layers_that_normalise_within_a_sample_couple_nothing(layer: nn.Module) -> None:
    assert not couples_samples(layer)


def test_a_layer_says_for_itself_whether_it_couples() -> None:
    layer = MeanOfBatch()
    assert couples_samples(layer)
    layer.couples_samples = False
    assert not couples_samples(layer)
