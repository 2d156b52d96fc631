"""Full precision for subtracting nearly equal numbers: float32 or more, no autocast, no TensorFloat-32."""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from equipoise.common.checks import NotFiniteError, check_no_nan, is_readable

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_NARROW = (torch.float16, torch.bfloat16)
_REDUCED = {"tf32": "tf32", "bf16": "bfloat16"}
"""torch's words for float32 factors that are rounded before a product, and ours."""
_BACKENDS: Any = torch.backends
_SETTINGS: Mapping[str, tuple[Any, ...]] = {
    "cuda": (_BACKENDS.cuda.matmul, _BACKENDS.cudnn.conv, _BACKENDS.cudnn.rnn),
    "cpu": (_BACKENDS.mkldnn.matmul, _BACKENDS.mkldnn.conv, _BACKENDS.mkldnn.rnn),
}


def product_precision(device_type: str) -> str:
    """The precision of float32 products and convolutions at this moment: "float32", "tf32", "bfloat16", "float16"."""
    if device_type in _SETTINGS and torch.is_autocast_enabled(device_type):
        return str(torch.get_autocast_dtype(device_type)).removeprefix("torch.")
    for setting in _SETTINGS.get(device_type, ()):
        if setting.fp32_precision in _REDUCED:
            return _REDUCED[setting.fp32_precision]
    return "float32"


def full_precision(device_type: str) -> AbstractContextManager[object]:
    """Inside this context products and convolutions use full precision, whatever is set outside.

    `torch.compile` cannot follow TensorFloat-32's settings: what it compiles is only taken out of autocast.
    """
    if torch.compiler.is_compiling():
        return torch.autocast(device_type, enabled=False)
    return _full(device_type) if product_precision(device_type) != "float32" else nullcontext()


def widened(value: Any) -> Any:
    """A tensor in at least float32 that autograd can use; anything else as it is."""
    if not isinstance(value, Tensor):
        return value
    if not torch.compiler.is_compiling() and value.is_inference() and not torch.is_inference_mode_enabled():
        value = value.clone()
    return value.float() if value.dtype in _NARROW else value


def in_full_precision(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """A function of tensors that computes in full precision, and never gives a NaN or an infinity for finite numbers.

    Arguments in float16 and bfloat16 are widened to float32, and so is the result. On a GPU, under `torch.func`'s
    transforms and in `torch.compile` the result is not looked at.

    Raises:
        NotFiniteError: the result is not finite, and an argument holds NaN, or every argument is finite: then the
            farthest is named.
    """
    names = tuple(inspect.signature(function).parameters)

    @wraps(function)
    def computed(*arguments: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
        wide, named = [widened(value) for value in arguments], {name: widened(v) for name, v in options.items()}
        with full_precision(_device_type(*wide, *named.values())):
            result = function(*wide, **named)
        parts: tuple[Any, ...] = result if isinstance(result, tuple) else (result,)
        for part in parts:
            if is_readable(part) and not _is_finite(part):
                _check_cause(part, {**dict(zip(names, wide, strict=False)), **named})
        return result

    return computed


@contextmanager
def products_in(device_type: str, word: Callable[[str], str]) -> Iterator[None]:
    """Inside this context float32 products and convolutions are computed as `word` makes of what is set outside.

    Words are torch's own: "ieee" for all digits, "tf32" or "bf16" for rounded factors. Only `fp32_precision` is read:
    torch refuses the older `allow_tf32` wherever the two disagree.
    """
    before = [(setting, setting.fp32_precision) for setting in _SETTINGS[device_type]]
    try:
        for setting, precision in before:
            setting.fp32_precision = word(precision)
        yield
    finally:
        for setting, precision in before:
            setting.fp32_precision = precision


@contextmanager
def _full(device_type: str) -> Iterator[None]:
    whole = products_in(device_type, lambda word: "ieee" if word in _REDUCED else word)
    with whole, torch.autocast(device_type, enabled=False):
        yield


def _device_type(*arguments: Any) -> str:
    for value in arguments:
        if isinstance(value, Tensor):
            return value.device.type
    return "cpu"


def _check_cause(result: Tensor, arguments: Mapping[str, Any]) -> None:
    tensors = {name: value for name, value in arguments.items() if isinstance(value, Tensor)}
    for name, value in tensors.items():
        check_no_nan(name, value)
    if all(is_readable(value) and _is_finite(value) for value in tensors.values()):
        reached = {name: float(value.detach().abs().max()) for name, value in tensors.items()}
        name = max(reached, key=lambda each: reached[each])
        digits = str(result.dtype).removeprefix("torch.")
        far = f"{name} reaches {reached[name]:.3g}, too far for {digits}"
        raise NotFiniteError(f"{far}: the result is not finite.", name)


def _is_finite(value: Tensor) -> bool:
    values = value.detach()
    if math.isfinite(float(values if values.ndim == 0 else values.sum())):
        return True
    return values.ndim > 0 and bool(torch.isfinite(values).all())
