"""Files that are written whole or not at all, and their hashes."""

import hashlib
import io
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from equipoise.common.errors import EquipoiseError, UnfitFile, printable

MOST_TEXT_BYTES = 64 << 20
"""Of a file of JSON or YAML."""
MOST_AT_ONCE = 1 << 30
"""Of an archive, in one read."""
_CHUNK_BYTES = 1 << 20
_OTHER_KINDS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a pipe",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISSOCK: "a socket",
}


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


def check_regular(path: Path) -> int:
    """Refuse what is no regular file: a pipe would be waited for, and a device may never end.

    Returns: its size in bytes.

    Raises:
        UnfitFile: it is a pipe, a device, a socket or a folder.
        OSError: there is no such file, or the system refuses.
    """
    status = Path(path).stat()
    mode = status.st_mode
    if not stat.S_ISREG(mode):
        kind = next((name for is_one, name in _OTHER_KINDS.items() if is_one(mode)), "something else")
        raise UnfitFile(f"{printable(path)} is {kind}, not a regular file; name a file that holds the data.")
    return status.st_size


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """The bytes of a regular file, of which there may be at most `most_bytes`.

    Raises:
        UnfitFile: it is no regular file, or larger.
        OSError: there is no such file, or the system refuses.
    """
    size = check_regular(path)
    if size <= most_bytes:
        with open(path, "rb") as file:
            content = file.read(most_bytes + 1)  # the size may be wrong, as that of the system's own files
        size = len(content)
    if size > most_bytes:
        raise UnfitFile(f"{printable(path)} is larger than the {most_bytes:,} bytes that such a file may have.")
    return content


def read_text_bounded(path: Path, most_bytes: int = MOST_TEXT_BYTES) -> str:
    """The UTF-8 text of a regular file; raises as `read_bounded`, and UnicodeDecodeError."""
    return read_bounded(path, most_bytes).decode("utf-8")


class BoundedReads(io.FileIO):
    """A regular file for readers of archives: what a header claims cannot ask for more than `MOST_AT_ONCE` bytes."""

    def __init__(self, path: Path):
        check_regular(path)
        super().__init__(path)

    def read(self, size: int | None = -1) -> bytes:
        """At most `MOST_AT_ONCE` bytes; more are refused."""
        left = os.fstat(self.fileno()).st_size - self.tell()
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > MOST_AT_ONCE:
            raise UnfitFile(f"{printable(self.name)} claims a directory of {wanted:,} bytes; it is damaged.")
        return super().read(size) or b""


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    check_regular(path)
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
