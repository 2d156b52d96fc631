"""Where doctests are: in the package, but for modules whose extra is not among those of the tests."""

from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = Path(__file__).parent / "tests"
EXTRAS = ("lightning", "transformers")
"""Each is the name of a package and of the module of `equipoise.integrations` that cannot be imported without it."""

collect_ignore = [f"equipoise/integrations/{name}.py" for name in EXTRAS if find_spec(name) is None]


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Doctests stand in the package alone; to look for them in every test takes seconds."""
    found = yield
    return [each for each in found if TESTS not in file_path.parents or type(each) is pytest.Module]
