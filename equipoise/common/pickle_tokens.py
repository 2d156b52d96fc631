"""Reads a pickle of tensors token by token: nothing in it is looked up, called or executed.

A pickle is a program for a small stack machine. `pickletools` only cuts it into its operations; here the few that a
dictionary of tensors needs are followed, with plain descriptions in place of objects, and any other is refused by name.
"""

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any

_MOST_OPERATIONS = 1_000_000
_MOST_DIMENSIONS, _MOST_NUMBERS = 8, 1 << 40


class NotTensors(Exception):
    """The pickle contains something that tensors do not need; the message says what."""


@dataclass(frozen=True)
class Named:
    """A class or function that the pickle names. It is compared with known names, never imported."""

    module: str
    name: str

    def __str__(self) -> str:
        """As in "torch.FloatStorage"."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Storage:
    """Numbers elsewhere in the file: their storage class, their key, and their count."""

    kind: Named
    key: str
    count: int


@dataclass(frozen=True)
class Described:
    """A tensor: its storage, offset, shape and strides, counted in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


_DICTIONARY = Named("collections", "OrderedDict")
_TENSOR = Named("torch._utils", "_rebuild_tensor_v2")


def read_pickle(file: IO[bytes]) -> Any:
    """The value of the file's next pickle; the file's position is then behind it.

    Returns: dictionaries with text keys, tuples, lists, text, whole numbers, truth values, None, `Named` and
        `Described`.

    Raises:
        NotTensors: the pickle is damaged, or asks for anything else.
    """
    machine = _Machine()
    try:
        for count, (operation, argument, _) in enumerate(pickletools.genops(file)):
            if count > _MOST_OPERATIONS:
                raise NotTensors(f"it has more than {_MOST_OPERATIONS} operations")
            if operation.name not in _OPERATIONS:
                raise NotTensors(f"it asks for the operation {operation.name}")
            _OPERATIONS[operation.name](machine, argument)
        return machine.pop()
    except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
        raise NotTensors("it is damaged") from error


class _Machine:
    """The stack, the stacks below the marks, and what was put aside under numbers."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.aside: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        return self.stack.pop()

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def pop_to_mark(self) -> list[Any]:
        found, self.stack = self.stack, self.below.pop()
        return found

    def take(self, count: int) -> list[Any]:
        if count > len(self.stack):
            raise IndexError
        found = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return found


def _set_items(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if type(target) is not dict or len(items) % 2 or any(type(key) is not str for key in items[::2]):
        raise NotTensors("it fills something other than a dictionary with text keys")
    target.update(zip(items[::2], items[1::2], strict=True))


def _append(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if type(target) is not list:
        raise NotTensors("it appends to something other than a list")
    target.extend(items)


def _name(machine: _Machine, text: str) -> None:
    module, _, name = text.partition(" ")
    machine.push(Named(module, name))


def _call(machine: _Machine, _: object) -> None:
    """The two calls that a dictionary of tensors needs; everything else is refused, whatever its name."""
    function, arguments = machine.take(2)
    if function == _DICTIONARY and arguments == ():
        machine.push({})
    elif function == _TENSOR:
        machine.push(_tensor(*arguments[:4]))
    else:
        raise NotTensors(f"it asks to call {function if type(function) is Named else 'what is no function'}")


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any) -> Described:
    fits = type(shape) is tuple and type(strides) is tuple and len(shape) == len(strides) <= _MOST_DIMENSIONS
    if type(storage) is not Storage or not fits or not all(map(_is_count, (offset, *shape, *strides))):
        raise NotTensors("it describes a tensor wrongly")
    return Described(storage, offset, shape, strides)


def _is_count(number: Any) -> bool:
    return type(number) is int and 0 <= number < _MOST_NUMBERS


def _storage(machine: _Machine, _: object) -> None:
    match machine.pop():
        case ("storage", Named() as kind, str(key), str(), count, *view) if _is_count(count) and view in ([], [None]):
            machine.push(Storage(kind, key, count))
        case _:
            raise NotTensors("it refers to something other than a tensor's numbers")


def _forget_state(machine: _Machine, _: object) -> None:
    """A dictionary's attributes, where modules keep their version numbers: of no use here."""
    target, _state = machine.take(2)
    if type(target) is not dict:
        raise NotTensors("it gives attributes to something other than a dictionary")
    machine.push(target)


def _ignore(machine: _Machine, _: object) -> None:
    """Nothing to do."""


_Operation = Callable[[_Machine, Any], object]
_PUT: _Operation = lambda machine, number: machine.aside.update({number: machine.stack[-1]})  # noqa: E731
_GET: _Operation = lambda machine, number: machine.push(machine.aside[number])  # noqa: E731

_OPERATIONS: Mapping[str, _Operation] = {
    "PROTO": _ignore,
    "STOP": _ignore,
    "MARK": lambda machine, _: machine.mark(),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"), _Machine.push),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _PUT),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _GET),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE1": lambda machine, _: machine.push(tuple(machine.take(1))),
    "TUPLE2": lambda machine, _: machine.push(tuple(machine.take(2))),
    "TUPLE3": lambda machine, _: machine.push(tuple(machine.take(3))),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_to_mark())),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "APPEND": lambda machine, _: _append(machine, machine.take(1)),
    "APPENDS": lambda machine, _: _append(machine, machine.pop_to_mark()),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "SETITEM": lambda machine, _: _set_items(machine, machine.take(2)),
    "SETITEMS": lambda machine, _: _set_items(machine, machine.pop_to_mark()),
    "GLOBAL": _name,
    "REDUCE": _call,
    "BINPERSID": _storage,
    "BUILD": _forget_state,
}
"""All that `torch.save` writes for a dictionary of tensors, in both of its formats."""
