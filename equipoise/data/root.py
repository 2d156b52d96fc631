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
    """The data root, absolute: the explicit one, else `EQUIPOISE_DATA`, else `data` in the cache folder."""
    chosen = explicit or os.environ.get("EQUIPOISE_DATA") or cache_directory() / "data"
    return Path(chosen).expanduser().absolute()


def own_path(text: str, root: Path | None) -> Path:
    """The place of data with a path of their own: the first of `_own_places` that is there, else the path as it is."""
    return next((place for place in _own_places(text, root) if place.exists()), local_path(text))


def is_at_hand(data: object, root: Path | None) -> bool:
    """Whether data with a path of their own are there; False for all others, as published ones."""
    own: str | None = getattr(data, "path", None)
    return own is not None and own_path(own, root).exists()


def _own_places(text: str, root: Path | None) -> tuple[Path, ...]:
    """A relative path is looked for below the root first, and then as it is; an absolute one under its name there."""
    path = local_path(text)
    if root is None:
        return (path,)
    base = Path(root).expanduser()
    return (path, base / path.name) if path.is_absolute() else (base / path, path)


def nothing_at(text: str, root: Path | None, how: str) -> EquipoiseError:
    """An error for a path of the user's own where there is nothing.

    Args:
        text: the path.
        root: as in `own_path`.
        how: what it is not, as in "is not a folder".
    """
    places = dict.fromkeys(printable(place.absolute()) for place in _own_places(text, root))
    rest = "".join(f", nor is {place}" for place in list(places)[1:])
    name = printable(local_path(text).name)
    return EquipoiseError(
        f"{next(iter(places))} {how}{rest}: nothing is there; correct the path, put it back, or pass --data-root with "
        f"the folder that holds {name}."
    )


@contextmanager
def reading_packed(path: Path, missing: str, damaged: str) -> Iterator[None]:
    """Turn whatever the readers of an archive raise into one sentence: a hostile file may make them raise anything.

    Args:
        path: the archive.
        missing: what is said where it is not there.
        damaged: what is said where it is not what it should be.
    """
    try:
        yield
    except (EquipoiseError, GeneratorExit):
        raise
    except FileNotFoundError as error:
        raise EquipoiseError(missing) from error
    except OSError as error:
        raise EquipoiseError(f"{printable(path)} could not be read: {error.strerror or 'it is damaged'}.") from error
    except Exception as error:
        raise EquipoiseError(damaged) from error


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
