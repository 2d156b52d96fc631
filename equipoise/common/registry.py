"""One record for each thing that can be named: its name, its summary in one line, and where its code is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from sys import modules
from typing import Any, Generic, TypeVar

from equipoise.common.errors import EquipoiseError, UnknownName, printable, shortened

_OF_A_PLUGIN = "If a plug-in registers it, add --plugin FILE.py; in Python, import that file."


def thing_at(place: str) -> Any:
    """What "module:attribute" leads to; the module is imported now."""
    module, _, attribute = place.partition(":")
    found = modules[module] if module in modules else import_module(module)  # torch.compile follows the former alone
    return getattr(found, attribute)


@dataclass(frozen=True)
class Entry:
    """One thing that can be named on the command line or in a configuration.

    Attributes:
        name: as it is written there: letters, digits, "-", "_" and ".".
        summary: what it is, in one line.
        place: "module:attribute", imported when the thing is asked for; or the thing itself.
    """

    name: str
    summary: str
    place: object

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.replace("-", "").replace(".", "").replace("_", "").isalnum():
            raise ValueError(f"a name consists of letters, digits, '-', '_' and '.', got '{printable(self.name)}'.")
        if not isinstance(self.summary, str) or not self.summary.isprintable():
            raise ValueError(f"the summary of {self.name} must be one line of text.")

    def load(self) -> Any:
        """The thing itself; its module is imported now.

        Raises:
            EquipoiseError: the place leads nowhere, or its module cannot be imported.
        """
        if not isinstance(self.place, str):
            return self.place
        try:
            return thing_at(self.place)
        except EquipoiseError:
            raise
        except Exception as error:
            reason = shortened(f"{type(error).__name__}: {error}".rstrip(" .:"))
            raise EquipoiseError(f"{self.name} cannot be loaded from '{shortened(self.place)}': {reason}.") from error

    def is_place_of(self, thing: object) -> bool:
        """Whether this entry stands for this object; nothing is imported to find out."""
        if not isinstance(self.place, str):
            return self.place is thing
        module, _, attribute = self.place.partition(":")
        return module in modules and getattr(modules[module], attribute, None) is thing


@dataclass(frozen=True)
class Shape:
    """What every thing of a registry must be.

    Attributes:
        words: as in "a function".
        fits: whether a thing is one.
    """

    words: str
    fits: Callable[[Any], bool]


FUNCTION = Shape("a function", callable)
"""The shape that most registries have."""


def dataclass_with(*methods: str) -> Shape:
    """A dataclass that has these methods or properties."""
    return Shape(
        f"a dataclass with {', '.join(methods[:-1])}{' and ' if methods[1:] else ''}{methods[-1]}",
        lambda thing: isinstance(thing, type) and is_dataclass(thing) and all(hasattr(thing, name) for name in methods),
    )


E = TypeVar("E", bound=Entry)


class Registry(Mapping[str, E], Generic[E]):
    """Every entry of one kind, by name, in the order of listings. A thing's module is imported by `load`, not before.

    Args:
        kind: the word in messages, as "loss" or "data set".
        entries: the first ones.
        facts: the class of the entries, where they say more than an `Entry`.
        shape: what each thing must be.
    """

    def __init__(self, kind: str, entries: Iterable[E] = (), facts: type[Entry] = Entry, shape: Shape = FUNCTION):
        self.kind = kind
        self.facts = facts
        self.shape = shape
        self._entries: dict[str, E] = {}
        for entry in entries:
            self._add(entry)

    def register(self, entry: E) -> None:
        """Add a method author's entry.

        Raises:
            EquipoiseError: the name is taken, the entry lacks the facts of its kind, or the thing is of another shape.
        """
        self._add(entry)
        _REGISTERED.append((self, entry.name))

    def _add(self, entry: E) -> None:
        if not isinstance(entry, self.facts):
            raise EquipoiseError(
                f"register each {self.kind} as {self.facts.__name__}(...), not as {type(entry).__name__}."
            )
        if entry.name in self._entries:
            raise EquipoiseError(f"the {self.kind} '{entry.name}' already exists; choose another name.")
        if not isinstance(entry.place, str):
            self._check_shape(entry.name, entry.place)
        self._entries[entry.name] = entry

    def __getitem__(self, name: str) -> E:
        """The entry of this name.

        Raises:
            UnknownName: there is none; the nearest one is named.
        """
        return self._entries[self.check(name)]

    def check(self, name: str, *words: str) -> str:
        """The name, which must be registered, or one of the words.

        Raises:
            UnknownName: it is not; the nearest one is named.
        """
        if name not in words and name not in self:
            raise self.unknown(name, words)
        return name

    def unknown(
        self, name: str, words: Iterable[str] = (), what: str | None = None, folders: Iterable[str] | None = None
    ) -> UnknownName:
        """The error about a name that is not here, to be raised; it says how a plug-in's names become known.

        Args:
            name: what was asked for.
            words: what was allowed besides the registered names.
            what: the kind of thing that was looked for, where it is more than this registry's kind.
            folders: these could have been meant as well.
        """
        return UnknownName(what or self.kind, name, [*words, *self._entries], folders, _OF_A_PLUGIN)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def load(self, name: str) -> Any:
        """The thing of this name.

        Raises:
            UnknownName: there is none; the nearest one is named.
            EquipoiseError: it cannot be loaded, or is not what a thing of this kind must be.
        """
        thing = self[name].load()
        self._check_shape(name, thing)
        return thing

    def _check_shape(self, name: str, thing: object) -> None:
        if not self.shape.fits(thing):
            found = f"the class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__
            raise EquipoiseError(f"the {self.kind} '{name}' must be {self.shape.words}, got {printable(found)}.")

    def all_of(self, names: Iterable[str]) -> list[E]:
        """The entries of these names.

        Raises:
            UnknownName: one is unknown; the nearest one is named.
        """
        return [self[name] for name in names]

    def name_of(self, thing: object) -> str | None:
        """The name under which this object is registered, or None; nothing is imported to find out."""
        return next((name for name, entry in self._entries.items() if entry.is_place_of(thing)), None)


_REGISTERED: list[tuple[Registry[Any], str]] = []
"""What method authors added, in order."""


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Register entries inside this context; if an error leaves it, all of them are removed again."""
    before = len(_REGISTERED)
    try:
        yield
    except BaseException:
        while len(_REGISTERED) > before:
            registry, name = _REGISTERED.pop()
            del registry._entries[name]
        raise
