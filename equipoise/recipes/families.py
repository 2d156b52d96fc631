"""Recipes that differ in one number at the end of their name, folded into one line. Torch-free."""

import re
from collections.abc import Iterable, Mapping

_NUMBERED = re.compile(r"(.+-)(\d[\d.]*)")


def families(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The names by family, in order; braces enclose what differs, as a shell expands them.

    Examples:
        >>> families(["gan", "pico-16", "pico-32", "set-1"])
        {'gan': ('gan',), 'pico-{16,32}': ('pico-16', 'pico-32'), 'set-1': ('set-1',)}
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        numbered = _NUMBERED.fullmatch(name)
        groups.setdefault(numbered[1] if numbered else name, []).append(name)
    return {_folded(start, group): tuple(group) for start, group in groups.items()}


def folded_summaries(summaries: Mapping[str, str]) -> dict[str, str]:
    """Family -> its summary, with N for the number; a name whose summary differs by more than that stays alone."""
    found: dict[str, str] = {}
    for family, names in families(summaries).items():
        shared = {_with_n(summaries[name], name) for name in names}
        whole = {family: shared.pop()} if len(names) > 1 == len(shared) else {name: summaries[name] for name in names}
        found |= whole
    return found


def _folded(start: str, names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{start}{{{','.join(name.removeprefix(start) for name in names)}}}"


def _with_n(summary: str, name: str) -> str:
    """The summary with N in the place of the number that ends the name."""
    return re.sub(rf"(?<![\w.]){re.escape(name.rpartition('-')[2])}(?![\w.])", "N", summary, count=1)
