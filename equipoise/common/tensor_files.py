"""Files of tensors: read, and written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from equipoise.common.files import write_atomically


def write_tensors_atomically(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, str] | None = None) -> None:
    """Write tensors as safetensors, whole or not at all.

    Args:
        path: the file.
        tensors: contiguous, on the CPU.
        about: the file's metadata.

    Raises:
        EquipoiseError: the disk is full or cannot be written; whatever stood at `path` is untouched.
    """

    def write(temporary: Path) -> None:
        try:
            save_file(dict(tensors), temporary, metadata=None if about is None else dict(about))
        except SafetensorError as error:  # a full disk, for one
            raise OSError(str(error)) from error

    write_atomically(path, write)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Every tensor of a safetensors file by its name, and the file's metadata.

    Raises:
        OSError, SafetensorError: it cannot be read, or is damaged.
    """
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
