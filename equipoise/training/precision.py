"""The precision that players compute in: single, TensorFloat-32 on a GPU, or bfloat16 where autocast thinks it safe."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal

import torch

Precision = Literal["float32", "tf32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "tf32", "bfloat16")


def known_precision(name: object) -> Precision:
    """The precision of this name; single where a file holds another word."""
    return next((each for each in PRECISIONS if each == name), "float32")


def autocast_of(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Where a move is played: under autocast for "bfloat16". Parameters and optimisers stay in float32."""
    if precision != "bfloat16":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


@contextmanager
def matrix_precision(precision: Precision, device: torch.device) -> Iterator[None]:
    """While this lasts, whether a GPU's matrix products and convolutions round their factors to TF32.

    torch lets convolutions do so by itself: "float32" forbids it. On a CPU nothing is touched.
    """
    if device.type != "cuda":
        yield
        return
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    try:
        products.allow_tf32 = convolutions.allow_tf32 = precision == "tf32"
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before
