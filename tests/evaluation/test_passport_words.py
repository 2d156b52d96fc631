"""Each field in which two passports must agree has its words."""

from dataclasses import replace
from typing import Any

import pytest

from equipoise.evaluation.passport import MUST_AGREE, Passport, comparable
from equipoise.evaluation.passport_words import compared, differences_in_words
from equipoise.evaluation.score import Score

GIVEN = Passport("kid", "photos", "0123456789", "all", 900, 500, "lite0", "abc", "clean to 112", 0, {}, "", "cpu")
OTHERS = {
    "metric": ("fid", "they are two metrics, kid and fid"),
    "data": ("faces", "the real data are photos and faces"),
    "data_hash": ("9876543210", "the real data photos have changed (01234567, now 98765432)"),
    "split": ("test", "the real data are photos and photos (test)"),
    "real_count": (1000, "900 real images against 1,000"),
    "generated_count": (50_000, "500 generated images against 50,000"),
    "extractor": ("", "features of lite0 against no network"),
    "weights_hash": ("def", "the weights of lite0 differ"),
    "resize": ("clean to 64", "images resized 'clean to 112' against 'clean to 64'"),
    "precision": ("tf32", "computed in float32 against tf32"),
}


@pytest.mark.parametrize("field", MUST_AGREE)
def test_a_difference_has_its_words(field: str) -> None:
    value, words = OTHERS[field]
    other = replace(GIVEN, **{field: value})
    assert not comparable(GIVEN, other)
    assert differences_in_words(GIVEN, other) == (words,)


def test_what_does_not_matter_is_not_mentioned() -> None:
    assert differences_in_words(GIVEN, replace(GIVEN, seed=3, commit="x", device="cuda", versions={"a": "1"})) == ()
    both = replace(GIVEN, data="faces", data_hash="1", real_count=3)
    assert differences_in_words(GIVEN, both) == ("the real data are photos and faces", "900 real images against 3")


def test_only_another_count_makes_a_biased_metric_s_value_depend_on_it() -> None:
    def told(**changes: Any) -> str:
        scores = [Score("fid", 1.0, None, replace(GIVEN, **each).as_dict()) for each in ({}, changes)]
        return compared(scores[:1], scores[1:])

    assert "(its value depends on the count)" in told(real_count=1000)
    assert "500 generated images against 600 (its value depends on the count)" in told(generated_count=600)
    assert "depends" not in told(data="cats, images against dogs")
    assert "depends" not in told(data="1 images against 2")
    assert "depends" not in told(metric="another", real_count=1000)
