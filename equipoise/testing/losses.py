"""The contract of losses: pure functions of tensors, right in every precision, indifferent to the order of a batch.

`check_loss` runs all of `LOSS_CONTRACTS`. A loss passes when it computes under
`equipoise.common.precision.in_full_precision` and checks its arguments with `equipoise.common.checks.check_scores`.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.autograd.gradcheck import GradcheckError, gradcheck

from equipoise.common.checks import NotFiniteError
from equipoise.testing.requirements import require, require_close, require_refusal, require_still_generator

_SIZES = ((torch.float64, 1e150), (torch.float64, 1e-170), (torch.float32, 1e25), (torch.float32, 1e-30))


@dataclass(frozen=True)
class LossCase:
    """A loss with one choice of options, and what is known of it.

    Attributes:
        loss: a function of tensors and options, or a class whose instances, made with the options, are one.
        arguments: float64 tensors that it is called with; a batch is the first dimension.
        reference: the same loss as a function of NumPy arrays that shares nothing with it, or None.
        options: keyword arguments.
        potential: a function of NumPy arrays with the loss's gradient, where that is not the gradient of its value.
        has_gradient: whether the loss can be differentiated.
        batch: "mean" when the result does not depend on the order of the samples, "samples" when it has one row for
            each, "pairs" when it has a row and a column for each, "none" when the arguments are no batch.
        unequal: whether the batches may differ in size; the reference then takes such batches too.
        refused: options that must raise a ValueError, one by one.
        variant: tells cases of one loss apart.
    """

    loss: Callable[..., Any]
    arguments: Sequence[Tensor]
    reference: Callable[..., Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    potential: Callable[..., float] | None = None
    has_gradient: bool = True
    batch: Literal["mean", "samples", "pairs", "none"] = "mean"
    unequal: bool = False
    refused: tuple[Mapping[str, Any], ...] = ()
    variant: str = ""

    def __str__(self) -> str:
        return f"{self.loss.__name__}-{self.variant}".strip("-")

    def fresh(self) -> tuple[Tensor, ...]:
        """Copies of the arguments."""
        return tuple(value.clone() for value in self.arguments)

    def call(self, *arguments: Any, **options: Any) -> Tensor:
        """The loss; several results as one tensor."""
        options = {**self.options, **options}
        made: Any = self.loss(**options) if inspect.isclass(self.loss) else partial(self.loss, **options)
        made = made(*arguments)
        return torch.stack(made) if isinstance(made, tuple) else made

    def names(self) -> list[str]:
        """The names of the tensor arguments."""
        signature = inspect.signature(self.loss.__call__ if inspect.isclass(self.loss) else self.loss)
        return [name for name in signature.parameters if name != "self"][: len(self.arguments)]

    def gradients(self, arguments: Sequence[Tensor]) -> Tensor:
        """The gradients of the result's sum with respect to all arguments, in one vector of float64."""
        leaves = [value.detach().clone().requires_grad_() for value in arguments]
        found = torch.autograd.grad(self.call(*leaves).sum(), leaves, allow_unused=True, materialize_grads=True)
        return torch.cat([value.flatten().double() for value in found])


def draw(*shapes: tuple[int, ...], scale: float = 1.5) -> tuple[Tensor, ...]:
    """Normal numbers in float64 with this standard deviation, one tensor for each shape, the same at every call."""
    generator = torch.Generator().manual_seed(7)
    return tuple(scale * torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)


def check_loss(loss: Callable[..., Any], arguments: Sequence[Tensor], **facts: Any) -> None:
    """Check a loss with every contract of `LOSS_CONTRACTS`.

    Args:
        loss: as in `check_loss(my_loss, draw((6,), (6,)))`.
        arguments: float64 tensors to call it with.
        facts: further fields of `LossCase`, such as `options` and `reference`.

    Raises:
        AssertionError: names the loss and what it breaks.
    """
    for contract in LOSS_CONTRACTS:
        contract(LossCase(loss, arguments, **facts))


