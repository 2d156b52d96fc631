"""Where the files of data sets lie. Torch-free."""

import os
from pathlib import Path

from equipoise.common.files import cache_directory

HOW_TO_POINT = "pass --data-root or set EQUIPOISE_DATA to the folder that holds it"


def find_root(explicit: Path | None = None) -> Path:
    """The data root: the explicit one, else `EQUIPOISE_DATA`, else `data` in the cache folder."""
    if explicit is not None:
        return Path(explicit).expanduser()
    chosen = os.environ.get("EQUIPOISE_DATA")
    return Path(chosen).expanduser() if chosen else cache_directory() / "data"
