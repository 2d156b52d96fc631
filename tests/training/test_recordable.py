"""Optimisers whose count of steps and rate a graph can read, and the precisions of a move."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from equipoise.training.adamax import LeanAdamax
from equipoise.training.graphs import make_recordable
from equipoise.training.precision import autocast_of, matrix_precision

CPU = torch.device("cpu")


def trained(recordable_from: int | None, rates: list[float]) -> list[torch.Tensor]:
    """Where Adamax leads with these rates, recordable from one of the steps on or never."""
    parameter = nn.Parameter(torch.linspace(-1, 1, 7, dtype=torch.float64))
    optimiser = LeanAdamax([parameter], 0.1, (0.5, 0.999), 1e-8)
    path = []
    for step, rate in enumerate(rates):
        if step == recordable_from:
            make_recordable(optimiser)
        (group,) = optimiser.param_groups
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
        parameter.grad = torch.sin(3 * parameter.detach() + step)
        optimiser.step()
        path.append(parameter.detach().clone())
    return path


@pytest.mark.parametrize("begins", [0, 3])
def test_a_recordable_adamax_takes_the_same_steps(begins: int) -> None:
    rates = [0.1, 0.05, 0.025, 0.2, 0.1, 0.05]
    for plain, recordable in zip(trained(None, rates), trained(begins, rates), strict=True):
        torch.testing.assert_close(recordable, plain, rtol=1e-6, atol=1e-8)


def test_single_precision_is_no_context_and_bfloat16_rounds() -> None:
    a, b = torch.randn(2, 64, 64, generator=torch.Generator().manual_seed(0)).unbind()
    with autocast_of("float32", CPU):
        assert torch.equal(a @ b, torch.mm(a, b))
    with torch.autocast("cpu", torch.bfloat16), autocast_of("float32", CPU):
        assert not torch.is_autocast_enabled("cpu")
    with autocast_of("bfloat16", CPU):
        rounded = a @ b
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), a @ b, rtol=0.05, atol=0.3)


CUDA = torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn


def words() -> list[str]:
    return [setting.fp32_precision for setting in CUDA]


def test_matrix_precision_leaves_a_cpu_alone() -> None:
    before = words()
    with matrix_precision("tf32", CPU):
        assert words() == before
    with matrix_precision("tf32", torch.device("cuda")):
        assert words() == ["tf32"] * 3
        with matrix_precision("float32", torch.device("cuda")):
            assert words() == ["ieee"] * 3
        assert words() == ["tf32"] * 3
    with matrix_precision("bfloat16", torch.device("cuda")):
        assert words() == ["ieee"] * 3
    assert words() == before


@pytest.mark.parametrize("word", ["tf32", "ieee"])
@pytest.mark.parametrize("place", ["backends", "backends.cudnn", "backends.cudnn.conv", "backends.cuda.matmul"])
def test_a_user_may_set_tf32_by_torchs_newer_words(place: str, word: str, start: Callable[..., Any]) -> None:
    """In a process of its own: torch refuses to read its older words afterwards, and settings outlive a test."""
    user = start(place, word, module="tests.training.newer_words")
    assert user.wait(60) == 0, user.communicate()[1]
