"""Experiments as YAML and back. Every field is checked; an error names its path and the nearest known name."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from equipoise.algorithms.catalogue import ALGORITHMS
from equipoise.common.errors import EquipoiseError, UnknownName, refuse_unknown, shortened, shown
from equipoise.common.registry import Registry
from equipoise.constraints.catalogue import CONSTRAINTS
from equipoise.data.catalogue import DATA
from equipoise.data.data_set import DataSet
from equipoise.experiments.experiment import Experiment, NetworkConfig, PlayerConstraint, with_length
from equipoise.experiments.former import of_today
from equipoise.experiments.reading import parted, read_yaml, read_yaml_file
from equipoise.networks.catalogue import NETWORKS
from equipoise.training.catalogue import OPTIMISERS, SCHEDULES
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import Optimiser
from equipoise.training.schedules import Schedule

T = TypeVar("T")
Plain = Any
"""What YAML can hold: dictionaries, lists, strings, numbers, booleans and None."""

_TOP = "the configuration"

_KINDS: dict[Any, Registry[Any]] = {
    Algorithm: ALGORITHMS,
    Optimiser: OPTIMISERS,
    Schedule: SCHEDULES,
    PlayerConstraint: CONSTRAINTS,
    DataSet: DATA,
}
"""A declared type -> what a field of that type can be, by its kind."""


def to_yaml(experiment: Experiment) -> str:
    """The whole experiment, defaults included; `from_yaml` reads it back equal."""
    return yaml.safe_dump(to_plain(experiment), sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)


def from_yaml(text: str) -> Experiment:
    """An experiment from YAML.

    Raises:
        EquipoiseError: not YAML, or a field is unknown, missing, of a wrong type or of an impossible value.
    """
    return from_plain(read_yaml(text))


def load_experiment(path: Path) -> Experiment:
    """An experiment from a YAML file.

    Raises:
        EquipoiseError: the file cannot be read, or as `from_yaml`.
    """
    return from_plain(read_yaml_file(path))


def to_plain(value: Any) -> Plain:
    """An experiment, or any part of it, as plain data."""
    if isinstance(value, NetworkConfig):
        return {"kind": value.kind} | {name: to_plain(option) for name, option in value.all_options().items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return _kind_entry(type(value)) | fields
    if isinstance(value, Mapping):
        return {str(name): to_plain(item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def from_plain(plain: Plain) -> Experiment:
    """An experiment from plain data; see `from_yaml` for what is refused."""
    return built(Experiment, plain)


def built(cls: type[T], plain: Plain) -> T:
    """An instance of a dataclass from a mapping of its fields, each checked against its declared type.

    Raises:
        EquipoiseError: a field is unknown, missing, of a wrong type or of an impossible value.
    """
    found: T = _build(cls, plain, _TOP)
    return found


def changed(experiment: Experiment, assignments: Sequence[str]) -> Experiment:
    """A copy with each `field.path=value` set; values are checked after all are set, and the rest is unchanged.

    Raises:
        EquipoiseError: as `set_field`, or a value does not fit.
    """
    fields = _Fields(experiment)
    for assignment in assignments:
        set_field(fields, assignment)
    new: Experiment = _convert(Experiment, fields, _TOP)
    return new


def adjusted(
    experiment: Experiment,
    assignments: Sequence[str],
    seed: int | None = None,
    epochs: int | None = None,
    iterations: int | None = None,
) -> Experiment:
    """A copy with each `field.path=value` set, and with another seed and length where they are given.

    Raises:
        EquipoiseError: as `changed`, or the length does not fit.
    """
    found = changed(experiment, [*assignments, *([] if seed is None else [f"seed={seed}"])])
    if epochs is None and iterations is None:
        return found
    try:
        return with_length(found, epochs=epochs, iterations=iterations)
    except ValueError as error:
        raise EquipoiseError(str(error)) from error


class _Fields(dict[str, Any]):
    """The fields of an object that is about to change; what no assignment names stays the object that it is.

    Attributes:
        cls: of the object.
        new_kind: the kind that an assignment gave it, if it is one and another than before.
    """

    def __init__(self, changing: Any):
        fields = {field.name: getattr(changing, field.name) for field in dataclasses.fields(changing)}
        super().__init__(to_plain(changing) if isinstance(changing, NetworkConfig) else fields)
        self.cls = type(changing)
        self.new_kind: str | None = None

    def __setitem__(self, name: str, value: Any) -> None:
        if name == "kind" and value != self.get("kind") and _is_kind(value):
            self.new_kind = value
        super().__setitem__(name, value)


class _KeptFields(EquipoiseError):
    """A refusal that says already that a new kind keeps the other fields."""


@contextmanager
def _keeping(fields: Plain, where: str) -> Iterator[None]:
    """Inside this context, what is wrong with an object that got a new kind is told with a way to set all of it."""
    try:
        yield
    except EquipoiseError as error:
        if not isinstance(fields, _Fields) or fields.new_kind is None or isinstance(error, _KeptFields):
            raise
        raise _KeptFields(f"{error} A new kind keeps the other fields; {_whole(where, fields.new_kind)}") from error


def _whole(where: str, kind: str) -> str:
    return f"set all of it, as in '{where}={{kind: {kind}}}'."


def _is_kind(value: Plain) -> bool:
    return any(value in registry for registry in (*_KINDS.values(), NETWORKS))


def set_field(plain: dict[str, Plain], assignment: str) -> None:
    """Apply one `field.path=value` to plain data, in place; the value is read as YAML.

    Raises:
        EquipoiseError: no "=", or a field on the way that does not exist.
    """
    names, value = parted(assignment)
    _set(plain, names, value, 0)


def _set(target: Plain, names: Sequence[str], value: Plain, depth: int) -> None:
    """Set what the names lead to; the target is where the first `depth` of them lead."""
    name, *below = names[depth:]
    where, path = ".".join(names[:depth]), ".".join(names)
    if not isinstance(target, dict):
        hint = f" To give it a kind, {_whole(where, value)}" if name == "kind" and _is_kind(value) else ""
        raise EquipoiseError(f"{shortened(path)} is not a field: a plain value has no fields of its own.{hint}")
    with _keeping(target, where):
        member = _member(target, name, path)
        target[name] = _opened(member) if below else value
        if below:
            _set(target[name], names, value, depth + 1)


def _member(target: dict[str, Plain], name: str, path: str) -> Plain:
    if name not in target and isinstance(target, _Fields):
        target.update(_kind_entry(target.cls))  # which is looked up only where it is asked for
    if name not in target:
        raise UnknownName(f"field in {shortened(path)}:", name, target)
    return target[name]


def _opened(value: Any) -> Plain:
    """The members of a value, for an assignment to one of them."""
    if dataclasses.is_dataclass(value):
        return _Fields(value)
    return dict(value) if isinstance(value, Mapping) and not isinstance(value, _Fields) else value


def _kind_entry(cls: type[Any]) -> dict[str, str]:
    kinds = (registry.name_of(cls) for registry in _KINDS.values())
    kind = next((kind for kind in kinds if kind is not None), None)
    return {} if kind is None else {"kind": kind}


def _build(cls: type[Any], plain: Plain, where: str) -> Any:
    """An instance of a dataclass from a mapping of its fields."""
    values = _mapping(plain, where)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    refuse_unknown(f"field in {where}:", values, fields)
    _refuse_missing(values, [name for name, field in fields.items() if _is_required(field)], where)
    hints = typing.get_type_hints(cls)
    arguments = {name: _convert(hints[name], value, _below(where, name)) for name, value in values.items()}
    return _construct(cls, arguments, where)


def _construct(cls: type[Any], arguments: dict[str, Any], where: str) -> Any:
    try:
        return cls(**arguments)
    except ValueError as error:
        raise EquipoiseError(f"{where}: {error}") from error


def _convert(hint: Any, plain: Plain, where: str) -> Any:
    """A value of the hinted type from plain data, or from an object that is one already."""
    if isinstance(plain, _Fields) and "kind" not in plain:
        return _build(plain.cls, plain, where)
    if dataclasses.is_dataclass(plain):
        return plain
    members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if plain is None and type(None) in members:
        return None
    for member in members:
        if member in _KINDS:
            return _build_kind(_KINDS[member], plain, where)
        if member is NetworkConfig:
            return _build_network(plain, where)
        if dataclasses.is_dataclass(member) and isinstance(member, type):
            return _build(member, plain, where)
    if typing.get_origin(hint) is Mapping:
        item = typing.get_args(hint)[1]
        return {name: _convert(item, value, _below(where, name)) for name, value in _mapping(plain, where).items()}
    if typing.get_origin(hint) is tuple and dataclasses.is_dataclass(item := typing.get_args(hint)[0]):
        return tuple(_convert(item, value, f"{where}[{index}]") for index, value in enumerate(_list(plain, where)))
    return _checked(hint, plain, where)


def _build_kind(registry: Registry[Any], plain: Plain, where: str) -> Any:
    values = of_today(registry.kind, _kind_mapping(plain, where))
    cls = registry.load(_kind(values, registry, where))
    with _keeping(plain, where):
        return _build(cls, values, where)


def _build_network(plain: Plain, where: str) -> NetworkConfig:
    values = _kind_mapping(plain, where)
    kind = _kind(values, NETWORKS, where)
    cls = NETWORKS.load(kind)
    with _keeping(plain, where):
        return NetworkConfig(kind, _options(cls, values, where))


def _options(cls: type[Any], values: Mapping[str, Plain], where: str) -> dict[str, Any]:
    """The options of a network's constructor, each checked against its declared type."""
    parameters = inspect.signature(cls).parameters
    refuse_unknown(f"field in {where}:", values, parameters)
    required = [name for name, p in parameters.items() if p.default is inspect.Parameter.empty]
    _refuse_missing(values, required, where)
    hints = typing.get_type_hints(cls.__init__)
    return {name: _checked(hints[name], value, _below(where, name)) for name, value in values.items()}


