"""From one kind of memory to another: copies to a device that never make the CPU wait, and networks without memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)
PINNED_FOR = ("cuda",)
"""The kinds of device that copy from pinned memory on their own, while the host goes on."""


def send(tensor: Tensor, device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """The tensor on the device, in this dtype if one is named. The values may still be on their way: work on the same
    stream waits for them, and the host does not.
    """
    if device.type in PINNED_FOR and tensor.device.type == "cpu":
        tensor = tensor.pin_memory()  # a copy from other memory would make the host wait for the device
    return tensor.to(device, dtype or tensor.dtype, non_blocking=True)


@contextmanager
def float32_by_default() -> Iterator[None]:
    """Inside this context new tensors are float32 where nothing else is said, whatever the process has set."""
    before = torch.get_default_dtype()
    if before != torch.float32:
        torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        if before != torch.float32:
            torch.set_default_dtype(before)


def unfilled(build: Callable[[], N]) -> N:
    """A module on the CPU whose tensors hold whatever its memory held; nothing is drawn, and they must be filled.

    `nn.Module.to_empty` gives the same memory, and imports sympy for it, which takes as long as torch itself.

    Args:
        build: makes the module, on the meta device.
    """
    with torch.device("meta"), float32_by_default():
        module = build()
    moved: N = module._apply(lambda tensor: torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu"))
    return moved
