"""Where the weights of Inception-v3 come from: a file of the user's, or the published one, downloaded once."""

from pathlib import Path

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import cache_directory

DOWNLOAD = "download"
"""The word that stands for the published file."""
WEIGHTS_ARE_MISSING = (
    f"this metric needs Inception-v3: give its weights with --inception-weights FILE, or the word {DOWNLOAD} "
    "for FILE, or use lite0-frechet or lite0-kernel, or, where the data have labels, classifier-fid, classifier-kid or "
    "inception-score."
)
"""What an error says about a metric without its weights."""
_CALLED = "inception-v3"
_INSTEAD = "or give your copy with --inception-weights"


def local_weights(choice: Path | str | None) -> Path | None:
    """The file with the weights, or None where none were asked for.

    Args:
        choice: a file, or "download" for the published one; it is fetched and checked when it is not here yet.

    Raises:
        EquipoiseError: there is no such file, no network, or the file that came is another.
    """
    if choice is None:
        return None
    if str(choice) == DOWNLOAD and not Path(choice).exists():
        return _downloaded()
    if not Path(choice).is_file():
        raise EquipoiseError(
            f"there is no file {printable(choice)} with Inception's weights; give one, or the word {DOWNLOAD}."
        )
    return Path(choice)


def _downloaded() -> Path:
    from equipoise.data.download import RemoteFile, download
    from equipoise.evaluation import inception_weights  # imports torch

    if inception_weights.weights_are_kept():
        return inception_weights.kept_weights()
    url = inception_weights.PUBLISHED_URL
    path = cache_directory() / "weights" / url.rpartition("/")[2]
    if not path.is_file():
        digest, most = inception_weights.PUBLISHED_SHA256, inception_weights.PUBLISHED_MOST_BYTES
        download(RemoteFile(_CALLED, url, "sha256", digest, most, _INSTEAD), path)
    return path
