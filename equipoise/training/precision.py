"""The players' precision: float32, TensorFloat-32 on a GPU, or bfloat16 where autocast uses it.

And which algorithms a GPU takes: any, only those that repeat their bits, or the fastest by trial.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, cast

import torch

from equipoise.common.errors import EquipoiseError
from equipoise.common.precision import products_in

Precision = Literal["float32", "tf32", "bfloat16"]
"""How products of matrices and convolutions are computed."""
PRECISIONS: tuple[Precision, ...] = ("float32", "tf32", "bfloat16")
"""All of them."""


def known_precision(name: object) -> Precision:
    """The precision of this name; float32 if a file contains another word."""
    return next((each for each in PRECISIONS if each == name), "float32")


def autocast_of(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """The context for a move: autocast for "bfloat16", and none for others, whatever is set outside.

    Parameters and optimisers stay in float32.
    """
    if precision == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return torch.autocast(device.type, enabled=False) if torch.is_autocast_enabled(device.type) else nullcontext()


def matrix_precision(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Inside this context, a GPU's matrix products and convolutions round their factors to TF32, or do not.

    torch lets convolutions do so by itself: "float32" forbids it. On a CPU nothing is touched.
    """
    if device.type != "cuda":
        return nullcontext()
    return products_in("cuda", lambda _: "tf32" if precision == "tf32" else "ieee")


@contextmanager
def algorithms(deterministic: bool, cudnn_trials: bool, device: torch.device) -> Iterator[None]:
    """Inside this context, how a GPU's algorithms are chosen. Nothing changes on a CPU, which is deterministic.

    Args:
        deterministic: take none that adds up in the order in which its threads happen to arrive.
        cudnn_trials: let cuDNN time its algorithms for each new shape, and take the fastest.
        device: where the work is done.

    Raises:
        EquipoiseError: within, something has no deterministic algorithm.
    """
    if device.type != "cuda" or not (deterministic or cudnn_trials):
        yield
        return
    cudnn, memory = torch.backends.cudnn, cast(Any, torch.utils.deterministic)
    before = torch.are_deterministic_algorithms_enabled(), cudnn.benchmark, memory.fill_uninitialized_memory
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS promises nothing
    try:
        torch.use_deterministic_algorithms(deterministic)
        cudnn.benchmark, memory.fill_uninitialized_memory = cudnn_trials, False
        yield
    except RuntimeError as error:
        if "does not have a deterministic implementation" not in str(error):
            raise
        raise EquipoiseError(f"{str(error).split()[0]} has no deterministic algorithm on a GPU.") from error
    finally:
        torch.use_deterministic_algorithms(before[0])
        cudnn.benchmark, memory.fill_uninitialized_memory = before[1:]
