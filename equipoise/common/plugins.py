"""Plug-ins: files of method authors, executed because the user named them. Each registers its methods."""

import hashlib
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from equipoise.common.errors import EquipoiseError, UnfitFile, printable, shortened
from equipoise.common.files import read_bounded
from equipoise.common.registry import all_or_nothing

_MOST_BYTES = 16 << 20


@dataclass(frozen=True)
class Plugin:
    """One file of a method author's.

    Attributes:
        path: where it was read.
        source: its bytes. What is executed, also in another process, are these and no later ones.
    """

    path: str
    source: bytes

    @property
    def name(self) -> str:
        """The file's name; `resume` needs a plug-in of the same name."""
        return Path(self.path).name

    @property
    def sha256(self) -> str:
        """Of the source, as 64 hexadecimal digits."""
        return hashlib.sha256(self.source).hexdigest()

    @property
    def record(self) -> dict[str, str]:
        """What a run remembers of it."""
        return {"name": self.name, "sha256": self.sha256}


_LOADED: dict[str, Plugin] = {}


def loaded_plugins() -> tuple[Plugin, ...]:
    """The plug-ins that this process has executed, in order."""
    return tuple(_LOADED.values())


def load_plugin(path: Path) -> None:
    """Execute a file, which registers its methods; the same file is executed only once.

    Raises:
        EquipoiseError: it cannot be read, is not Python, fails, or takes a name that is taken; nothing of it stays.
    """
    try:
        source = read_bounded(path, _MOST_BYTES)
    except UnfitFile:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise EquipoiseError(f"the plug-in {printable(path)} cannot be read: {printable(reason)}.") from error
    execute(Plugin(str(path), source))


def load_all(plugins: Iterable[Plugin]) -> None:
    """Execute another process's plug-ins, except those that were executed here already."""
    for plugin in plugins:
        execute(plugin)


def execute(plugin: Plugin) -> None:
    """Execute a plug-in in a module of its own, which other processes find under the same name.

    Raises:
        EquipoiseError: as `load_plugin`.
    """
    known = _LOADED.get(plugin.name)
    if known is not None:
        if known.source != plugin.source:
            raise EquipoiseError(f"another plug-in {printable(plugin.name)} is already loaded; rename one of the two.")
        return
    module = ModuleType("equipoise_plugin_" + "".join(c if c.isalnum() else "_" for c in Path(plugin.path).stem))
    module.__file__ = plugin.path
    sys.modules[module.__name__] = module
    try:
        with all_or_nothing():
            exec(compile(plugin.source, plugin.path, "exec"), module.__dict__)
    except KeyboardInterrupt:
        del sys.modules[module.__name__]
        raise
    except BaseException as error:
        del sys.modules[module.__name__]
        raise EquipoiseError(_failure(plugin, error)) from error
    _LOADED[plugin.name] = plugin


def _failure(plugin: Plugin, error: BaseException) -> str:
    """What went wrong, and in which line of the file."""
    if isinstance(error, SyntaxError) and error.filename in (plugin.path, None):
        line, what = error.lineno, f"is not valid Python: {error.msg}"
    else:
        places = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == plugin.path]
        line = places[-1].lineno if places else None
        told = str(error) if isinstance(error, EquipoiseError) else f"{type(error).__name__}: {error}"
        what = f"fails: {told}".rstrip(" .:")
    where = f" in line {line}" if line else ""
    end = "" if what.endswith("?") else "."
    return f"the plug-in {printable(plugin.path)}{where} {shortened(what, 400)}{end}"


def check_plugins(recorded: Any) -> None:
    """The plug-ins that a run was trained with must be here, by their names.

    Args:
        recorded: what the run's environment says of them; anything else than a list of records counts as none.

    Raises:
        EquipoiseError: one is missing.
    """
    for name, _ in _records(recorded):
        if name not in _LOADED:
            raise EquipoiseError(
                f"the run was trained with the plug-in {printable(name)}: "
                f"add --plugin {printable(name)}, with the path of that file."
            )


def changed_plugins(recorded: Any) -> list[str]:
    """The names of the plug-ins whose content has changed since the run was trained."""
    return [name for name, sha256 in _records(recorded) if name in _LOADED and _LOADED[name].sha256 != sha256]


def _records(recorded: Any) -> list[tuple[str, str]]:
    entries = recorded if isinstance(recorded, list) else []
    return [
        (each["name"], str(each.get("sha256")))
        for each in entries
        if isinstance(each, dict) and isinstance(each.get("name"), str)
    ]
