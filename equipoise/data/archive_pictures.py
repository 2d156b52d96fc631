"""Image files in a zip or a tar: read one after the other, never unpacked to the disk."""

import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import IO

from equipoise.common.errors import printable
from equipoise.common.files import BoundedReads
from equipoise.data.account import Named
from equipoise.data.kinds import image_suffixes
from equipoise.data.pictures import MOST_FILE_BYTES, Picture, not_too_large
from equipoise.data.root import reading_packed


def archived_pictures(path: Path, left_out: list[Named]) -> Iterator[Picture]:
    """Every image in the archive, in the archive's order; hidden names are skipped.

    The bytes of each are at hand when it comes, since an archive that is packed as a whole cannot go back.

    Args:
        path: of a zip or a tar, packed or not.
        left_out: is given the names of files of other kinds.

    Raises:
        EquipoiseError: there is no such file, or it is damaged.
    """
    called = printable(path)
    damaged = f"{called} is not a readable zip or tar: it is damaged, or locked."
    with reading_packed(path, f"there is no archive {called}.", damaged):
        members = _zipped(path) if path.name.lower().endswith(".zip") else _tarred(path)
        for name, size, file in members:
            inside = PurePosixPath(name)
            if any(part.startswith(".") or part == "__MACOSX" for part in inside.parts):
                continue
            if inside.suffix.lower() in image_suffixes():
                content = file.read(MOST_FILE_BYTES + 1) if size <= MOST_FILE_BYTES else None
                yield Picture(name, partial(not_too_large, content))
            else:
                left_out.append((name, inside.suffix.lower() or "files without an ending"))


def top_folder(paths: Iterable[Path]) -> Path:
    """The folder inside an archive that everything lies in, as most archives have one."""
    levels = zip(*(path.parts[:-1] for path in paths), strict=False)
    return Path(*(level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels)))


def _zipped(path: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    with BoundedReads(path) as raw, zipfile.ZipFile(raw) as archive:
        for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
            if not entry.is_dir():
                with archive.open(entry) as file:
                    yield entry.filename, entry.file_size, file


def _tarred(path: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    with BoundedReads(path) as raw, tarfile.open(fileobj=raw, mode="r|*") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isreg() else None
            if file is not None:
                yield member.name, member.size, file
