"""One table of all losses. A new public name must join it, and passes every contract of `equipoise.testing.losses`.

Each row holds a loss against a reference that shares nothing with it: plain Python loops over float64 numbers. The rows
lie in `losses/`, by the module of the package that they hold.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from equipoise import losses
from equipoise.common.checks import check_scores
from equipoise.common.precision import in_full_precision
from equipoise.testing.losses import LOSS_CONTRACTS, LossCase, check_loss, draw
from tests.contracts.losses import adversarial, energy, mmd, modes, spatial

NO_LOSSES = {"AdversarialLoss", "AdversarialHead", "WarmUp", "adaptive_weight", "over_maps"}
"""What holds losses together: tested in tests/losses."""
TABLE = [case for family in (adversarial, energy, spatial, mmd, modes) for case in family.ROWS]


def test_the_table_has_every_public_name_and_no_other() -> None:
    assert {case.loss.__name__ for case in TABLE} == set(losses.__all__) - NO_LOSSES


@pytest.mark.parametrize("case", TABLE, ids=str)
@pytest.mark.parametrize("contract", LOSS_CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_loss_keeps_the_contract(contract: Callable[[LossCase], None], case: LossCase) -> None:
    contract(case)


@in_full_precision
def gap(real: Tensor, fake: Tensor, weight: float = 1.0) -> Tensor:
    check_scores(real=real, fake=fake)
    if real.shape != fake.shape:
        raise ValueError(f"fake must have the shape of real, got {tuple(fake.shape)}.")
    if weight < 0:
        raise ValueError(f"weight must be at least 0, got {weight}.")
    return weight * (fake - real).square().mean()


FACTS: dict[str, Any] = {
    "reference": lambda real, fake, weight=1.0: weight * float(((fake - real) ** 2).sum()) / real.size,
    "refused": ({"weight": -1.0},),
}
PAIR = draw((6,), (6,))


def test_an_authors_loss_can_keep_the_contract() -> None:
    check_loss(gap, PAIR, **FACTS)


def first_counts_twice(real: Tensor, fake: Tensor, weight: float = 1.0) -> Tensor:
    return gap(real, fake, weight) + real[0]


def with_constant_part(real: Tensor, fake: Tensor, weight: float = 1.0) -> Tensor:
    return weight * (fake - real).square().mean() + real.detach().square().mean()


def unchecked(real: Tensor, fake: Tensor, weight: float = 1.0) -> Tensor:
    return weight * (fake - real).square().mean()


def rounded(real: Tensor, fake: Tensor, weight: float = 1.0) -> Tensor:
    narrow = (real, fake) if real.dtype == torch.float64 else (real.bfloat16(), fake.bfloat16())
    return gap(*narrow, weight)


def of_each(real: Tensor, fake: Tensor, weight: float = 1.0) -> Tensor:
    return gap(real, fake, weight) * (fake - real)


def dicing(real: Tensor, fake: Tensor, weight: float = 1.0) -> Tensor:
    return gap(real, fake, weight) + torch.rand(())


def dicing_elsewhere(real: Tensor, fake: Tensor, weight: float = 1.0) -> Tensor:
    return gap(real, fake, weight + 0 * float(np.random.rand()))


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (first_counts_twice, "order"),
        (of_each, r"returns \(6,\), expected a 0-dimensional tensor"),
        (dicing, "moves torch's global random number generator"),
        (dicing_elsewhere, "moves NumPy's global random number generator"),
        (with_constant_part, "wrong gradient"),
        (rounded, "in float32"),
        (unchecked, "expected float32"),
        (losses.hinge_discriminator_loss, r"shape \(5,\) \(if batches may differ in size, pass unequal=True"),
    ],
)
def test_a_loss_that_breaks_the_contract_is_noticed(broken: Callable[..., Tensor], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_loss(broken, PAIR)


def test_a_wrong_reference_is_noticed() -> None:
    with pytest.raises(AssertionError, match=r"gap is .* from its reference"):
        check_loss(gap, PAIR, reference=lambda real, fake: math.pi)


def test_an_option_that_is_not_refused_is_noticed() -> None:
    with pytest.raises(AssertionError, match=r"gap with \{'weight': 2.0\} is not refused"):
        check_loss(gap, PAIR, refused=({"weight": 2.0},))
