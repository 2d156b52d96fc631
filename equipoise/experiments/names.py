"""Names in a configuration that no registry knows, found before anything is built from it. Torch-free."""

from collections.abc import Mapping
from typing import Any

from equipoise.common.errors import EquipoiseError, shortened
from equipoise.evaluation.catalogue import METRICS
from equipoise.experiments.reading import read_yaml
from equipoise.registries import REGISTRIES, registry


def check_names(plain: Any) -> None:
    """Every kind of algorithm, data set, network and so on that plain data name, and every metric, must be known.

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


def parted(assignment: str) -> tuple[list[str], Any]:
    """The names on the way of one `field.path=value`, and its value, which is read as YAML.

    Raises:
        EquipoiseError: it is not of this form.
    """
    path, equals, text = _as_letters(assignment).partition("=")
    if not equals or not path:
        raise EquipoiseError(f"'{shortened(assignment)}' does not set anything; write field.path=value.")
    return path.split("."), read_yaml(text, f"the value of {shortened(path)}, '{shortened(text)}',")


def check_assignment(assignment: str) -> None:
    """Refuse what `parted` cannot read, and names in it that no registry knows.

    Raises:
        EquipoiseError: as described.
    """
    names, plain = parted(assignment)
    for name in reversed(names):
        plain = {name: plain}
    check_names(plain)


def _as_letters(argument: str) -> str:
    """What was typed, also where the locale knows fewer letters than UTF-8 and gave bytes in place of them."""
    try:
        return argument.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return argument
