"""Names in the words of a command: each is checked at once, and a wrong one is refused before torch is imported."""

from collections.abc import Mapping
from typing import Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.inception_file import DOWNLOAD, local_weights
from equipoise.experiments.reading import parted
from equipoise.integrations.catalogue import TRACKERS
from equipoise.registries import REGISTRIES, registry

_DEVICES = ("auto", "cpu", "cuda", "hip", "hpu", "maia", "meta", "mps", "mtia", "privateuseone", "xla", "xpu")
"""The kinds of device that torch knows; whether there is one here is seen when it is used."""


def metric(text: str) -> str:
    """The name of a metric."""
    METRICS.check(text)
    return text


def metric_or_all(text: str) -> str:
    """The name of a metric, or the word for all of them."""
    METRICS.check(text, "all")
    return text


def tracker(text: str) -> str:
    """The name of a tracker."""
    TRACKERS.check(text)
    return text


def device(text: str) -> str:
    """The name of a device, perhaps with its number."""
    if text.partition(":")[0] not in _DEVICES:
        raise EquipoiseError(f"there is no device '{printable(text)}' here; use cpu, or auto to choose.")
    return text


def inception_weights(text: str) -> str:
    """A file that is there, or the word that has one downloaded."""
    if text != DOWNLOAD:
        local_weights(text)
    return text


def assignment(text: str) -> str:
    """`field.path=value`, in which every name is known."""
    names, plain = parted(text)
    for name in reversed(names):
        plain = {name: plain}
    check_names(plain)
    return text


def addressed_assignment(text: str) -> str:
    """The same, perhaps after the alternative that it is for and a colon."""
    path, equals, value = text.partition("=")
    assignment(f"{path.rpartition(':')[2]}{equals}{value}")
    return text


def check_names(plain: Any) -> None:
    """Every kind of algorithm, data set, network and so on, and every metric, that a configuration names must be known.

    Raises:
        UnknownName: one is not; the nearest one is named.
    """
    for name, value in plain.items() if isinstance(plain, Mapping) else ():
        kind = value.get("kind") if isinstance(value, Mapping) else None
        if name in REGISTRIES and isinstance(kind, str):
            registry(name).check(kind)
        if name == "metrics" and isinstance(value, list):
            METRICS.all_of(each for each in value if isinstance(each, str))
        check_names(value)
