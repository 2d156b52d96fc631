"""The Hugging Face hub: put a folder there and get one from there. Needs the extra `hub`; nothing else uses it."""

import importlib
import re
from pathlib import Path
from typing import Any

from equipoise.common.errors import EquipoiseError, printable, shortened

PREFIX = "hub:"
"""What an id begins with where a path could stand too."""
FILES = ("model.json", "model.safetensors", "README.md", "samples.png")
"""What is put there, and the most that is taken from there."""
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")


def upload(folder: Path, name: str, private: bool = False) -> str:
    """Make a repository where there is none, and put the folder's files into it.

    Args:
        folder: with `FILES`.
        name: of the repository, as in "user/name".
        private: whether a new repository is seen by its owner only.

    Returns: the address of its page.

    Raises:
        EquipoiseError: the name is none, the extra is missing, or the hub refuses, as without a login.
    """
    hub, name = _hub(), _checked(name)
    try:
        api = hub.HfApi()
        page = api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder, allow_patterns=list(FILES))
    except Exception as error:  # of the library, its HTTP client or the system: each has its own kinds
        raise _failed(f"could not be put on the hub as {name}", error) from error
    return str(page)


def download(name: str) -> Path:
    """A folder with what of `FILES` a repository has, from the hub or from what was fetched before.

    Raises:
        EquipoiseError: the name is none, the extra is missing, there is no such repository, or the hub is out of reach.
    """
    hub, name = _hub(), _checked(name.removeprefix(PREFIX))
    try:
        return Path(hub.snapshot_download(name, allow_patterns=list(FILES)))
    except Exception as error:
        raise _failed(f"{name} could not be fetched from the hub", error) from error


def _checked(name: str) -> str:
    if not _ID.fullmatch(name) or ".." in name:
        raise EquipoiseError(f"a name on the hub is like user/name, not '{printable(name)}'.")
    return name


def _failed(what: str, error: Exception) -> EquipoiseError:
    first = (str(error).strip().splitlines() or [""])[0]
    return EquipoiseError(f"{what}: {shortened(f'{type(error).__name__}: {first}'.rstrip(' .:'))}.")


def _hub() -> Any:
    try:
        return importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise EquipoiseError("the hub needs an extra: pip install 'equipoise[hub]'.") from error
