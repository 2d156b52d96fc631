"""Losses in one graph: `torch.compile(fullgraph=True)` of each, with its gradient, under any setting of precision."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from equipoise.losses.catalogue import AMPLIFIERS, LOSSES
from equipoise.testing.losses import LossCase
from tests.contracts.test_losses import TABLE

pytestmark = pytest.mark.lengthy


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No graph of an earlier test, and products that are rounded unless a loss forbids it."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def sides(*shape: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(shape, generator=generator).requires_grad_() for _ in range(2)]


@pytest.mark.parametrize("player", ["discriminator", "generator"])
@pytest.mark.parametrize("name", LOSSES)
def test_every_adversarial_loss_compiles_whole(name: str, player: str) -> None:
    loss, pair = getattr(LOSSES.load(name), player), sides(6, 3)
    compiled = torch.compile(loss, backend="eager", fullgraph=True)
    values = compiled(*pair), loss(*pair)
    torch.testing.assert_close(*values)
    gradients = [torch.autograd.grad(value, pair, materialize_grads=True) for value in values]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("name", ["hinge", "mmd-repulsive-bounded"])
def test_forward_and_backward_become_graphs_and_autocast_rounds_neither(name: str) -> None:
    loss, pair = LOSSES.load(name).discriminator, sides(6, 3)
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    expected = loss(*pair)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(compiled(*pair), expected)
    gradients = [torch.autograd.grad(value, pair, materialize_grads=True) for value in (compiled(*pair), expected)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("name", AMPLIFIERS)
def test_every_amplifier_compiles_whole(name: str) -> None:
    amplifier, (scores, _) = AMPLIFIERS.load(name), sides(4, 2, 2)
    compiled = torch.compile(amplifier, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(scores), amplifier(scores))


@pytest.mark.slow
@pytest.mark.parametrize("case", TABLE, ids=str)
def test_every_public_loss_compiles_whole(case: LossCase) -> None:
    arguments = case.fresh()
    compiled = torch.compile(lambda *tensors: case.call(*tensors), backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*arguments), case.call(*arguments))


def test_rounded_products_do_not_break_a_graph() -> None:
    pair = sides(6, 3)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        loss = LOSSES.load("mmd").generator
        torch.testing.assert_close(torch.compile(loss, backend="eager", fullgraph=True)(*pair), loss(*pair))
    finally:
        torch.set_float32_matmul_precision(before)
