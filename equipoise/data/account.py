"""Which files of a data set became images: how many, of which sizes, and every file that was left out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from equipoise.common.counted import counted
from equipoise.common.errors import printable

_NAMED_EXAMPLES = 3
_NAMED_KINDS = 6
_PHONES = frozenset({".heic", ".heif", ".hif"})
_DRAWN = frozenset(
    f".{name}" for name in ("svg", "psd", "xcf", "tga", "ico", "icns", "exr", "hdr", "eps", "pcx", "dds")
)
_PACKED = frozenset(f".{name}" for name in ("avif", "jp2", "j2k", "jpx", "jpf", "jpc", "j2c", "jxl"))
_RAW = frozenset(f".{name}" for name in ("raw", "dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf", "pef", "srw"))
_PICTURES = _PHONES | _DRAWN | _PACKED | _RAW
"""Endings of pictures that are not read here, or not everywhere."""

_OPACITY = {1: False, 3: False, 4: True}
"""Channels -> whether the last one says how opaque a pixel is."""

Named = tuple[str, str]
"""A file's name inside the data set, and why it was passed over."""


@dataclass
class Account:
    """Filled while the files are read.

    Attributes:
        images: how many were read.
        smallest: (width, height) of the image with the fewest pixels, as it lies in its file.
        largest: the same of the one with the most.
        uneven: how many are not square, so that their sides are cut off.
        enlarged: how many have a side shorter than they are wanted.
        transparent: how many have transparent parts, which become white unless they are kept.
        grey: how many have no colours.
        skipped: files that a decoder refused: a property of the file.
        unread: files that the system would not give this time.
        left_out: files of other kinds, never opened.
    """

    images: int = 0
    smallest: tuple[int, int] = (0, 0)
    largest: tuple[int, int] = (0, 0)
    uneven: int = 0
    enlarged: int = 0
    transparent: int = 0
    grey: int = 0
    skipped: list[Named] = field(default_factory=list)
    unread: list[Named] = field(default_factory=list)
    left_out: Sequence[Named] = ()

    def count(self, size: tuple[int, int], transparent: bool, wanted: int, grey: bool = False) -> None:
        """One more image of this (width, height), of which at least `wanted` pixels a side would be best."""
        area = size[0] * size[1]
        if not self.images or area < self.smallest[0] * self.smallest[1]:
            self.smallest = size
        if area > self.largest[0] * self.largest[1]:
            self.largest = size
        self.images += 1
        self.uneven += size[0] != size[1]
        self.enlarged += min(size) < wanted
        self.transparent += transparent
        self.grey += grey

    @property
    def missing(self) -> list[str]:
        """What was left out, in words: how many files of which kind, and the first few unreadable ones."""
        unreadable = [
            *_examples("was skipped as unreadable", "were skipped as unreadable", self.skipped),
            *_examples("could not be opened this time", "could not be opened this time", self.unread),
        ]
        pictures = [each for each in self.left_out if each[1] in _PICTURES]
        others = [each for each in self.left_out if each[1] not in _PICTURES]
        left_out = [f"left out: {_kinds(others)}"] if others else []
        if pictures:
            left_out.append(f"pictures that cannot be read here: {_kinds(pictures)}; to use them, {_advice(pictures)}")
        return unreadable + left_out

    def sentence(self, name: str, shape: Sequence[int]) -> str:
        """What was found and what happens to it, for the first line of a run; `shape` is (channels, height, width)."""
        files = self.images + len(self.skipped) + len(self.unread) + len(self.left_out)
        amount = f"{counted(self.images, 'image')} of {counted(files, 'file')}, {self.sizes}"
        fate = {
            "not square, cropped to the centre": self.uneven,
            "smaller, enlarged": self.enlarged,
            "transparent, kept so" if _OPACITY[shape[0]] else "transparent, put on white": self.transparent,
        }
        treated = "; ".join(f"{what}: {count:,}" for what, count in fate.items() if count)
        size = f"{shape[2]}x{shape[1]} in {'grey' if shape[0] == 1 else 'colour'}"
        size += " with transparency" if _OPACITY[shape[0]] else ""
        return f"{printable(name)}: {amount}, resized to {size}{f' ({treated})' if treated else ''}."

    def as_dict(self) -> dict[str, Any]:
        """Every field, for JSON; every name in full."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Account":
        """What `as_dict` gave; raises KeyError, TypeError or ValueError for anything else."""
        counts = {name: int(values[name]) for name in ("images", "uneven", "enlarged", "transparent")}
        counts["grey"] = int(values.get("grey", 0))
        sizes = {name: (int(values[name][0]), int(values[name][1])) for name in ("smallest", "largest")}
        lists = {
            name: [(str(file), str(reason)) for file, reason in values[name]]
            for name in ("skipped", "unread", "left_out")
        }
        return cls(**counts, **sizes, **lists)  # type: ignore[arg-type]

    @property
    def sizes(self) -> str:
        """The range of their sizes, in words."""
        low, high = ("x".join(map(str, size)) for size in (self.smallest, self.largest))
        return f"{low} pixels" if low == high else f"{low} to {high} pixels"


def _examples(one: str, many: str, files: Sequence[Named]) -> list[str]:
    if not files:
        return []
    named = "; ".join(f"{printable(name)} ({printable(reason)})" for name, reason in files[:_NAMED_EXAMPLES])
    return [f"{counted(len(files), 'file')} {one if len(files) == 1 else many}, as in {named}"]


def _kinds(files: Sequence[Named]) -> str:
    """How many of each kind, the most frequent first."""
    counts = sorted(Counter(kind for _, kind in files).items(), key=lambda each: (-each[1], each[0]))
    shown = [f"{printable(kind)} ({count:,})" for kind, count in counts[:_NAMED_KINDS]]
    rest = sum(count for _, count in counts[_NAMED_KINDS:])
    return ", ".join(shown + ([f"other kinds ({rest:,})"] if rest else []))


def _advice(pictures: Sequence[Named]) -> str:
    """What to do about pictures of formats that are not read."""
    if all(kind in _PHONES for _, kind in pictures):
        return "install the extra equipoise[heic], or convert them to .jpg or .png"
    return "convert them to .jpg or .png"
