"""Names in the words of a command: each is checked at once, and a wrong one is refused before torch is imported."""

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.abc import InspectLoader
from importlib.util import find_spec
from typing import Any

from equipoise.common.errors import EquipoiseError, UnknownName, printable, shortened
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.inception_file import DOWNLOAD, local_weights
from equipoise.experiments.reading import parted
from equipoise.registries import REGISTRIES, registry

_DEVICES = ("auto", "cpu", "cuda", "hip", "hpu", "maia", "meta", "mps", "mtia", "privateuseone", "xla", "xpu")
"""The kinds of device that torch knows; whether there is one here is seen when it is used."""


def metric_or_all(text: str) -> str:
    """The name of a metric, or the word for all of them."""
    return METRICS.check(text, "all")


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
    _check_fields(names)
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


def _check_fields(names: Sequence[str]) -> None:
    """The first names of a path must be fields, as far as the experiment's own module declares them.

    Raises:
        UnknownName: one is not; the nearest one is named.
    """
    declared, cls = _declared("equipoise.experiments.experiment"), "Experiment"
    for name in names:
        if cls not in declared:
            return
        if name not in declared[cls]:
            raise UnknownName(f"field in {shortened('.'.join(names))}:", name, declared[cls])
        cls = declared[cls][name]


@cache
def _declared(module: str) -> dict[str, dict[str, str]]:
    """The annotated fields of each class of a module, by name, from its source: it would import torch."""
    spec = find_spec(module)
    source = spec.loader.get_source(module) if spec and isinstance(spec.loader, InspectLoader) else None
    return {
        cls.name: {
            line.target.id: ast.unparse(line.annotation)
            for line in cls.body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        }
        for cls in ast.parse(source or "").body
        if isinstance(cls, ast.ClassDef)
    }
