"""A story as it is told on a page. Torch-free."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Told:
    """What stands against what, and what came of it.

    Attributes:
        title: what stands against what.
        answer: what the scores say, in a few words.
        details: paragraphs: the figures, then what the runs share.
        groups: the run directories by label.
    """

    title: str
    answer: str
    details: tuple[str, ...]
    groups: Mapping[str, Sequence[Path]]
