"""Downloads: https only, checked, whole or not at all, with a progress bar."""

import hashlib
import os
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import URLError

from tqdm import tqdm

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_atomically
from equipoise.data.root import HOW_TO_POINT

_CHUNK_BYTES = 1 << 20
_TIMEOUT_SECONDS = 20
_OFFLINE = "EQUIPOISE_OFFLINE"


@dataclass(frozen=True)
class RemoteFile:
    """A public file: its address, what it is called, the digest of its bytes, and the most bytes it may have.

    `instead` tells a person without a network what else would do.
    """

    data_set: str
    url: str
    algorithm: str
    digest: str
    most_bytes: int
    instead: str = f"or {HOW_TO_POINT}"


def download(source: RemoteFile, path: Path) -> None:
    """Fetch the file to `path`, which does not change unless every byte arrived and the digest is right.

    Raises:
        EquipoiseError: no network, a wrong digest, too many bytes, or a folder that cannot be written.
    """
    if not source.url.startswith("https://"):
        raise ValueError(f"url must begin with https://, got {source.url!r}.")
    if os.environ.get(_OFFLINE):
        raise EquipoiseError(_missing(source, path, f"{_OFFLINE} is set, so nothing is downloaded"))
    write_atomically(path, lambda temporary: _fetch(source, path, temporary))


def _fetch(source: RemoteFile, path: Path, temporary: Path) -> None:
    try:
        with urllib.request.urlopen(source.url, timeout=_TIMEOUT_SECONDS) as answer:  # https only, checked above
            if not answer.url.startswith("https://"):
                raise EquipoiseError(
                    f"{source.url} redirects from https to {printable(answer.url)}; it was not followed."
                )
            total = answer.headers.get("Content-Length", "")
            found = _copy(answer, temporary, source, int(total) if total.isdigit() else None)
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise EquipoiseError(
            _missing(source, path, f"it could not be downloaded from {source.url} ({reason})")
        ) from error
    if found != source.digest:
        raise EquipoiseError(
            f"{source.url} has the {source.algorithm} {found} and should have {source.digest}; nothing was saved."
        )


def _copy(answer: IO[bytes], temporary: Path, source: RemoteFile, total: int | None) -> str:
    digest = hashlib.new(source.algorithm, usedforsecurity=False)
    with (
        open(temporary, "wb") as file,
        tqdm(total=total, unit="B", unit_scale=True, desc=source.data_set, disable=None) as bar,
    ):
        while chunk := answer.read(_CHUNK_BYTES):
            if file.tell() + len(chunk) > source.most_bytes:
                raise EquipoiseError(f"{source.url} is larger than {source.most_bytes} bytes; nothing was saved.")
            file.write(chunk)
            digest.update(chunk)
            bar.update(len(chunk))
    return digest.hexdigest()


def _missing(source: RemoteFile, path: Path, why: str) -> str:
    return (
        f"{source.data_set}: {printable(path)} is missing and {why}; "
        f"put the file there, {source.instead}, or try again when online."
    )