def leaves_the_global_generators_alone(case: LossCase) -> None:
    """A loss takes no random number from torch, NumPy or Python."""
    require_still_generator(lambda: case.call(*case.fresh()), str(case))


def gives_one_number_for_a_batch(case: LossCase) -> None:
    """A loss that is a mean over the batch returns a 0-dimensional tensor, or several of them."""
    if case.batch == "mean" and not inspect.isclass(case.loss):
        found = case.loss(*case.fresh(), **case.options)
        for one in found if isinstance(found, tuple) else (found,):
            shape = tuple(one.shape) if isinstance(one, Tensor) else type(one).__name__
            require(shape == (), f"{case} returns {shape}, expected a 0-dimensional tensor.")


def equals_its_reference(case: LossCase) -> None:
    """In float64 the loss is its reference, with an error relative to 1 + |reference| below 1e-12."""
    if case.reference is None:
        return
    arguments = case.fresh()
    expected = np.array(case.reference(*(value.numpy() for value in arguments)))
    found = case.call(*arguments).numpy()
    require(found.shape == expected.shape, f"{case} has shape {found.shape}, its reference {expected.shape}.")
    furthest = float(np.max(np.abs(found - expected) / (1 + np.abs(expected))))
    require(furthest < 1e-12, f"{case} is {furthest:.2g} from its reference.")


def has_the_gradient_of_its_values(case: LossCase) -> None:
    """`torch.autograd.gradcheck` passes; a loss without a gradient returns a tensor that requires none."""
    arguments = tuple(value.requires_grad_() for value in case.fresh())
    if not case.has_gradient:
        require(not case.call(*arguments).requires_grad, f"{case} has a gradient.")
    elif case.potential is None:
        try:
            gradcheck(case.call, arguments)
        except GradcheckError as error:
            raise AssertionError(f"{case} has a wrong gradient: {error}") from error
    else:
        (found,) = torch.autograd.grad(case.call(*arguments), arguments)
        slopes = finite_differences(case.potential, arguments[0])
        require_close(found, torch.from_numpy(slopes), f"the gradient of {case}", rtol=1e-7, atol=1e-8)


def finite_differences(function: Callable[[Any], float], at: Tensor, step: float = 1e-6) -> np.ndarray[Any, Any]:
    """The slopes of a function of one NumPy array at a point, by central differences, in the array's shape."""
    point = at.detach().numpy().copy()
    slopes = np.empty_like(point)
    for index in np.ndindex(point.shape):
        above, below = point.copy(), point.copy()
        above[index] += step
        below[index] -= step
        slopes[index] = (function(above) - function(below)) / (2 * step)
    return slopes


def agrees_in_float32_and_float64(case: LossCase) -> None:
    """float32 arguments give a float32 result that is the float64 result within 1e-5."""
    double, single = case.fresh(), tuple(value.float() for value in case.fresh())
    found = case.call(*single)
    require(found.dtype == torch.float32, f"{case} of float32 is {found.dtype}.")
    require_close(found.double(), case.call(*double), f"{case} in float32", rtol=1e-5, atol=1e-5)


def loses_no_digit_in_half_precision(case: LossCase) -> None:
    """float16 and bfloat16 arguments give float32 results, and gradients that are right to the type's own precision."""
    for dtype in (torch.float16, torch.bfloat16):
        narrow = tuple(value.to(dtype) for value in case.fresh())
        wide = tuple(value.double() for value in narrow)
        found = case.call(*narrow)
        require(found.dtype == torch.float32, f"{case} of {dtype} is {found.dtype}, expected float32.")
        require_close(found.double(), case.call(*wide), f"{case} in {dtype}", rtol=1e-5, atol=1e-5)
        if case.has_gradient:
            ours, theirs = case.gradients(narrow), case.gradients(wide)
            error = float(torch.linalg.vector_norm(ours - theirs) / torch.linalg.vector_norm(theirs))
            require(error < torch.finfo(dtype).eps, f"the gradient of {case} in {dtype} has an error of {error:.2g}.")


