"""Each example is loaded for one test, and what it registers is forgotten after it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import ModuleType

import pytest

from equipoise.common import plugins
from equipoise.common.registry import all_or_nothing

EXAMPLES = Path(__file__).parents[2] / "examples" / "extending"


class _Enough(Exception):
    """Ends a test's registrations."""


@contextmanager
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(plugins, "_LOADED", {})
    with suppress(_Enough), all_or_nothing():
        yield
        raise _Enough


@pytest.fixture(autouse=True)
def _forgotten_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with _forgotten(monkeypatch):
        yield


@pytest.fixture
def own_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """Within, nothing is loaded, and what is registered is forgotten, as when a command's process ends."""
    return lambda: _forgotten(monkeypatch)


@pytest.fixture
def example() -> Callable[[str], ModuleType]:
    """The module of the example of this name, which is loaded as `--plugin` loads it."""

    def load(name: str) -> ModuleType:
        plugins.load_plugin(EXAMPLES / f"{name}.py")
        return sys.modules[f"equipoise_plugin_{name}"]

    return load
