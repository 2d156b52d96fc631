"""Finding files in a folder of any depth: in one order everywhere, and out of every loop of links."""

import hashlib
import os
import stat
from pathlib import Path

_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"))


def image_files(folder: Path) -> list[Path]:
    """Every regular file with an image's suffix, sorted by its path; hidden names (beginning with a dot) are left out.

    Links are followed; a folder that was entered before, as in a loop of links, is not entered again.
    """
    found: list[str] = []
    entered: set[tuple[int, int]] = set()
    waiting = [os.fspath(folder)]
    while waiting:
        current = waiting.pop()
        status = Path(current).stat()
        if (status.st_dev, status.st_ino) not in entered:
            entered.add((status.st_dev, status.st_ino))
            folders, files = _contents(current)
            waiting.extend(sorted(folders, reverse=True))
            found.extend(files)
    return [Path(path) for path in sorted(found, key=os.fsencode)]


def _contents(folder: str) -> tuple[list[str], list[str]]:
    """The folders and the image files directly in a folder."""
    with os.scandir(folder) as entries:
        visible = [(entry.path, _mode(entry)) for entry in entries if not entry.name.startswith(".")]
    folders = [path for path, mode in visible if stat.S_ISDIR(mode)]
    files = [path for path, mode in visible if stat.S_ISREG(mode) and _suffix(path) in _SUFFIXES]
    return folders, files


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()  # noqa: PTH122 - a Path for each of a million names is slow


def _mode(entry: "os.DirEntry[str]") -> int:
    """The file's type; 0 for a link that leads nowhere."""
    try:
        return entry.stat().st_mode
    except OSError:
        return 0


def fingerprint(paths: list[Path], base: Path | None = None) -> str:
    """A hash of names, sizes and times of change: another one means that the files changed."""
    digest = hashlib.sha256()
    for path in paths:
        status = path.stat()
        name = os.fsencode(path if base is None else path.relative_to(base))
        digest.update(name + f"\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()