def is_the_same_under_autocast(case: LossCase) -> None:
    """Under autocast to bfloat16 the result is the same bit for bit."""
    arguments = tuple(value.float() for value in case.fresh())
    plain = case.call(*arguments)
    with torch.autocast("cpu", torch.bfloat16):
        found = case.call(*arguments)
    require(torch.equal(found, plain), f"{case} changes under autocast.")


def takes_arguments_of_mixed_precision(case: LossCase) -> None:
    """Any one argument may be float32 among float64 ones."""
    arguments = case.fresh()
    expected = case.call(*arguments)
    for position, name in enumerate(case.names()):
        mixed = [value.float() if place == position else value for place, value in enumerate(arguments)]
        found = case.call(*mixed).double()
        require_close(found, expected, f"{case} with {name} in float32", rtol=1e-5, atol=1e-5)
        if case.has_gradient:
            finite = bool(torch.isfinite(case.gradients(mixed)).all())
            require(finite, f"the gradient of {case} with {name} in float32 is not finite.")


def takes_what_inference_mode_made(case: LossCase) -> None:
    """A tensor from `torch.inference_mode` is as good as any, also beside one that requires a gradient."""
    arguments = case.fresh()
    for position, name in enumerate(case.names()):
        with torch.inference_mode():
            made = case.fresh()[position]
            alone = case.call(*case.fresh())
        what = f"{case} with {name} from inference mode"
        require_close(alone, case.call(*arguments), what, rtol=1e-12, atol=1e-12)
        leaves = [value.clone().requires_grad_() for value in arguments]
        others = [value for place, value in enumerate(leaves) if place != position]
        found = case.call(*leaves[:position], made, *leaves[position + 1 :]).sum()
        if case.has_gradient and others:
            ours = torch.autograd.grad(found, others, allow_unused=True)
            theirs = torch.autograd.grad(case.call(*leaves).sum(), others, allow_unused=True)
            for one, other in zip(ours, theirs, strict=True):
                require_close(one, other, f"the gradient of {what}", rtol=1e-12, atol=1e-12)


def works_with_torch_func_and_meta_tensors(case: LossCase) -> None:
    """`torch.func.vmap` and `torch.func.grad` give what plain calls give; meta tensors give the right shape."""
    arguments = case.fresh()
    value = case.call(*arguments)
    batch = [torch.stack([argument, argument * 1.01]) for argument in arguments]
    each = torch.func.vmap(case.call)(*batch)
    expected = torch.stack([value, case.call(*(both[1] for both in batch))])
    require_close(each, expected, f"{case} under vmap", rtol=1e-10, atol=1e-12)
    meta = case.call(*(argument.to("meta") for argument in arguments))
    alike = (meta.device.type, meta.shape, meta.dtype) == ("meta", value.shape, value.dtype)
    require(alike, f"{case} of meta tensors is {meta.dtype} {tuple(meta.shape)} on {meta.device}.")
    if case.has_gradient:
        slopes = torch.func.grad(lambda *values: case.call(*values).sum(), tuple(range(len(arguments))))
        found = torch.cat([slope.flatten() for slope in slopes(*arguments)])
        require_close(found, case.gradients(arguments), f"torch.func.grad of {case}", rtol=1e-10, atol=1e-12)


def is_finite_or_refuses(case: LossCase) -> None:
    """Huge and tiny numbers give a finite result, without NaN in its gradient, or a NotFiniteError that names one."""
    named = "|".join([*case.names(), "a", "b", "squared_distances"])
    for dtype, scale in _SIZES:
        arguments = tuple(value.to(dtype) * scale for value in case.fresh())
        what = f"{case} of {dtype} numbers around {scale:g}"
        try:
            found = case.call(*arguments)
        except NotFiniteError:
            require(scale > 1, f"{what} is refused.")
            refusal = rf"({named}) reaches \S+e\+\d+, too far for float"
            require_refusal(partial(case.call, *arguments), refusal, what)
        else:
            require(bool(torch.isfinite(found).all()), f"{what} is not finite.")
            if case.has_gradient:
                require(not bool(torch.isnan(case.gradients(arguments)).any()), f"the gradient of {what} holds NaN.")


