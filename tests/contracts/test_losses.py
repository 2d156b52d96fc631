"""One table of all losses. A new public name must join it, and passes every contract below.

Each row holds a loss against a reference that shares nothing with it: plain Python loops over float64 numbers. The rows
lie in `losses/`, by the module of the package that they hold.
"""

import math
import runpy
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from equipoise import losses
from equipoise.common.checks import NotFiniteError

FAMILIES = ("adversarial", "energy", "spatial", "mmd", "modes")
TABLE = [
    row for family in FAMILIES for row in runpy.run_path(str(Path(__file__).parent / "losses" / f"{family}.py"))["ROWS"]
]
every_row = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.public}-{row.variant}".strip("-"))


def stacked(result: Any) -> torch.Tensor:
    """A result that may be a pair of losses, as one tensor."""
    return torch.stack(result) if isinstance(result, tuple) else result


def deviation_from_reference(row: Any) -> float:
    """The largest difference from the reference, relative to 1 + |reference|."""
    arguments = row.arguments()
    expected = np.array(row.reference(*(value.numpy() for value in arguments)))
    found = stacked(row.call(*arguments)).numpy()
    assert found.shape == expected.shape
    return float(np.max(np.abs(found - expected) / (1 + np.abs(expected))))


def test_the_table_has_every_public_name_and_no_other() -> None:
    assert {row.public for row in TABLE} == set(losses.__all__)


@every_row
def test_it_equals_its_reference(row: Any) -> None:
    assert deviation_from_reference(row) < 1e-12


@every_row
def test_its_gradient_is_that_of_its_values(row: Any) -> None:
    arguments = tuple(value.requires_grad_() for value in row.arguments())
    if not row.has_gradient:
        assert not stacked(row.call(*arguments)).requires_grad
    elif row.potential is None:
        assert torch.autograd.gradcheck(lambda *values: row.call(*values), arguments)
    else:
        (found,) = torch.autograd.grad(row.call(*arguments), arguments)
        np.testing.assert_allclose(found.numpy(), finite_differences(row.potential, arguments[0]), atol=1e-8)


def finite_differences(function: Callable[[np.ndarray], float], at: torch.Tensor, step: float = 1e-6) -> np.ndarray:
    point = at.detach().numpy().copy()
    slopes = np.empty_like(point)
    for index in np.ndindex(point.shape):
        above, below = point.copy(), point.copy()
        above[index] += step
        below[index] -= step
        slopes[index] = (function(above) - function(below)) / (2 * step)
    return slopes


@every_row
def test_float32_agrees_with_float64(row: Any) -> None:
    double, single = row.arguments(), tuple(value.float() for value in row.arguments())
    found = stacked(row.call(*single))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), stacked(row.call(*double)), rtol=1e-5, atol=1e-5)


@every_row
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_loses_no_digit_of_what_it_holds(row: Any, dtype: torch.dtype) -> None:
    narrow = tuple(value.to(dtype) for value in row.arguments())
    found, expected = stacked(row.call(*narrow)), stacked(row.call(*(value.double() for value in narrow)))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
    if row.has_gradient:
        ours, theirs = (gradients(row, values) for values in (narrow, tuple(value.double() for value in narrow)))
        error = torch.linalg.vector_norm(ours - theirs) / torch.linalg.vector_norm(theirs)
        assert error < torch.finfo(dtype).eps


