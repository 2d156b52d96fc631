"""The errors that a person sees: one clear sentence that says what is wrong and what would be right."""

import difflib
from collections.abc import Iterable


class EquipoiseError(Exception):
    """Something the user can put right. The command line prints it as one sentence and exits with code 2."""


class UnknownName(EquipoiseError):
    """A name that is in no table; the message offers the nearest known one."""

    def __init__(self, what: str, name: str, known: Iterable[str]):
        """`what` says what kind of thing was looked for, as in "recipe" or "data set"."""
        names = sorted(known)
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean '{nearest[0]}'?" if nearest else f"known: {', '.join(names)}."
        super().__init__(f"unknown {what} '{printable(name)}'; {hint}")


def printable(text: object) -> str:
    """The text with control characters escaped, so that a hostile name cannot drive a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