def does_not_depend_on_the_order_of_the_batch(case: LossCase) -> None:
    """Samples in another order give the same result, or its rows in that order."""
    if case.batch == "none":
        return
    arguments = case.fresh()
    count = max(value.shape[0] for value in arguments if value.ndim)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(3))
    expected = case.call(*arguments)
    if case.batch != "mean":
        expected = expected[order]
    if case.batch == "pairs":
        expected = expected[:, order]
    found = case.call(*(value[order] if value.ndim else value for value in arguments))
    require_close(found, expected, f"{case} of the batch in another order", rtol=1e-13, atol=1e-13)


def refuses_bad_tensors(case: LossCase) -> None:
    """NaN, whole numbers, a list and an empty batch raise a ValueError that begins with the argument's name."""
    arguments = case.fresh()
    for position, name in enumerate(case.names()):
        value = arguments[position]
        spoiled: dict[str, Any] = {
            "with NaN": torch.full_like(value, math.nan),
            "of whole numbers": torch.zeros(value.shape, dtype=torch.int64),
            "that is a list": [1.0, 2.0],
            "of another shape": value[:0] if value.ndim else value.reshape(1),
        }
        for how, bad in spoiled.items():
            given = (*arguments[:position], bad, *arguments[position + 1 :])
            pattern = rf"^(each of )?{name} (must|of shape)"
            require_refusal(partial(case.call, *given), pattern, f"{case} with {name} {how}")


def refuses_shapes_that_do_not_match(case: LossCase) -> None:
    """Where several batches must go together, one of another shape raises a ValueError that names it.

    A loss whose batches may differ in size is its reference there too.
    """
    arguments = case.fresh()
    batches = [place for place, value in enumerate(arguments) if value.ndim]
    if len(batches) < 2 or case.batch == "pairs":
        return
    last = batches[-1]
    shorter, deeper = arguments[last][:-1], arguments[last][..., None]
    if case.unequal:
        equals_its_reference(replace(case, arguments=(*arguments[:last], shorter, *arguments[last + 1 :])))
    for bad in (deeper,) if case.unequal else (shorter, deeper):
        given = (*arguments[:last], bad, *arguments[last + 1 :])
        pattern = rf"{case.names()[last]} must .* got (shape )?\("
        remedy = " (if batches may differ in size, pass unequal=True and a reference)" if bad is shorter else ""
        require_refusal(partial(case.call, *given), pattern, f"{case} with shape {tuple(bad.shape)}{remedy}")


def refuses_bad_options(case: LossCase) -> None:
    """Each of the case's refused options raises a ValueError that names it."""
    for options in case.refused:
        (name,) = options
        require_refusal(partial(case.call, *case.fresh(), **options), name, f"{case} with {options}")


LOSS_CONTRACTS: tuple[Callable[[LossCase], None], ...] = (
    leaves_the_global_generators_alone,
    gives_one_number_for_a_batch,
    equals_its_reference,
    has_the_gradient_of_its_values,
    agrees_in_float32_and_float64,
    loses_no_digit_in_half_precision,
    is_the_same_under_autocast,
    takes_arguments_of_mixed_precision,
    takes_what_inference_mode_made,
    works_with_torch_func_and_meta_tensors,
    is_finite_or_refuses,
    does_not_depend_on_the_order_of_the_batch,
    refuses_bad_tensors,
    refuses_shapes_that_do_not_match,
    refuses_bad_options,
)
"""Every contract of a loss: a function of a case that raises AssertionError where it is broken."""
