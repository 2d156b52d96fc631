"""Files that are written whole or not at all, and their hashes."""

import contextlib
import hashlib
import io
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from equipoise.common.errors import EquipoiseError, UnfitFile, printable

MOST_TEXT_BYTES = 64 << 20
"""Of a file of JSON or YAML."""
MOST_AT_ONCE = 1 << 30
"""Of an archive, in one read."""
YAML_SUFFIXES = (".yaml", ".yml")
"""By which a word of the command line is a path."""
_PLAIN_FILE = 0o666
_LONGEST_NAME = 100
_ABANDONED_SECONDS = 3600
_OPENED_BY = {".onnx": "onnxruntime", ".pt2": "torch.export.load"}
_OTHER_KINDS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a pipe",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISSOCK: "a socket",
}


def write_atomically(path: Path, write: Callable[[Path], object], *, new: bool = False) -> None:
    """Let `write` fill a temporary neighbour, flush it to the disk, then rename it over `path`.

    The neighbour is locked meanwhile, so that `sweep_abandoned` knows that its writer lives. The umask gives its mode.

    Args:
        path: where the file goes; its folder is made if need be.
        write: given the neighbour's path.
        new: whether `path` must not exist yet: of several that write a new file at once, one succeeds.

    Raises:
        EquipoiseError: the disk is full or cannot be written; whatever stood at `path` is untouched.
        FileExistsError: with `new`, something stands at `path`.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
        with open(temporary, "xb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            try_lock(file)
            write(temporary)
            flush_to_disk(temporary)
            temporary.chmod(mode)
            if new:
                _put_where_nothing_stands(temporary, path)
            else:
                temporary.replace(path)
        flush_to_disk(path.parent)
    except FileExistsError as error:
        if new:
            raise
        raise _unwritten(path, error) from error
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _unwritten(path: Path, error: OSError) -> EquipoiseError:
    reason = printable(error.strerror or error)
    kept = "; its old content is unchanged" if os.path.lexists(path) else ""
    return EquipoiseError(f"could not write {printable(path)}: {reason}{kept}{_if_in_cache(path)}.")


def _if_in_cache(path: Path) -> str:
    """What to do about a place in the cache that cannot be written; "" for other places."""
    with contextlib.suppress(EquipoiseError):
        if Path(path).absolute().is_relative_to(cache_directory().absolute()):
            return "; it belongs to the cache: set EQUIPOISE_CACHE to a folder that can be written"
    return ""


def write_folder_atomically(folder: Path, write: Callable[[Path], None], *, beside: bool = False) -> None:
    """Let `write` fill a temporary neighbour, then rename it to `folder`, which must not exist or be empty.

    With `beside`, a folder that holds something gets the files one by one: each is whole, and all others stay.
    The umask gives the modes, whatever `write` opens its files with.

    Args:
        folder: where the files go; its parent is made if need be.
        write: given the neighbour's path, an empty folder.
        beside: whether other files may stand in `folder`, and older ones of the same names.

    Raises:
        EquipoiseError: the disk is full or cannot be written, or `folder` holds something.
    """
    folder = Path(folder).resolve()
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    try:
        temporary.mkdir(parents=True)
        write(temporary)
        mode = stat.S_IMODE(temporary.stat().st_mode) & _PLAIN_FILE
        for file in temporary.rglob("*"):
            if file.is_file():
                file.chmod(mode)
        if beside and folder.is_dir() and any(folder.iterdir()):
            for file in temporary.iterdir():
                file.replace(folder / file.name)
            return
        if folder.is_dir():
            folder.rmdir()
        temporary.replace(folder)
    except OSError as error:
        raise _unwritten(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _put_where_nothing_stands(temporary: Path, path: Path) -> None:
    """A link is made only where there is no file; where the file system has no links, an empty file is."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        with open(path, "xb"):
            temporary.replace(path)


def check_is_no_program(path: Path) -> None:
    """Refuse an export that other libraries open, or a weights file that is not there, where a generator is wanted.

    Raises:
        EquipoiseError: it is one of these; the sentence says what opens it.
    """
    opener = _OPENED_BY.get(path.suffix.lower())
    if opener and not path.is_dir():
        raise EquipoiseError(
            f"{printable(path)} is opened by {opener}; give a run, or a generator that was exported as a folder or a "
            ".safetensors file."
        )
    if path.suffix.lower() == ".safetensors" and not path.exists():
        raise EquipoiseError(f"{printable(path)} is missing, so it contains no run and no generator.")


