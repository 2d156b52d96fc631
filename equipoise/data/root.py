"""Where the files of data sets lie. Torch-free."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from equipoise.common.errors import EquipoiseError, UnfitFile, printable
from equipoise.common.files import cache_directory, local_path

HOW_TO_POINT = "pass --data-root or set EQUIPOISE_DATA to the folder that holds it"
"""What an error says about a folder that was not found."""


def find_root(explicit: Path | None = None) -> Path:
    """The data root: the explicit one, else `EQUIPOISE_DATA`, else `data` in the cache folder."""
    if explicit is not None:
        return Path(explicit).expanduser()
    chosen = os.environ.get("EQUIPOISE_DATA")
    return Path(chosen).expanduser() if chosen else cache_directory() / "data"


def own_path(text: str, root: Path | None) -> Path:
    """The place of data with a path of their own: a relative path below the root if it exists, else as it is."""
    path = local_path(text)
    below = None if root is None else Path(root).expanduser() / path
    return below if below is not None and below.exists() else path


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the operating system's errors while `path` is read into one sentence."""
    try:
        yield
    except UnfitFile:
        raise
    except OSError as error:
        where = printable(error.filename or path)
        raise EquipoiseError(f"{where} could not be read: {error.strerror or 'it is damaged'}.") from error
