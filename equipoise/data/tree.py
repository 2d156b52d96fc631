"""Finding files in a folder of any depth: in the same order on every system, and without following loops of links."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from equipoise.data.account import Named
from equipoise.data.kinds import image_suffixes

_LONGEST_SUFFIX = 10


@dataclass
class Found:
    """The images of a folder, and its other files with what they are; names are paths inside the folder."""

    images: list[Path] = field(default_factory=list)
    left_out: list[Named] = field(default_factory=list)


def find_images(folder: Path, each: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> Found:
    """Every file with an image's ending, and every other file, sorted by path; hidden names are skipped.

    Links are followed; a folder that was entered before, as in a loop of links, is not entered again.

    Args:
        folder: where to look, at any depth.
        each: is given what is found, one by one, as a progress bar is.

    Raises:
        OSError: the folder itself cannot be opened; one below it is left out.
    """
    found, suffixes = Found(), image_suffixes()
    for path, kind in each(_entries(os.fspath(folder))):
        if kind is None and _suffix(path) in suffixes:
            found.images.append(Path(path))
        else:
            found.left_out.append((os.path.relpath(path, folder), kind or _called(path)))
    found.images.sort(key=os.fsencode)
    found.left_out.sort()
    return found


def _entries(folder: str) -> Iterator[tuple[str, str | None]]:
    """(path, why it is nothing to read, or None) of everything that is no folder."""
    entered: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            status = Path(current).stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            folders, files = _contents(current)
        except OSError:
            if current == folder:
                raise
            yield current, "folders that could not be opened"
            continue
        waiting.extend(sorted(folders, reverse=True))
        yield from files


def _contents(folder: str) -> tuple[list[str], list[tuple[str, str | None]]]:
    """The folders directly in a folder, and all else with why it is nothing to read."""
    with os.scandir(folder) as entries:
        visible = [(entry.path, _mode(entry)) for entry in entries if not entry.name.startswith(".")]
    folders = [path for path, mode in visible if stat.S_ISDIR(mode)]
    return folders, [(path, _trouble(mode)) for path, mode in visible if not stat.S_ISDIR(mode)]


def _trouble(mode: int) -> str | None:
    if mode == 0:
        return "links that lead nowhere"
    return None if stat.S_ISREG(mode) else "pipes and devices"


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()  # noqa: PTH122 - a Path for each of a million names is slow


def _called(path: str) -> str:
    """What kind of file it is, by its ending."""
    suffix = _suffix(path)
    if suffix in ("", "."):
        return "files without an ending"
    return suffix if len(suffix) <= _LONGEST_SUFFIX else "files of no known kind"


def _mode(entry: "os.DirEntry[str]") -> int:
    """The file's type; 0 for a link that leads nowhere."""
    try:
        return entry.stat().st_mode
    except OSError:
        return 0


def fingerprint(paths: list[Path], base: Path | None = None) -> str:
    """A hash of names, sizes and modification times: it differs if the files have changed."""
    digest = hashlib.sha256()
    for path in paths:
        status = path.stat()
        name = os.fsencode(path if base is None else path.relative_to(base))
        digest.update(name + f"\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()
