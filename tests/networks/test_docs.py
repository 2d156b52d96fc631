"""The page on networks: its table holds every kind with the true number of parameters, and its example runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import equipoise

PAGE = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")


def test_the_table_lists_every_kind_with_its_parameters(sketch, parameter_count, catalogue_kinds):
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| ([\d,]+) \|", PAGE, flags=re.MULTILINE))
    assert set(rows) == catalogue_kinds
    for kind, parameters in rows.items():
        assert parameter_count(sketch(kind)) == int(parameters.replace(",", "")), kind


def test_the_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    program = example + "print(tuple(images.shape), tuple(scores.shape))"
    place = os.environ | {"PYTHONPATH": str(Path(equipoise.__file__).parents[1])}
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=place)
    assert shown.stdout.strip() == "(8, 3, 32, 32) (8, 16)"