def gradients(row: Any, arguments: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The gradients of the result's sum with respect to all arguments, in one vector of float64."""
    leaves = [value.detach().clone().requires_grad_() for value in arguments]
    found = torch.autograd.grad(stacked(row.call(*leaves)).sum(), leaves, allow_unused=True, materialize_grads=True)
    return torch.cat([value.flatten().double() for value in found])


@every_row
def test_autocast_changes_nothing(row: Any) -> None:
    arguments = tuple(value.float() for value in row.arguments())
    plain = stacked(row.call(*arguments))
    with torch.autocast("cpu", torch.bfloat16):
        found = stacked(row.call(*arguments))
    assert torch.equal(found, plain)


@every_row
def test_arguments_may_differ_in_precision(row: Any) -> None:
    arguments = row.arguments()
    expected = stacked(row.call(*arguments))
    for position in range(len(arguments)):
        mixed = [value.float() if place == position else value for place, value in enumerate(arguments)]
        torch.testing.assert_close(stacked(row.call(*mixed)).double(), expected, rtol=1e-5, atol=1e-5)
        if row.has_gradient:
            assert bool(torch.isfinite(gradients(row, tuple(mixed))).all())


@every_row
def test_what_inference_mode_made_may_meet_what_wants_a_gradient(row: Any) -> None:
    arguments = row.arguments()
    for position in range(len(arguments)):
        with torch.inference_mode():
            made = row.arguments()[position]
            alone = stacked(row.call(*row.arguments()))
        torch.testing.assert_close(alone, stacked(row.call(*arguments)), rtol=1e-12, atol=1e-12)
        leaves = [value.clone().requires_grad_() for value in arguments]
        others = [value for place, value in enumerate(leaves) if place != position]
        found = stacked(row.call(*leaves[:position], made, *leaves[position + 1 :])).sum()
        if row.has_gradient and others:
            whole = stacked(row.call(*leaves)).sum()
            for ours, theirs in zip(
                torch.autograd.grad(found, others, allow_unused=True),
                torch.autograd.grad(whole, others, allow_unused=True),
                strict=True,
            ):
                torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@every_row
def test_the_transforms_of_torch_func_and_meta_tensors_work(row: Any) -> None:
    arguments = row.arguments()
    value = stacked(row.call(*arguments))
    batch = [torch.stack([argument, argument * 1.01]) for argument in arguments]
    each = torch.func.vmap(lambda *values: stacked(row.call(*values)))(*batch)
    torch.testing.assert_close(each[0], value, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(each[1], stacked(row.call(*(b[1] for b in batch))), rtol=1e-10, atol=1e-12)
    shapes = stacked(row.call(*(argument.to("meta") for argument in arguments)))
    assert (shapes.device.type, shapes.shape, shapes.dtype) == ("meta", value.shape, value.dtype)
    if row.has_gradient:
        slopes = torch.func.grad(lambda *values: stacked(row.call(*values)).sum(), tuple(range(len(arguments))))
        found = torch.cat([slope.flatten() for slope in slopes(*arguments)])
        torch.testing.assert_close(found, gradients(row, arguments), rtol=1e-10, atol=1e-12)


@every_row
@pytest.mark.parametrize(
    ("dtype", "scale"), [(torch.float64, 1e150), (torch.float64, 1e-170), (torch.float32, 1e25), (torch.float32, 1e-30)]
)
def test_numbers_of_any_size_give_a_number_or_are_refused(row: Any, dtype: torch.dtype, scale: float) -> None:
    arguments = tuple(value.to(dtype) * scale for value in row.arguments())
    named = rf"({'|'.join(row.names())}|a|b|squared_distances) reaches \S+e\+\d+, too far for float"
    refusal = pytest.raises(NotFiniteError, match=named) if scale > 1 else nullcontext()
    try:
        found = stacked(row.call(*arguments))
    except NotFiniteError:
        with refusal:
            row.call(*arguments)
    else:
        assert bool(torch.isfinite(found).all())
        assert not row.has_gradient or not bool(torch.isnan(gradients(row, arguments)).any())


@every_row
def test_the_order_of_the_batch_does_not_matter(row: Any) -> None:
    if not row.has_batch:
        pytest.skip("it takes numbers, not a batch")
    arguments = row.arguments()
    count = max(value.shape[0] for value in arguments if value.ndim)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(3))
    before = stacked(row.call(*arguments))
    after = stacked(row.call(*(value[order] if value.ndim else value for value in arguments)))
    per_sample = {"reconstruction_energy": 1, "gaussian_kernel": 1, "rational_quadratic_kernel": 1}
    if row.public in per_sample or row.public.endswith("Kernel"):
        before = before[order]
    elif row.public == "squared_distances":
        before = before[order][:, order]
    torch.testing.assert_close(after, before, rtol=1e-13, atol=1e-13)


@every_row
def test_bad_tensors_are_refused_by_name(row: Any) -> None:
    arguments = row.arguments()
    for position, name in enumerate(row.names()):
        value = arguments[position]
        spoiled = [torch.full_like(value, math.nan), torch.zeros(value.shape, dtype=torch.int64), [1.0, 2.0]]
        spoiled += [value[:0]] if value.ndim else [value.reshape(1)]
        for bad in spoiled:
            with pytest.raises(ValueError, match=rf"^(each of )?{name} (must|of shape)"):
                row.call(*arguments[:position], bad, *arguments[position + 1 :])


@every_row
def test_shapes_that_do_not_match_are_refused(row: Any) -> None:
    arguments = row.arguments()
    batches = [i for i, value in enumerate(arguments) if value.ndim]
    if len(batches) < 2 or row.public == "squared_distances":
        pytest.skip("it takes one batch, or batches of any two sizes")
    last = batches[-1]
    for bad in (arguments[last][:-1], arguments[last][..., None]):
        with pytest.raises(ValueError, match=rf"{row.names()[last]} must .* got (shape )?\("):
            row.call(*arguments[:last], bad, *arguments[last + 1 :])


@every_row
def test_bad_options_are_refused_by_name(row: Any) -> None:
    for options in row.refused:
        (name,) = options
        with pytest.raises(ValueError, match=name):
            row.call(*row.arguments(), **options)
