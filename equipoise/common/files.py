"""Files that are written whole or not at all, and their hashes."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from equipoise.common.errors import EquipoiseError, printable

_CHUNK_BYTES = 1 << 20


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary neighbour, flush it to the disk, then rename it over `path`.

    Raises:
        EquipoiseError: the disk is full or cannot be written; whatever stood at `path` is untouched.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        _flush_to_disk(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
        _flush_to_disk(path.parent)
    except OSError as error:
        raise EquipoiseError(
            f"could not write {printable(path)}: {printable(error.strerror or error)}; what stood there is unchanged."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all."""
    write_atomically(path, lambda temporary: _write_text(temporary, text))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def local_path(text: str) -> Path:
    """The path that a text names on this system, whose own encoding may lack its letters; ~ is the home folder."""
    return Path(os.fsdecode(text.encode("utf-8", "surrogateescape"))).expanduser()


def cache_directory() -> Path:
    """Where classifiers and features are kept: `EQUIPOISE_CACHE`, or `equipoise` in the user's cache folder."""
    chosen = os.environ.get("EQUIPOISE_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "equipoise"


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="backslashreplace")  # a name may hold bytes that are no letters


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
