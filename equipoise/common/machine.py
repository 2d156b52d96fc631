"""The machine that this runs on: its devices and cores, and the checkout of the package."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from equipoise.common.errors import EquipoiseError, printable

_MOST_BESIDE_A_GPU = 8
_GIT_SECONDS = 5


@contextmanager
def threads_kept() -> Iterator[None]:
    """Afterwards torch computes with as many threads as before, also after an error."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def choose_device(name: str) -> torch.device:
    """The device of this name; "auto" is the first GPU where there is one, else the CPU.

    Raises:
        EquipoiseError: no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise EquipoiseError(f"there is no device '{printable(name)}' here; use cpu, or auto to choose.") from error
    return device


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_beside_a_gpu(processes: int) -> int:
    """How many CPU threads to use beside a GPU, for decoding images and for metrics on the CPU.

    A trial of iterations would say nothing about that. Each process of this machine gets its part of the cores, and
    none more than 8: large matrices gain little beyond.
    """
    return max(1, min(_MOST_BESIDE_A_GPU, available_cores() // processes))


def git_commit() -> str | None:
    """The commit of the checkout that this package runs from, or None outside one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
