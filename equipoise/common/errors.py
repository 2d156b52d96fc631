"""The errors that users see: one clear sentence that says what is wrong and how to fix it."""

import difflib
import reprlib
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

_MOST_NAMED = 40
_MOST_LETTERS = 200


class EquipoiseError(Exception):
    """Something the user can fix. The command line prints it as one sentence and exits with code 2."""


class UnfitFile(EquipoiseError, OSError):
    """Not a regular file, or too large. Readers that can do without the file ignore it."""


class Interrupted(EquipoiseError):
    """Work was asked to stop; the message says what is kept. Carries the number of the signal."""

    def __init__(self, message: str, signal_number: int = signal.SIGINT):
        super().__init__(message, signal_number)
        self.signal_number = signal_number

    def __str__(self) -> str:
        return str(self.args[0])


@contextmanager
def when_interrupted(message: Callable[[], str]) -> Iterator[None]:
    """Inside this context, an interrupt is an `Interrupted` with this message, made when it comes."""
    try:
        yield
    except (KeyboardInterrupt, Interrupted) as error:
        raise Interrupted(message(), getattr(error, "signal_number", signal.SIGINT)) from error


class UnknownName(EquipoiseError, ValueError):
    """A name that is not in a table; the message suggests the nearest known one."""

    def __init__(
        self, what: str, name: object, known: Iterable[str], folders: Iterable[str] | None = None, advice: str = ""
    ):
        """The parts of the sentence.

        Args:
            what: the kind of thing that was looked for, as in "recipe".
            name: what was asked for.
            known: what there is.
            folders: these could have been meant as well.
            advice: a sentence at the end: what else could help.
        """
        name = name if isinstance(name, str) else shown(name)
        names = sorted(known)
        places = [] if folders is None else sorted(folders)
        nearest = difflib.get_close_matches(name[:_MOST_LETTERS], [*names, *places], n=1, cutoff=0.5)
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        hint = f"known: {', '.join(names[:_MOST_NAMED])}{more}."
        if nearest:
            kind = "" if nearest[0] in names else "the folder "
            hint = f"did you mean {kind}'{printable(nearest[0])}'?"
        alone = "" if folders is None or (nearest and nearest[0] in places) else " There is no such folder either."
        sentence = f"unknown {what} '{shortened(name)}'; {hint}{alone}"
        super().__init__(f"{sentence} {advice}".rstrip())


def refuse_unknown(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Check that all names are known.

    Raises:
        UnknownName: one is not; `what` is as there.
    """
    table = set(known)
    for name in names:
        if name not in table:
            raise UnknownName(what, name, table)


def printable(text: object) -> str:
    """The text with control characters escaped, so that a hostile name cannot drive a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def shortened(text: object, most: int = _MOST_LETTERS) -> str:
    """The text as `printable` gives it, cut to `most` letters."""
    letters = str(text)
    return printable(letters) if len(letters) <= most else f"{printable(letters[:most])}..."


def shown(value: object) -> str:
    """A value of plain data as text, cut where it is long or deep; never written out in full first."""
    return shortened(_BRIEF.repr(value))


_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 60
