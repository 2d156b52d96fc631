"""Packages whose names are imported when they are first used."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

PACKAGES = ["", ".constraints", ".evaluation", ".losses", ".metrics", ".networks"]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_the_type_checker_sees_is_what_is_there(package: str) -> None:
    room = import_module(f"equipoise{package}")
    tree = ast.parse(Path(str(room.__file__)).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {a.name: n.module for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert seen.items() <= room._HOMES.items()
    assert set(seen) == set(room.__all__) - {"__version__"} <= set(dir(room))
    for name in seen:
        assert getattr(room, name).__module__ == seen[name]
        assert getattr(room, name) is getattr(room, name)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = room.no_such_name


def test_importing_them_and_their_catalogues_costs_no_torch() -> None:
    rooms = "; ".join(f"import equipoise{package}" for package in PACKAGES)
    code = (
        f"{rooms}; import sys; from equipoise.registries import REGISTRIES, registry\n"
        "assert all(len(registry(kind)) for kind in REGISTRIES)\n"
        "print([name for name in ('torch', 'numpy', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
