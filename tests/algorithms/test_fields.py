"""The fields of every algorithm: words of a few, numbers and truth values, checked where they are given."""

from dataclasses import fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from equipoise.algorithms.catalogue import ALGORITHMS
from equipoise.algorithms.gan import GAN
from equipoise.common.errors import UnknownName

CLASSES = [ALGORITHMS.load(name) for name in ALGORITHMS]
FIELDS = [(each, field.name, get_type_hints(each)[field.name]) for each in CLASSES for field in fields(each)]
WRONG: dict[Any, tuple[Any, ...]] = {
    bool: ("yes", 1, None),
    int: (2.0, "2", True, None),
    int | None: (2.0, "2", True),
    float: ("1", None, [1.0], True),
}


def algorithm(kind: type) -> Any:
    needed = {"margin": 1.0} if kind.__name__ == "EBGAN" else {}
    return kind(iterations=1, **needed)


@pytest.mark.parametrize(("kind", "name", "hint"), [each for each in FIELDS if get_origin(each[2]) is Literal])
def test_a_word_that_is_none_of_the_known_ones_is_refused_with_them(kind: type, name: str, hint: Any) -> None:
    for bad in ("mine", None, 3, ["none"]):
        with pytest.raises(ValueError, match=rf"^{name} must be one of {get_args(hint)[0]}, "):
            replace(algorithm(kind), **{name: bad})
    for good in get_args(hint):
        try:
            assert getattr(replace(algorithm(kind), **{name: good}), name) == good
        except ValueError as error:  # a word that other fields do not allow
            assert "must be one of" not in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("kind", "name", "usual"),
    [("gan", "loss", "hinge"), ("gan", "amplifier", "margin"), ("mmd-gan", "kernel", "gaussian")],
)
def test_a_name_that_is_not_registered_is_refused_with_the_nearest(kind: str, name: str, usual: str) -> None:
    made = algorithm(ALGORITHMS.load(kind))
    assert getattr(replace(made, **{name: usual}), name) == usual
    with pytest.raises(UnknownName, match=f"unknown {name} '{usual}x'; did you mean '{usual}'?"):
        replace(made, **{name: f"{usual}x"})
    for bad in (None, 3, [usual]):
        with pytest.raises(UnknownName, match=f"unknown {name} "):
            replace(made, **{name: bad})


@pytest.mark.parametrize(("kind", "name", "hint"), [each for each in FIELDS if each[2] in WRONG])
def test_a_number_or_a_truth_value_is_one(kind: type, name: str, hint: Any) -> None:
    for bad in WRONG[hint]:
        with pytest.raises(ValueError, match=rf"^{name} must be "):
            replace(algorithm(kind), **{name: bad})


def test_numpys_whole_numbers_and_numbers_are_taken() -> None:
    found = GAN(iterations=np.int64(3), discriminator_steps=np.int32(2), head_decay=np.float32(0.5))
    assert found == GAN(iterations=3, discriminator_steps=2, head_decay=0.5)
    assert {type(found.iterations), type(found.discriminator_steps), type(found.head_decay)} == {int, float}


def test_there_are_words_and_numbers_among_the_fields() -> None:
    assert {("GAN", "update"), ("MMDGAN", "scale")} <= {(kind.__name__, name) for kind, name, _ in FIELDS}
    assert {bool, int, float} <= {hint for *_, hint in FIELDS}
