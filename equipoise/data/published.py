"""Files of a published archive: only the needed ones, unpacked once, and only if the archive's hash is right."""

import hashlib
import os
import shutil
import tarfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import cache_directory, check_regular, write_atomically
from equipoise.data.download import RemoteFile, download
from equipoise.data.root import HOW_TO_POINT, reading


@dataclass(frozen=True)
class Archive:
    """A .tar.gz of plain files in one folder.

    Args:
        source: its address and digest; an archive with another digest is never opened.
        folder: the folder inside the archive, and beside it once unpacked.
        most_bytes: the largest size that one of its files may have.
    """

    source: RemoteFile
    folder: str
    most_bytes: int

    @property
    def file_name(self) -> str:
        """The archive's own file name."""
        return self.source.url.rpartition("/")[2]


def published_files(root: Path, archive: Archive, names: list[str]) -> list[Path]:
    """The wanted files, unpacked or downloaded where they are not in `<root>/<folder>/` yet.

    Raises:
        EquipoiseError: a file is missing and cannot be had, or the archive is damaged.
    """
    unpacked = (root / archive.folder, cache_directory() / "data" / archive.folder)
    for folder in (*unpacked, root / archive.folder / archive.folder, root):
        paths = [folder / name for name in names]
        if all(path.is_file() for path in paths):
            return paths
    packed = root / archive.file_name
    place = root if os.access(root, os.W_OK) or not packed.exists() else cache_directory() / "data"
    if not packed.exists():
        download(archive.source, packed)
    with reading(packed):
        _check_digest(packed, archive)
    _unpack(packed, archive, names, place / archive.folder)
    return [place / archive.folder / name for name in names]


def _check_digest(packed: Path, archive: Archive) -> None:
    check_regular(packed)
    with open(packed, "rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.new(archive.source.algorithm, usedforsecurity=False))
    if digest.hexdigest() != archive.source.digest:
        raise EquipoiseError(
            f"{printable(packed)} is damaged (its {archive.source.algorithm} is not {archive.source.digest}); "
            f"delete it, so that it is downloaded again, or {HOW_TO_POINT}."
        )


def _unpack(packed: Path, archive: Archive, names: list[str], folder: Path) -> None:
    """Write the wanted regular files under their own names; paths in the archive are compared, never followed."""
    wanted = {f"{archive.folder}/{name}": name for name in names}
    try:
        with tarfile.open(packed, "r|gz") as tar:
            for member in tar:
                name = wanted.get(member.name.removeprefix("./"))
                if name is not None and member.isreg() and member.size <= archive.most_bytes:
                    content = tar.extractfile(member)
                    assert content is not None
                    write_atomically(folder / name, partial(_copy, content))
    except EquipoiseError:
        raise
    except Exception as error:  # a damaged file may make the readers of gzip and tar raise anything
        raise EquipoiseError(f"{printable(packed)} is damaged; delete it and download it again.") from error
    for name in names:
        if not (folder / name).is_file():
            raise EquipoiseError(f"{printable(packed)} does not hold {archive.folder}/{name}; download it again.")


def _copy(content: IO[bytes], path: Path) -> None:
    with open(path, "wb") as file:
        shutil.copyfileobj(content, file)
