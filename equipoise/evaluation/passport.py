"""The passport of a score: everything it depends on, so that you can tell whether two scores are comparable."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import torch

from equipoise import __version__
from equipoise.common.errors import EquipoiseError


@dataclass(frozen=True)
class Passport:
    """What a score was measured on, with what, and where.

    Attributes:
        metric: name and settings, as in "inception-score, 10 splits".
        data: the data set.
        data_hash: of its content.
        split: which part of it.
        real_count: real samples that went in; 0 if the metric looks at none.
        generated_count: generated samples that went in.
        extractor: what made features or probabilities, as in "classifier" or "inception-v3"; empty for none.
        weights_hash: SHA-256 of the extractor's weights; empty for none.
        resize: how images were resized for the extractor.
        seed: of the noise that the samples came from.
        versions: package -> version.
        commit: of the code, empty if unknown.
        device: what computed it, as in "cpu".
        precision: of products and convolutions, as `equipoise.common.precision.product_precision` names it.
        held_out_hash: of the held-out items that went in; empty if the metric looks at none, or in older passports.
    """

    metric: str
    data: str
    data_hash: str
    split: str
    real_count: int
    generated_count: int
    extractor: str
    weights_hash: str
    resize: str
    seed: int
    versions: dict[str, str]
    commit: str
    device: str
    precision: str = "float32"
    held_out_hash: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "Passport":
        """Back from JSON.

        Raises:
            EquipoiseError: a field is missing, unknown or of the wrong type.
        """
        values = OLDER | values
        wrong = sorted(set(values) ^ {field.name for field in fields(Passport)})
        if wrong:
            raise EquipoiseError(f"not a score's passport: the fields {', '.join(wrong)} are missing or unknown.")
        passport = Passport(**values)
        for field in fields(Passport):
            expected = type(getattr(_EXAMPLE, field.name))
            if type(getattr(passport, field.name)) is not expected:
                raise EquipoiseError(
                    f"not a score's passport: the field {field.name} must be of type {expected.__name__}."
                )
        return passport


OLDER: dict[str, Any] = {"precision": "float32", "held_out_hash": ""}
"""What a passport means that was written before these fields were there."""
_EXAMPLE = Passport("", "", "", "", 0, 0, "", "", "", 0, {}, "", "")

MUST_AGREE = (
    "metric",
    "data",
    "data_hash",
    "split",
    "real_count",
    "generated_count",
    "extractor",
    "weights_hash",
    "resize",
    "precision",
)
"""The fields in which two scores of one column must agree."""


def decisive(passport: Mapping[str, object]) -> tuple[str, ...]:
    """The fields in which another score must agree: not the content of real data that this one never looks at."""
    looks = passport.get("real_count") or passport.get("extractor")
    return MUST_AGREE if looks else tuple(name for name in MUST_AGREE if name != "data_hash")


def comparable(a: Passport, b: Passport) -> bool:
    """Whether two scores are comparable: everything agrees except seed, versions, commit and device.

    The content of the real data does not matter to a score that looks at none of them, as the count of a ring's modes.
    """
    return not differences(a, b)


def differences(a: Passport, b: Passport) -> tuple[str, ...]:
    """The fields that make two scores incomparable, in the passport's order."""
    either = {*decisive(vars(a)), *decisive(vars(b))}
    found = tuple(name for name in MUST_AGREE if name in either and getattr(a, name) != getattr(b, name))
    known = {a.held_out_hash, b.held_out_hash} - {""}
    return (*found, "held_out_hash") if len(known) > 1 else found


def current_versions() -> dict[str, str]:
    """The versions that a score depends on."""
    return {
        "equipoise": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
