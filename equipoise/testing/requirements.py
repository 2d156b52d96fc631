"""How a contract fails: an AssertionError with one clear sentence, under `python -O` too."""

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
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
    """Raise AssertionError if the call uses a global random number generator of torch, NumPy or Python."""
    before = _global_generators()
    call()
    for owner, state in _global_generators().items():
        require(state == before[owner], f"{what} moves {owner}'s global random number generator.")


def _global_generators() -> dict[str, object]:
    _, numbers, *places = np.random.get_state()
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "NumPy": (np.asarray(numbers).tobytes(), places),
        "Python": random.getstate(),
    }
