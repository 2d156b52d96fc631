"""Configurations of earlier versions load, and what is neither of then nor of today is refused with its place."""

from typing import Any

import pytest

from equipoise.algorithms.penalties import Penalty
from equipoise.common.errors import EquipoiseError
from equipoise.experiments.config import from_plain, to_plain
from equipoise.recipes.catalogue import recipe


def read(recipe_name: str, **fields: Any) -> Any:
    plain = to_plain(recipe(recipe_name, "smoke"))
    plain["algorithm"] = {name: value for name, value in plain["algorithm"].items() if name != "penalties"} | fields
    return from_plain(plain).algorithm


@pytest.mark.parametrize(
    ("recipe_name", "fields", "expected"),
    [
        ("gan-digits", {"penalty": "r1", "penalty_weight": 5.0}, (Penalty("r1", 5.0),)),
        ("gan-digits", {"penalty": "wgan-gp"}, (Penalty("wgan-gp", 10.0),)),
        ("mmd-rep-cifar10", {"penalty": "wgan-gp"}, (Penalty("wgan-gp", 1.0),)),
        ("gan-digits", {"penalty": "none", "penalty_weight": 10.0}, ()),
        ("gan-digits", {"penalty_weight": 10.0}, ()),
        ("gan-digits", {}, ()),
    ],
)
def test_the_one_penalty_of_earlier_versions(recipe_name: str, fields: Any, expected: Any) -> None:
    assert read(recipe_name, **fields).penalties == expected


def test_two_penalties_are_read_as_they_are_written() -> None:
    found = read("gan-digits", penalties=[{"kind": "r1", "weight": 5}, {"kind": "r2", "weight": 0.5}])
    assert found.penalties == (Penalty("r1", 5.0), Penalty("r2", 0.5))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"penalty": "r3"}, r"algorithm\.penalties\[0\]: unknown penalty 'r3'"),
        ({"penalty": ["r1"]}, r"algorithm\.penalties\[0\]\.kind"),
        ({"penalty": "r1", "penalty_weight": "much"}, r"algorithm\.penalties\[0\]\.weight"),
        ({"penalty": "r1", "penalties": []}, "field in algorithm: 'penalty'"),
        ({"penalties": "r1"}, "algorithm.penalties must be a list, got 'r1'"),
        ({"penalties": ["r1"]}, r"algorithm\.penalties\[0\] must be a mapping"),
        ({"penalties": [{"kind": "r1"}]}, r"algorithm\.penalties\[0\] is missing the field 'weight'"),
        ({"penalties": [{"kind": "r1", "weight": 1, "wait": 1}]}, r"field in algorithm\.penalties\[0\]: 'wait'"),
        ({"kind": ["gan"]}, "algorithm needs the field 'kind'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(fields: Any, told: str) -> None:
    with pytest.raises(EquipoiseError, match=told):
        read("gan-digits", **fields)


def test_another_algorithm_has_no_penalty() -> None:
    with pytest.raises(EquipoiseError, match="field in algorithm: 'penalty'"):
        read("magan-digits", penalty="r1")
