"""Names that options take: each is checked as it is read, so that a wrong one is refused before torch is imported."""

from equipoise.common.errors import EquipoiseError, printable
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.inception_file import DOWNLOAD, local_weights
from equipoise.experiments.names import check_assignment
from equipoise.integrations.catalogue import TRACKERS

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
    """`field.path=value`."""
    check_assignment(text)
    return text


def addressed_assignment(text: str) -> str:
    """The same, perhaps after the alternative that it is for and a colon."""
    path, equals, value = text.partition("=")
    check_assignment(f"{path.rpartition(':')[2]}{equals}{value}")
    return text
