"""The page on networks: its table holds every kind with the true number of parameters."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")


def test_the_table_lists_every_kind_with_its_parameters(sketch, parameter_count, catalogue_kinds):
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| ([\d,]+) \|", PAGE, flags=re.MULTILINE))
    assert set(rows) == catalogue_kinds
    for kind, parameters in rows.items():
        assert parameter_count(sketch(kind)) == int(parameters.replace(",", "")), kind
