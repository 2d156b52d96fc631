"""Checks of an algorithm's settings: one sentence that names the field and what would be right."""

import math
from typing import Any

from equipoise.common.errors import UnknownName
from equipoise.common.registry import Registry
from equipoise.training.game import Algorithm


def check_name(name: str, registry: Registry[Any], *words: str) -> None:
    """The name must be registered, or one of the words."""
    if name not in words and name not in registry:
        raise UnknownName(registry.kind, name, [*words, *registry])


def check_whole(algorithm: Algorithm, *names: str, least: int) -> None:
    """Each named field must be at least `least`."""
    for name in names:
        value = getattr(algorithm, name)
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}.")


def check_not_negative(algorithm: Algorithm, *names: str) -> None:
    """Each named field must be a finite number of at least 0."""
    for name in names:
        value = getattr(algorithm, name)
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be a finite number of at least 0, got {value}.")


def check_above_zero(algorithm: Algorithm, *names: str) -> None:
    """Each named field must be a finite number above 0."""
    for name in names:
        value = getattr(algorithm, name)
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a finite number above 0, got {value}.")
