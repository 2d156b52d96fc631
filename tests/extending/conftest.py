"""Each example is loaded for one test, and what it registers is forgotten after it."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

from equipoise.common import plugins
from equipoise.common.registry import all_or_nothing

EXAMPLES = Path(__file__).parents[2] / "examples" / "extending"


class _Enough(Exception):
    """Ends a test's registrations."""


@pytest.fixture(autouse=True)
def _forgotten_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(plugins, "_LOADED", {})
    with suppress(_Enough), all_or_nothing():
        yield
        raise _Enough


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """The example of this name, imported from its file as an author's own program would."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"extending_{name}", EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load
