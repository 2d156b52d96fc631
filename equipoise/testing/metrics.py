"""The contract of metrics: whatever array holds the numbers, the score is the same, and what is no number is refused.

`check_metric` runs all of `METRIC_CONTRACTS`. A metric passes when it takes its arrays through
`equipoise.metrics.arrays.as_float64` and its kin.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, is_dataclass
from typing import Any

import numpy as np
import torch

from equipoise.testing.requirements import require, require_refusal, require_still_generator

Numbers = np.ndarray[Any, Any]
"""An array of any shape and type."""


@dataclass(frozen=True)
class MetricCase:
    """A metric of arrays, and what is known of it.

    Attributes:
        function: the metric; it returns numbers, a tuple or list of them, or a dataclass of them.
        arrays: NumPy arrays that it is called with.
        degree: the power of a common factor of the arrays by which each number of the result grows, or None.
        narrow: whether its arrays stay valid when they are rounded to 8 bits, as probabilities do not.
        refuses_infinity: whether numbers that are not finite are refused.
        name: for messages; otherwise the function's own.
    """

    function: Callable[..., Any]
    arrays: Sequence[Numbers]
    degree: tuple[int, ...] | None = None
    narrow: bool = True
    refuses_infinity: bool = True
    name: str = ""

    def __str__(self) -> str:
        return self.name or getattr(self.function, "__name__", str(self.function))

    @property
    def is_of_numbers(self) -> bool:
        """Whether the first array holds floating-point numbers, not labels."""
        return bool(self.arrays[0].dtype.kind == "f")

    def value(self, arrays: Sequence[Any]) -> Numbers:
        """The result in float64 [numbers]."""
        found = self.function(*arrays)
        return np.atleast_1d(np.array(astuple(found) if is_dataclass(found) else found, dtype=np.float64))  # type: ignore[arg-type]


def check_metric(function: Callable[..., Any], arrays: Sequence[Numbers], **facts: Any) -> None:
    """Check a metric with every contract of `METRIC_CONTRACTS`.

    Args:
        function: as in `check_metric(my_distance, (real_features, fake_features))`.
        arrays: NumPy arrays to call it with.
        facts: further fields of `MetricCase`, such as `degree`.

    Raises:
        AssertionError: names the metric and what it breaks.
    """
    for contract in METRIC_CONTRACTS:
        contract(MetricCase(function, arrays, **facts))


def _read_only(array: Numbers) -> Numbers:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _within_inference_mode(array: Numbers) -> torch.Tensor:
    with torch.inference_mode():
        return torch.from_numpy(array.copy())


FORMS: dict[str, Callable[[Numbers], Any]] = {
    "torch": lambda a: torch.from_numpy(a.copy()),
    "flipped": lambda a: np.flip(np.ascontiguousarray(np.flip(a))),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "read-only": _read_only,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    "fortran": np.asfortranarray,
    "wider": lambda a: a.astype(np.longdouble) if a.dtype.kind == "f" else a.astype(np.uint16),
    "list": lambda a: a.tolist(),
    "inference mode": _within_inference_mode,
    "requires a gradient": lambda a: torch.tensor(a, requires_grad=a.dtype.kind == "f"),
}
"""A way of holding an array's numbers -> what holds them so."""


def leaves_the_global_generators_alone(case: MetricCase) -> None:
    """A metric takes no random number from the global generators of torch, NumPy or Python."""
    require_still_generator(lambda: case.function(*case.arrays), str(case))


def takes_numbers_in_any_form(case: MetricCase) -> None:
    """NumPy arrays of any layout, torch tensors and lists give the same score, without a warning."""
    expected = case.value(case.arrays)
    for form, made in FORMS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = case.value([made(array) for array in case.arrays])
            except Exception as error:
                raise AssertionError(f"{case} takes no arrays as {form}: {error}") from error
        require(
            np.array_equal(found, expected, equal_nan=True),
            f"{case} of arrays as {form} is {found}, expected {expected}.",
        )


def refuses_what_is_no_array(case: MetricCase) -> None:
    """Words, nothing, ragged lists and tensors without numbers raise a ValueError in one sentence."""
    wrongs: tuple[Any, ...] = ("words", None, np.array(["a", "b"]), torch.empty(40, 3, device="meta"), [[1], [1, 2]])
    for wrong in wrongs:
        pattern = r"must (be|have|hold) .*[a-z)\]}\d]\.$"
        require_refusal(lambda wrong=wrong: case.function(wrong, *case.arrays[1:]), pattern, f"{case} of {wrong!r}")  # type: ignore[misc]


def refuses_what_is_not_finite(case: MetricCase) -> None:
    """NaN and infinity raise a ValueError."""
    if not (case.is_of_numbers and case.refuses_infinity):
        return
    for wrong in (np.nan, np.inf):
        first = case.arrays[0].copy()
        first.flat[1] = wrong
        pattern = r"not finite|\[0, 1\]"
        require_refusal(lambda first=first: case.function(first, *case.arrays[1:]), pattern, f"{case} with {wrong}")  # type: ignore[misc]


def widens_narrow_numbers(case: MetricCase) -> None:
    """float16, bfloat16 and float32 are widened before anything is computed, under autocast too."""
    if not (case.is_of_numbers and case.narrow):
        return
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        narrow = [torch.from_numpy(array).to(dtype) for array in case.arrays]
        for autocast in (False, True):
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                found, expected = case.value(narrow), case.value([array.double() for array in narrow])
            close = np.allclose(found, expected, rtol=2e-5, atol=2e-5, equal_nan=True)
            require(close, f"{case} of {dtype} is {found}, expected {expected}.")


def is_the_same_under_autocast(case: MetricCase) -> None:
    """A loop's autocast around a metric changes no digit of it."""
    wide = [torch.from_numpy(array.astype(np.float32) if array.dtype.kind == "f" else array) for array in case.arrays]
    for arrays in (wide, case.arrays):
        expected = case.value(arrays)
        for dtype in (torch.bfloat16, torch.float16):
            with torch.autocast("cpu", dtype):
                found = case.value(arrays)
            same = np.array_equal(found, expected, equal_nan=True)
            require(same, f"{case} under autocast to {dtype} is {found}, expected {expected}.")


def grows_by_its_degree_or_refuses(case: MetricCase) -> None:
    """Numbers of any size give the right score, a refusal where it leaves float64, or 0 where it vanishes."""
    if case.degree is None:
        return
    plain = case.value(case.arrays)
    for power in (-530, -200, 200, 470, 530, 600):
        scaled, what = [array * 2.0**power for array in case.arrays], f"{case} of arrays times 2^{power}"
        if all(abs(power * degree) < 1000 for degree in case.degree):
            expected = plain * np.array([2.0 ** (power * degree) for degree in case.degree])
            found = case.value(scaled)
            require(np.allclose(found, expected, rtol=1e-6, atol=0), f"{what} is {found}, expected {expected}.")
        elif power > 0:
            require_refusal(lambda scaled=scaled: case.function(*scaled), "not finite|float64", what)  # type: ignore[misc]
        else:
            require(abs(case.value(scaled)[0]) < 1e-290, f"{what} is not 0.")


METRIC_CONTRACTS: tuple[Callable[[MetricCase], None], ...] = (
    leaves_the_global_generators_alone,
    takes_numbers_in_any_form,
    refuses_what_is_no_array,
    refuses_what_is_not_finite,
    widens_narrow_numbers,
    is_the_same_under_autocast,
    grows_by_its_degree_or_refuses,
)
"""Every contract of a metric: a function of a case that raises AssertionError where it is broken."""
