"""Files with the weights of published networks: on this machine, or downloaded once and checked."""

import re
from collections.abc import Iterable
from pathlib import Path

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import cache_directory, local_path, sha256_of
from equipoise.data.download import RemoteFile, download
from equipoise.evaluation.catalogue import BACKBONES

_MOST_BYTES = 4 << 30
_ADDRESS = re.compile(r"(https://[^#\s]+)#sha256=([0-9a-f]{64})")


def named_weights(words: Iterable[str]) -> dict[str, Path]:
    """The files that words like "dinov2-vit-l14=FILE" name, by network.

    Raises:
        EquipoiseError: a word is of another form; else as `weights_file`.
    """
    found = {}
    for word in words:
        name, equals, file = word.partition("=")
        if not equals or not file:
            raise EquipoiseError(f"--weights takes NAME=FILE, as in dinov2-vit-l14=model.pth, not '{printable(word)}'.")
        found[name] = weights_file(name, file)
    return found


def weights_file(backbone: str, place: str | Path) -> Path:
    """The file with a network's weights.

    Args:
        backbone: the network's name in `BACKBONES`.
        place: a file; or an https address followed by #sha256= and the 64 digits that the file must have. It is
            downloaded into the cache folder the first time.

    Raises:
        UnknownName: there is no such network.
        EquipoiseError: there is no such file, no network, or another file came.
    """
    entry, text = BACKBONES[backbone], str(place)
    if text.startswith(("https://", "http://")):
        return _downloaded(entry.name, text)
    if not local_path(text).is_file():
        raise EquipoiseError(f"there is no file {printable(text)} with the weights of {backbone}.")
    return local_path(text)


def _downloaded(name: str, text: str) -> Path:
    address = _ADDRESS.fullmatch(text)
    if address is None:
        raise EquipoiseError(
            f"{printable(text)} must be an https address with the file's digest, as in https://...#sha256=0123..."
        )
    url, digest = address.groups()
    path = cache_directory() / "weights" / f"{name}-{digest[:16]}"
    if not path.is_file() or sha256_of(path) != digest:
        download(RemoteFile(name, url, "sha256", digest, _MOST_BYTES, "or give a copy with --weights"), path)
    return path
