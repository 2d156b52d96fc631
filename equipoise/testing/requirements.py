"""How a contract fails: an AssertionError with one clear sentence, under `python -O` too."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor


def require(kept: bool, sentence: str) -> None:
    """Raise AssertionError with the sentence unless the condition holds."""
    if not kept:
        raise AssertionError(sentence)


def require_close(found: Tensor, expected: Tensor, what: str, rtol: float, atol: float) -> None:
    """Raise AssertionError unless |found - expected| <= atol + rtol |expected| everywhere, in one type and shape."""
    torch.testing.assert_close(found, expected, rtol=rtol, atol=atol, msg=lambda found: f"{what}: {found}")


def require_refusal(call: Callable[[], object], pattern: str, what: str) -> None:
    """Raise AssertionError unless the call raises a ValueError whose message matches the pattern."""
    try:
        call()
    except ValueError as error:
        refusal = str(error)
    except Exception as error:
        raise AssertionError(f"{what} raises {type(error).__name__}, expected a ValueError: {error}") from error
    else:
        raise AssertionError(f"{what} is not refused with a ValueError.")
    require(re.search(pattern, refusal) is not None, f"{what} is refused, but {refusal!r} does not match {pattern!r}.")


def require_equal_tensors(found: Mapping[str, Tensor], expected: Mapping[str, Any], what: str) -> None:
    """Raise AssertionError unless both hold the same names, and under each the same numbers bit for bit."""
    require(found.keys() == expected.keys(), f"{what}: only one of the two holds {found.keys() ^ expected.keys()}.")
    other = [name for name, value in expected.items() if not torch.equal(value, found[name])]
    require(not other, f"{what}: {', '.join(other)} differ.")


def require_still_generator(call: Callable[[], object], what: str) -> None:
    """Raise AssertionError if the call moves torch's global random number generator."""
    before = torch.get_rng_state()
    call()
    require(torch.equal(torch.get_rng_state(), before), f"{what} moves torch's global random number generator.")