def _kind(values: dict[str, Plain], registry: Registry[Any], where: str) -> str:
    kind = values.pop("kind", None)
    if not isinstance(kind, str):
        raise EquipoiseError(f"{where} needs the field 'kind', which names the {registry.kind}.")
    return kind


def _checked(hint: Any, plain: Plain, where: str) -> Any:
    if isinstance(plain, bool) and hint in (int, float):
        raise EquipoiseError(f"{where} must be a number, got {plain}.")
    try:
        return TypeAdapter(hint, config=ConfigDict(allow_inf_nan=False)).validate_python(plain)
    except ValidationError as error:
        raise EquipoiseError(f"{where} {_reason(error)}, got {shown(plain)}.") from error


def _reason(error: ValidationError) -> str:
    """What the first complaint of the library says, in words that follow a field's name."""
    first = error.errors()[0]
    if first["type"] in _WRONG_LENGTHS:
        return _WRONG_LENGTHS[first["type"]]
    words = first["msg"].removeprefix("Input ").split(", got ")[0]
    return words[:1].lower() + words[1:]


_WRONG_LENGTHS = {"missing": "has too few values", "too_long": "has too many values", "too_short": "has too few values"}


def _mapping(plain: Plain, where: str) -> dict[str, Plain]:
    if not isinstance(plain, Mapping):
        raise EquipoiseError(f"{where} must be a mapping of fields, got {shown(plain)}.")
    return {str(name): value for name, value in plain.items()}


def _kind_mapping(plain: Plain, where: str) -> dict[str, Plain]:
    if isinstance(plain, str):
        raise EquipoiseError(
            f"{where} must be a mapping of fields, as in {{kind: {shortened(plain)}}}, got {shown(plain)}."
        )
    return _mapping(plain, where)


def _list(plain: Plain, where: str) -> Sequence[Plain]:
    if not isinstance(plain, list | tuple):
        raise EquipoiseError(f"{where} must be a list, got {shown(plain)}.")
    return plain


def _refuse_missing(values: Mapping[str, Plain], required: Sequence[str], where: str) -> None:
    for name in required:
        if name not in values:
            raise EquipoiseError(f"{where} is missing the field '{name}'.")


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _below(where: str, name: str) -> str:
    return shortened(name) if where == _TOP else f"{where}.{shortened(name)}"
