import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import equipoise.metrics as metrics
from equipoise.metrics.catalogue import METRICS


@pytest.mark.parametrize("name", METRICS)
def test_every_entry_names_a_function_that_the_room_exports(name: str) -> None:
    module, _, function = METRICS[name][0].partition(":")
    found = getattr(import_module(module), function)
    assert callable(found)
    assert getattr(metrics, function) is found
    assert found.__doc__
    assert METRICS[name][1]


def test_the_catalogue_costs_no_torch() -> None:
    code = "import sys, equipoise.metrics.catalogue; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_the_type_checker_sees_is_what_is_there() -> None:
    tree = ast.parse(Path(metrics.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {a.name: n.module for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert seen == metrics._HOMES
    assert all(getattr(metrics, name).__module__ == module for name, module in seen.items())
    with pytest.raises(AttributeError, match="no_such_metric"):
        _ = metrics.no_such_metric
