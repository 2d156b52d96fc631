"""Checks of the arguments of public functions.

A ValueError names the argument, its shape and what was expected.
"""

import math
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin, get_type_hints

import torch


class NotFiniteError(ValueError):
    """A tensor contains NaN: in a training loop, this means that training has diverged.

    Attributes:
        quantity: the name of what is not finite, as in "fake_scores"; "" where the message alone says it.
    """

    def __init__(self, message: str, quantity: str = ""):
        super().__init__(message)
        self.quantity = quantity


def check_scores(**scores: torch.Tensor) -> None:
    """Each argument must be a non-empty floating-point tensor, as in `check_scores(real_scores=...)`.

    NaN is found in the result, by `in_full_precision`, which then names the argument: no number is read here.
    """
    for name, value in scores.items():
        check_floating(name, value)
        check_not_empty(name, value)


def check_pair(**scores: torch.Tensor) -> None:
    """All arguments must be scores (non-empty, floating-point) of one shape."""
    check_scores(**scores)
    check_same_shape(**scores)


def check_sides(**scores: torch.Tensor) -> None:
    """All arguments must be scores (non-empty, floating-point) of one shape; batch sizes may differ."""
    check_scores(**scores)
    (first, reference), *others = scores.items()
    for name, value in others:
        if value.shape[1:] != reference.shape[1:]:
            raise ValueError(
                f"{name} must have the shape of {first} beyond the batch, {tuple(reference.shape)}, "
                f"got {tuple(value.shape)}."
            )


def check_features(least: int, **features: torch.Tensor) -> None:
    """All arguments must be floating-point, of one shape beyond the batch, with at least `least` samples.

    No number is read from them.
    """
    check_sides(**features)
    for name, value in features.items():
        check_samples(name, value, least)


def check_floating(name: str, value: torch.Tensor) -> None:
    """The argument must be a floating-point tensor."""
    if not isinstance(value, torch.Tensor):
        raise ValueError(f"{name} must be a torch.Tensor, got {type(value).__name__}.")
    if not value.is_floating_point():
        raise ValueError(f"{name} must be floating-point, got {value.dtype} of shape {tuple(value.shape)}.")


def check_not_empty(name: str, value: torch.Tensor) -> None:
    """The argument must have at least one element and a batch dimension."""
    if value.ndim == 0:
        raise ValueError(f"{name} must have a batch dimension, got a 0-dimensional tensor.")
    if value.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(value.shape)}.")


def is_readable(value: torch.Tensor) -> bool:
    """Whether the tensor's numbers can be read, without waiting for a device.

    It is not on a GPU, where it would stall the training loop, nor for tensors without numbers (meta, fake), nor under
    the transforms of `torch.func` or in `torch.compile`.
    """
    plain = value.device.type == "cpu" and type(value) in (torch.Tensor, torch.nn.Parameter)
    return plain and not transforms_are_active() and not torch.compiler.is_compiling()


def transforms_are_active() -> bool:
    """Whether this runs inside `torch.func.grad`, `vmap` and the like, where numbers cannot be read."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def check_no_nan(name: str, value: torch.Tensor) -> None:
    """No element may be NaN. Only tensors that are `is_readable` are checked."""
    if not is_readable(value) or not math.isnan(float(value.detach().sum())):
        return  # without NaN in the sum there is none in the parts; infinities of both signs need the second look
    if bool(torch.isnan(value.detach()).any()):
        raise NotFiniteError(f"{name} of shape {tuple(value.shape)} holds NaN; expected numbers.", name)


def check_dimensions(name: str, value: torch.Tensor, dimensions: str) -> None:
    """The argument must have as many dimensions as `dimensions` names, as in "batch, features"."""
    expected = len(dimensions.split(","))
    if value.ndim != expected:
        raise ValueError(f"{name} must have shape [{dimensions}], got shape {tuple(value.shape)}.")


def check_samples(name: str, value: torch.Tensor, least: int) -> None:
    """The argument's first dimension, its batch, must hold at least `least` samples."""
    if value.shape[0] < least:
        raise ValueError(f"{name} must hold at least {least} samples, got shape {tuple(value.shape)}.")


