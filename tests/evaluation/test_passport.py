import json
from dataclasses import replace

import pytest

from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.passport import Passport, comparable, current_versions, differences
from equipoise.evaluation.passport_words import differences_in_words

PASSPORT = Passport(
    metric="inception-score, 10 splits",
    data="digits",
    data_hash="abc",
    split="train",
    real_count=0,
    generated_count=5000,
    extractor="classifier",
    weights_hash="def",
    resize="none",
    seed=0,
    versions=current_versions(),
    commit="",
    device="cpu",
)


@pytest.mark.parametrize("change", [{"seed": 1}, {"versions": {}}, {"commit": "c0ffee"}, {"device": "cuda"}])
def test_where_and_when_do_not_keep_scores_apart(change: dict[str, object]) -> None:
    assert comparable(PASSPORT, replace(PASSPORT, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"metric": "inception-score, 1 split"},
        {"data": "mnist"},
        {"data_hash": "x"},
        {"split": "test"},
        {"real_count": 1},
        {"generated_count": 1},
        {"extractor": "inception-v3"},
        {"weights_hash": "x"},
        {"resize": "clean"},
        {"precision": "tf32"},
    ],
)
def test_what_was_measured_does(change: dict[str, object]) -> None:
    other = replace(PASSPORT, **change)
    assert not comparable(PASSPORT, other)
    assert differences(PASSPORT, other) == tuple(change)


def test_the_content_of_data_that_a_score_does_not_look_at_does_not_matter() -> None:
    modes = replace(PASSPORT, metric="modes-covered of 6", extractor="", weights_hash="")
    assert comparable(modes, replace(modes, data_hash="x"))
    assert differences(modes, replace(modes, data_hash="x", real_count=1)) == ("data_hash", "real_count")


def test_held_out_items_that_are_known_to_differ_keep_scores_apart() -> None:
    one, other = replace(PASSPORT, held_out_hash="x"), replace(PASSPORT, held_out_hash="y")
    assert differences(one, other) == ("held_out_hash",)
    assert comparable(one, PASSPORT)  # whose passport is older, or which looks at none
    assert differences_in_words(one, other) == ("the held-out part of digits is another",)


def test_through_json_and_back() -> None:
    assert Passport.from_dict(json.loads(json.dumps(PASSPORT.as_dict()))) == PASSPORT


def test_a_passport_from_before_the_precision_was_recorded_is_one_of_float32() -> None:
    older = {name: value for name, value in PASSPORT.as_dict().items() if name != "precision"}
    assert Passport.from_dict(older) == PASSPORT


def test_a_wrong_passport_gives_one_sentence() -> None:
    values = PASSPORT.as_dict()
    with pytest.raises(EquipoiseError, match="colour, seed"):
        Passport.from_dict({k: v for k, v in values.items() if k != "seed"} | {"colour": 1})
    with pytest.raises(EquipoiseError, match="real_count must be of type int"):
        Passport.from_dict(values | {"real_count": "many"})


def test_versions_name_what_computes() -> None:
    assert set(current_versions()) == {"equipoise", "python", "torch", "numpy"}
