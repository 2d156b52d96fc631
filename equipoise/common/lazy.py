"""Names of a package that are imported when they are first used, so that importing the package is fast."""

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules


def homes(package: str, **names: str) -> dict[str, str]:
    """name -> the module where it is defined, as `lazy_names` wants it.

    Args:
        package: its `__name__`.
        names: the names that each of its modules defines, parted by spaces.
    """
    return {name: f"{package}.{module}" for module, found in names.items() for name in found.split()}


def lazy_names(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """A package's `__getattr__` and `__dir__`.

    Args:
        package: its `__name__`.
        homes: name -> the module where it is defined.
    """

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return find, lambda: sorted([*vars(modules[package]), *homes])