def check_same_shape(**values: torch.Tensor) -> None:
    """All arguments must have one shape."""
    (first, reference), *others = values.items()
    for name, value in others:
        if value.shape != reference.shape:
            raise ValueError(
                f"{name} must have the shape of {first}, {tuple(reference.shape)}, got {tuple(value.shape)}."
            )


def check_at_least(name: str, value: float, least: float) -> None:
    """The number must be finite and at least `least`."""
    if not is_number(value) or not math.isfinite(value) or value < least:
        raise ValueError(f"{name} must be a finite number of at least {least}, got {described(value)}.")


def check_positive(name: str, value: float) -> None:
    """The number must be finite and above zero."""
    if not is_number(value) or not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} must be a finite number above 0, got {described(value)}.")


def check_number(name: str, value: torch.Tensor) -> None:
    """The argument must be a 0-dimensional floating-point tensor without NaN."""
    check_floating(name, value)
    if value.ndim != 0:
        raise ValueError(f"{name} must be a 0-dimensional tensor, got shape {tuple(value.shape)}.")
    check_no_nan(name, value)


def check_non_negative(name: str, value: torch.Tensor | float) -> None:
    """The argument must be a finite number of at least 0, as a Python number or a 0-dimensional tensor.

    A tensor's value is looked at only where it `is_readable`.
    """
    if not isinstance(value, torch.Tensor):
        check_at_least(name, value, 0)
        return
    check_number(name, value)
    if is_readable(value):
        check_at_least(name, float(value.detach()), 0)


def check_whole(name: str, value: Any, least: int, most: int | None = None, of: str = "") -> int:
    """The whole number as an int: Python's or NumPy's, at least `least` and at most `most`.

    Args:
        of: what the largest number is, for the message, as in ", the number of samples".
    """
    if not _is_whole(value):
        raise ValueError(f"{name} must be a whole number, got {described(value)}.")
    whole = int(value)
    if whole < least or (most is not None and whole > most):
        allowed = f"be at least {least}" if most is None else f"lie in {least}..{most}{of}"
        raise ValueError(f"{name} must {allowed}, got {whole}.")
    return whole


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """The word must be one of the known ones."""
    words = list(known)
    if value not in words:
        raise ValueError(f"{name} must be one of {', '.join(map(str, words))}, got {described(value)}.")


def check_fields(instance: Any) -> None:
    """Each field of a dataclass that is declared as a Literal, a number or a bool must be one.

    NumPy's numbers become Python's, which configuration files can hold.
    """
    for name, hint in get_type_hints(type(instance)).items():
        value = getattr(instance, name)
        if get_origin(hint) is Literal:
            check_choice(name, value, get_args(hint))
        elif hint in _KINDS:
            kind, fits = _KINDS[hint]
            if not fits(value):
                raise ValueError(f"{name} must be {kind}, got {described(value)}.")
            if isinstance(value, Real) and type(value).__module__ != "builtins":
                object.__setattr__(instance, name, int(value) if isinstance(value, Integral) else float(value))


def is_number(value: object) -> bool:
    """Whether this is a real number of Python or NumPy, and not a bool."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


_KINDS: dict[Any, tuple[str, Callable[[object], bool]]] = {
    bool: ("True or False", lambda value: isinstance(value, bool)),
    int: ("a whole number", _is_whole),
    int | None: ("a whole number or None", lambda value: value is None or _is_whole(value)),
    float: ("a number", is_number),
    float | None: ("a number or None", lambda value: value is None or is_number(value)),
}
"""A declared type -> what it asks for in words, and whether a value is that."""


def described(value: object) -> str:
    """A number or name as it is; anything else as its type, and its shape if it has one."""
    if isinstance(value, Real | str) or value is None:
        return repr(value) if isinstance(value, str) else str(value)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"{type(value).__name__} of shape {tuple(shape)}"
    return repr(value) if isinstance(value, list | tuple | dict) else type(value).__name__
