"""What all sets of image files have in common: one size, one kind of colours, and how each image becomes square."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from equipoise.common.errors import EquipoiseError
from equipoise.data.data_set import DataSet
from equipoise.data.fields import check_choice, check_path, check_whole
from equipoise.data.held_out import Part, check_part

if TYPE_CHECKING:
    from equipoise.data.account import Account
    from equipoise.data.cache import Batch
    from equipoise.data.picture_sets import Look
    from equipoise.data.pictures import Picture

Fit = Literal["crop", "pad"]
"""How a picture that is not square becomes one: its centre is cut out, or borders are added."""

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class PictureFiles(DataSet):
    """Image files of any size as squares of one.

    Args:
        path: where they are.
        resolution: of the square images.
        channels: 3 for colour, 1 for grey, 4 for colour and, last, how opaque each pixel is.
        fit: "crop" takes the largest centred square; "pad" takes the whole image, with white or transparent borders.
        part: "train" leaves every tenth image out, in the order of the set, and "held-out" is those; or "all".
    """

    path: str
    resolution: int = 64
    channels: int = 3
    fit: Fit = "crop"
    part: Part = "all"
    held_out: ClassVar[str] = "held-out"
    kind: ClassVar[str]

    def __post_init__(self) -> None:
        check_path(self.kind, self.path)
        check_whole(self.kind, "resolution", self.resolution, 8, 2048)
        if self.channels not in _MODES:
            raise EquipoiseError(
                f"channels of {self.kind} must be 1 (grey), 3 (colour) or 4 (with transparency), not {self.channels!r}."
            )
        check_choice(self.kind, "fit", self.fit, get_args(Fit))
        check_part(self.kind, self.part)

    @property
    def item_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return (self.channels, self.resolution, self.resolution)

    @property
    def how(self) -> str:
        """What the stored images depend on besides the files, for the key of the cache."""
        fit = "" if self.fit == "crop" else f"\0{self.fit}"
        return f"{self.resolution}\0{self.channels}{fit}"

    @abstractmethod
    def look(self, root: Path | None = None) -> "Look":
        """Sizes and colours of the first pictures, from their headers."""

    def framed(self, pictures: "Iterator[Picture]", account: "Account") -> "Iterator[Batch]":
        """The pictures, decoded and made square."""
        from equipoise.data.pictures import centre_square, padded_square, read_pictures

        frame = {"crop": centre_square, "pad": padded_square}[self.fit](self.resolution)
        return read_pictures(pictures, frame, _MODES[self.channels], account, draft_side=2 * self.resolution)
