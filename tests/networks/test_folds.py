"""Folded pairs of layers: the values and every gradient of the layers one by one, and fewer operations."""

import copy

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from equipoise.common.random import stream
from equipoise.networks.blocks import Stack
from equipoise.networks.normalisation import BatchNorm
from equipoise.networks.residual import down_block, image_block, up_block

BLOCKS = {
    "image": lambda: image_block(3, 5),
    "down": lambda: down_block(3, 5),
    "up": lambda: up_block(3, 5, ("main",)),
}
RECTIFIED = {
    "convolution": lambda: Stack([nn.Conv2d(3, 5, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(5, 4, 3, 1, 1), nn.ReLU()]),
    "transposed": lambda: Stack([nn.ConvTranspose2d(3, 5, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(5, 4, 3), nn.ReLU()]),
    "normalised": lambda: Stack([nn.Conv2d(3, 5, 3, 1, 1), BatchNorm(5), nn.ReLU()]),
}


def drawn(module: nn.Module) -> nn.Module:
    noise = stream(0, "weights")
    for parameter in module.parameters():
        parameter.detach().normal_(generator=noise)
    return module


def watched(module: nn.Module) -> nn.Module:
    """A copy whose layers are computed one by one, as something looks at them."""
    plain = copy.deepcopy(module)
    for layer in plain.modules():
        layer.register_forward_hook(lambda *_: None)
    return plain


def value_and_gradients(module: nn.Module, values: torch.Tensor) -> list[torch.Tensor]:
    """The output, the first derivatives, and the second derivatives that a gradient penalty takes."""
    values = values.clone().requires_grad_()
    parameters = list(module.parameters())
    out = module(values)
    first = torch.autograd.grad((out * out.detach().cos()).sum(), [values, *parameters], create_graph=True)
    weights = [parameter for parameter in parameters if parameter.ndim == 4]
    second = torch.autograd.grad(first[0].square().sum(), weights, materialize_grads=True, allow_unused=True)
    return [out, *first, *second]


@pytest.mark.parametrize("side", [(6, 6), (7, 4), (2, 2)])
@pytest.mark.parametrize("name", [*BLOCKS, *RECTIFIED])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_equal_to_the_layers_one_by_one(name, side, dtype, tolerance):
    block = drawn((BLOCKS | RECTIFIED)[name]()).to(dtype)
    values = torch.randn(2, 3, *side, generator=stream(1, "values")).to(dtype)
    ours, theirs = value_and_gradients(block, values), value_and_gradients(watched(block), values)
    assert len(ours) > 5
    for mine, plain in zip(ours, theirs, strict=True):
        torch.testing.assert_close(
            mine, plain, rtol=tolerance, atol=tolerance * max(1.0, float(plain.detach().abs().max()))
        )


@pytest.mark.parametrize("name", BLOCKS)
def test_the_fold_saves_operations_and_a_hook_switches_it_off(name):
    block = drawn(BLOCKS[name]())
    values = torch.randn(2, 3, 8, 8, generator=stream(1, "values"))
    counts = []
    for module in (block, watched(block)):
        with FlopCounterMode(display=False) as counter:
            module(values)
        counts.append(counter.get_total_flops())
    assert counts[0] < 0.85 * counts[1]


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), nn.AvgPool2d(2)],
        [nn.Conv2d(3, 4, 3), nn.AvgPool2d(2)],
        [nn.Conv2d(3, 3, 3, padding=1, groups=3), nn.AvgPool2d(2)],
        [nn.Conv2d(3, 4, 3, padding=1), nn.AvgPool2d(3)],
        [nn.Conv2d(3, 4, 3, padding=1), nn.AvgPool2d(2, stride=1)],
        [nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(3, 4, 3, padding=1)],
        [nn.Upsample(scale_factor=3), nn.Conv2d(3, 4, 3, padding=1)],
    ],
)
def test_other_pairs_are_left_alone(layers):
    values = torch.randn(2, 3, 8, 8, generator=stream(1, "values"))
    assert torch.equal(Stack(layers)(values), nn.Sequential(*layers)(values))


def test_both_layers_of_a_pair_may_stand_between_others():
    layers = [nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(3, 4, 3, padding=1)]
    layers += [nn.Conv2d(4, 2, 3, padding=1), nn.AvgPool2d(2), nn.Tanh()]
    stack, values = drawn(Stack(layers)).double(), torch.randn(2, 3, 4, 4, generator=stream(1, "values")).double()
    torch.testing.assert_close(stack(values), nn.Sequential(*layers)(values), rtol=1e-9, atol=1e-9)


class Operations(TorchDispatchMode):
    """The names of all operations."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        self.names.append(str(function))
        return function(*arguments, **(keywords or {}))


@pytest.mark.parametrize("name", RECTIFIED)
def test_a_rectifier_writes_over_the_maps_before_it(name):
    values = torch.randn(2, 3, 8, 8, generator=stream(1, "values"))
    counts = []
    for stack in (RECTIFIED[name](), watched(RECTIFIED[name]())):
        with Operations() as operations:
            stack(values)
        counts.append(sum("relu_.default" in each for each in operations.names))
    assert counts[0] == sum(isinstance(layer, nn.ReLU | nn.LeakyReLU) for layer in RECTIFIED[name]())
    assert counts[1] == 0


@pytest.mark.parametrize("name", RECTIFIED)
@pytest.mark.parametrize("place", [0, 1])
def test_what_a_hook_saw_is_not_written_over(name, place):
    stack, values = drawn(RECTIFIED[name]()), torch.randn(2, 3, 6, 6, generator=stream(1, "values"))
    seen, before = [], values.clone()
    stack.layers[place].register_forward_hook(lambda _, __, out: seen.extend([out, out.clone()]))
    stack(values)
    assert torch.equal(*seen)
    assert torch.equal(values, before)


@pytest.mark.parametrize("name", [*BLOCKS, *RECTIFIED])
def test_hooks_of_backward_passes_can_be_set(name):
    """torch refuses to write over what such a hook looks at."""
    block, values = drawn((BLOCKS | RECTIFIED)[name]()), torch.randn(2, 3, 6, 6, generator=stream(1, "values"))
    seen = []
    for layer in block.modules():
        layer.register_full_backward_hook(lambda layer, *_: seen.append(layer))
    block(values.requires_grad_()).sum().backward()
    assert set(seen) >= {layer for layer in block.modules() if not list(layer.children())} - {block}
