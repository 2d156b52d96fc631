"""Reads untrusted YAML: limited in size, no duplicate keys, and errors in one sentence."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from equipoise.common.errors import EquipoiseError, UnfitFile, printable, shortened
from equipoise.common.files import read_text_bounded

MOST_BYTES = 1 << 18
"""Of a configuration's file."""
MOST_VALUES = 10_000
"""That a configuration may hold."""
_WHOLE_BITS, _MOST_LEVELS = 63, 100
_NAMELESS = 'in "<unicode string>", '
"""How PyYAML begins the place of a fault in a text that has no file."""
_REFUSALS = (yaml.YAMLError, RecursionError, ValueError, LookupError, TypeError, AttributeError, OverflowError)
"""PyYAML lets through what Python says of a date without such a month, of an empty !!int, and the like."""


def read_yaml(text: str, what: str = "the configuration", most_values: int = MOST_VALUES) -> Any:
    """The dictionaries, lists and plain values of a YAML text; `what` names it in a refusal.

    Raises:
        EquipoiseError: it is not YAML, a key is given twice, a whole number has more than 63 bits, brackets are nested
            more than 100 deep, or it holds more than `most_values` values once its aliases are written out.
    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _refuse_too_many(node, most_values)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except _REFUSALS as error:
        raise EquipoiseError(f"{what} is not valid YAML: {shortened(_reason(error))}.") from error


def read_yaml_file(path: Path, most_bytes: int = MOST_BYTES, most_values: int = MOST_VALUES) -> Any:
    """The content of a YAML file.

    Raises:
        EquipoiseError: there is no such file, it is larger than `most_bytes`, or as `read_yaml`.
    """
    try:
        text = read_text_bounded(path, most_bytes)
    except UnfitFile:
        raise
    except (OSError, ValueError) as error:
        raise EquipoiseError(f"cannot read the configuration {printable(path)}: {error}.") from error
    return read_yaml(text, f"the configuration {printable(path)}", most_values)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which also refuses a key that is given twice, numbers beyond 63 bits, and deep nesting."""

    def fetch_flow_collection_start(self, TokenClass: type[yaml.Token]) -> None:
        if self.flow_level >= _MOST_LEVELS:  # each bracket takes PyYAML as long as there are open ones
            raise ValueError(f"brackets are nested more than {_MOST_LEVELS} deep")
        super().fetch_flow_collection_start(TokenClass)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key '{shortened(key.value)}' is given twice", key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        number: int = super().construct_yaml_int(node)
        if number.bit_length() > _WHOLE_BITS:
            raise ValueError(f"a whole number has {number.bit_length()} bits, which is more than {_WHOLE_BITS}")
        return number


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def _refuse_too_many(root: yaml.Node, most: int) -> None:
    """Count what the aliases stand for, without writing them out."""
    known: dict[int, int] = {}
    open_nodes: set[int] = set()

    def count(node: yaml.Node) -> int:
        if id(node) in open_nodes:
            raise ValueError("an alias contains itself")
        if id(node) not in known:
            open_nodes.add(id(node))
            known[id(node)] = 1 + sum(count(child) for child in _children(node))
            open_nodes.discard(id(node))
        return known[id(node)]

    if count(root) > most:
        raise ValueError(f"it stands for more than {most} values")


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _reason(error: Exception) -> str:
    words = " ".join(str(error).replace(_NAMELESS, "at ").split()) or type(error).__name__
    return "a value cannot be made" if isinstance(error, LookupError | AttributeError | TypeError) else words


def parted(assignment: str) -> tuple[list[str], Any]:
    """The names on the way to the field of one `field.path=value`, and the value, which is read as YAML.

    Raises:
        EquipoiseError: it is not of this form.
    """
    path, equals, text = _as_letters(assignment).partition("=")
    if not equals or not path:
        raise EquipoiseError(f"'{shortened(assignment)}' does not set anything; write field.path=value.")
    return path.split("."), read_yaml(text, f"the value of {shortened(path)}, '{shortened(text)}',")


def _as_letters(argument: str) -> str:
    """What was typed, also where the locale knows fewer letters than UTF-8 and gave bytes in place of them."""
    try:
        return argument.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return argument
