"""scikit-learn's bundled handwritten digits: 1,797 grey images of 8x8, no download, no network."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from equipoise.common.errors import EquipoiseError
from equipoise.data.data_set import DataSet
from equipoise.data.fields import check_choice

if TYPE_CHECKING:
    from equipoise.data.store import Store

_TEST_COUNT = 360


@dataclass(frozen=True)
class Digits(DataSet):
    """Handwritten digits, 1x8x8, 10 classes.

    The published values 0..16 become 0..255 as floor(v * 255/16 + 1/2), so 8 becomes 128.

    Args:
        split: "all" is all 1,797 images; "train" (1,437) and "test" (360) divide them, the same way for everyone.
    """

    name = "digits"
    item_shape = (1, 8, 8)
    split: Literal["all", "train", "test"] = "all"
    is_small: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_choice(self.name, "split", self.split, ("all", "train", "test"))

    def load(self, root: Path | None = None, seed: int = 0) -> "Store":
        """Load from the installed scikit-learn; the root and the seed play no part.

        Raises:
            EquipoiseError: scikit-learn is not installed.
        """
        import numpy as np
        import torch

        from equipoise.data.store import held

        published = np.loadtxt(_published_file(), delimiter=",", dtype=np.int64)
        pixels, targets = published[:, :-1].reshape(-1, 8, 8), published[:, -1]
        values = np.floor(pixels * (255 / 16) + 0.5).astype(np.uint8)
        chosen = torch.tensor(_positions(len(values))[self.split])
        images = torch.from_numpy(values).unsqueeze(1)[chosen]
        labels = torch.from_numpy(targets)[chosen]
        return held(images, labels, classes=10)


def _published_file() -> Path:
    """The file inside scikit-learn. Importing scikit-learn itself would cost seconds and nothing of it is needed."""
    found = find_spec("sklearn")
    if found is None or found.origin is None:
        raise EquipoiseError(
            "the data set digits comes with scikit-learn, which is not installed; "
            "install it with: pip install 'equipoise[digits]'."
        )
    path = Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if not path.is_file():
        raise EquipoiseError(f"this scikit-learn has no {path.name} in its datasets; install version 1.6 to 1.9 of it.")
    return path


def _positions(count: int) -> dict[str, list[int]]:
    """Each split's positions, ascending. The test images are those with the smallest hashes of their positions."""
    from equipoise.common.random import derived_seed

    shuffled = sorted(range(count), key=lambda position: derived_seed(0, "digits/split", position))
    return {
        "all": list(range(count)),
        "test": sorted(shuffled[:_TEST_COUNT]),
        "train": sorted(shuffled[_TEST_COUNT:]),
    }