def folders_here() -> list[str]:
    """The names of the folders in the working directory, as far as it can be read."""
    with contextlib.suppress(OSError), os.scandir() as entries:
        return [entry.name for entry in entries if entry.is_dir()]
    return []


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where there is none.

    Raises:
        EquipoiseError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(folder, error) from error


def check_writable(path: Path) -> None:
    """Refuse at once what could not be written at the end of long work.

    Raises:
        EquipoiseError: the folder, or the one that it would be made in, cannot be written.
    """
    place = Path(path).absolute().parent
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        raise EquipoiseError(
            f"could not write {printable(path)}: there is no permission to write in {printable(place)}"
            f"{_if_in_cache(path)}."
        )


def try_lock(file: IO[bytes]) -> bool:
    """Take the system's lock on an open file. Returns: whether nobody else holds it, if the system has locks.

    The lock ends with the process, however that ends.
    """
    try:
        locks: Any = import_module("fcntl")
    except ImportError:
        return True
    try:
        locks.flock(file, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def sweep_abandoned(folder: Path, pattern: str = "") -> None:
    """Remove half-written files of killed processes from a folder that others may write in at the same time.

    Left alone are the files that are locked, and those that changed within the last hour, whose lock may be on its way
    or not be seen from here.

    Args:
        folder: whose partial files are looked at.
        pattern: of the folders below it that are meant instead, as "*/".
    """
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{pattern}.*.partial"):
            with contextlib.suppress(OSError), open(path, "r+b") as file:
                if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS and try_lock(file):
                    path.unlink()


def write_text_atomically(path: Path, text: str, *, new: bool = False) -> None:
    """Write UTF-8 text whole or not at all; `new` as in `write_atomically`."""
    content = text.encode("utf-8", errors="backslashreplace")  # a name may hold bytes that are no letters
    write_atomically(path, lambda temporary: temporary.write_bytes(content), new=new)


def check_regular(path: Path) -> int:
    """Refuse anything but a regular file: reading a pipe would block, and a device may never end.

    Returns: its size in bytes.

    Raises:
        UnfitFile: it is a pipe, a device, a socket or a folder.
        OSError: there is no such file, or the system refuses.
    """
    status = Path(path).stat()
    mode = status.st_mode
    if not stat.S_ISREG(mode):
        kind = next((name for is_one, name in _OTHER_KINDS.items() if is_one(mode)), "something else")
        raise UnfitFile(f"{printable(path)} is {kind}, not a regular file; give the path of a file.")
    return status.st_size


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """The bytes of a regular file of at most `most_bytes` bytes.

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
    """The UTF-8 text of a regular file; raises as `read_bounded`, and ValueError where it is other text or none."""
    try:
        return read_bounded(path, most_bytes).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not text in UTF-8, beginning with byte {error.start + 1:,}") from error


class BoundedReads(io.FileIO):
    """A regular file for readers of archives: no header can make them read more than `MOST_AT_ONCE` bytes at once."""

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
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def local_path(text: str) -> Path:
    """The path for a text, also where the system's encoding lacks some of its letters; ~ is the home folder."""
    return Path(os.fsdecode(text.encode("utf-8", "surrogateescape"))).expanduser()


def file_name(text: str) -> str:
    """A text as the name of a file or folder: what is neither letter, digit, "-", "_" nor "." becomes "-".

    Examples:
        >>> file_name("my photos/2024"), file_name("..")
        ('my-photos-2024', 'run')
    """
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in text[:_LONGEST_NAME]).strip(".") or "run"


def cache_directory() -> Path:
    """Where classifiers and features are kept: `EQUIPOISE_CACHE`, or `equipoise` in the user's cache folder.

    Raises:
        EquipoiseError: neither is set, and the user has no home folder.
    """
    chosen = os.environ.get("EQUIPOISE_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "equipoise"
    except RuntimeError as error:
        raise EquipoiseError("there is no home folder for the cache; set EQUIPOISE_CACHE to a folder.") from error


def flush_to_disk(path: Path) -> None:
    """Wait until a file's content, or a folder's list of files, has reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
