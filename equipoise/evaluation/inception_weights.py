"""The weights of the FID reference's Inception-v3: as they are published, and as safetensors once they were checked."""

from pathlib import Path

import torch
from safetensors import SafetensorError

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import cache_directory, sha256_of
from equipoise.common.tensor_files import read_tensors, write_tensors_atomically
from equipoise.common.torch_file import begins_as_torch_file, read_torch_file
from equipoise.common.transfer import unfilled
from equipoise.evaluation.classifier_network import hash_of_weights
from equipoise.evaluation.inception_network import InceptionV3

PUBLISHED_URL = (
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"
)
"""Where the published weights lie."""
PUBLISHED_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""Of the port of pytorch-fid; torch-fidelity offers the same bytes as `weights-inception-2015-12-05-6726825d.pth`."""
PUBLISHED_MOST_BYTES = 100_000_000
"""A longer download is not the published file."""
_HOW = "docs/metrics.md says where to get it"
_COUNTS = "num_batches_tracked"


def inception_network(path: Path) -> InceptionV3:
    """The network with the weights of a file: the published torch file, or safetensors with the same names.

    The published file is read without unpickling, if its SHA-256 is the published one, and kept as safetensors in the
    cache, where the next call finds it.

    Raises:
        EquipoiseError: the file is missing, damaged, no Inception-v3, or a torch file other than the published one.
    """
    path = Path(path)
    if not path.is_file():
        raise EquipoiseError(f"there is no file {printable(path)} with Inception's weights; {_HOW}.")
    return _converted(path) if begins_as_torch_file(path) else _from_safetensors(path)


def kept_weights() -> Path:
    """Where the published weights are cached after they have been read."""
    return cache_directory() / "weights" / f"inception-v3-{PUBLISHED_SHA256[:16]}.safetensors"


def weights_are_kept() -> bool:
    """Whether they are cached there, undamaged."""
    return _kept() is not None


def empty_network() -> InceptionV3:
    """The network without weights; nothing is drawn."""
    return unfilled(InceptionV3)


def _converted(path: Path) -> InceptionV3:
    if path.stat().st_size > PUBLISHED_MOST_BYTES:
        raise EquipoiseError(f"{printable(path)} is larger than the published weights, {PUBLISHED_MOST_BYTES:,} bytes.")
    found = sha256_of(path)
    if found != PUBLISHED_SHA256:
        raise EquipoiseError(
            f"{printable(path)} has the SHA-256 {found}; that of the FID reference's weights is {PUBLISHED_SHA256}."
        )
    kept = _kept()
    if kept is not None:
        return kept
    network = _filled(read_torch_file(path), path)
    about = {"source_sha256": found, "weights_hash": hash_of_weights(network)}
    write_tensors_atomically(kept_weights(), network.state_dict(), about)
    return network


def _kept() -> InceptionV3 | None:
    """The network out of the cache, or None where it is not, or not as it was written."""
    path = kept_weights()
    if not path.is_file():
        return None
    try:
        tensors, about = read_tensors(path)
        network = _filled(tensors, path)
    except (OSError, SafetensorError, EquipoiseError):
        return None
    good = about.get("source_sha256") == PUBLISHED_SHA256 and about.get("weights_hash") == hash_of_weights(network)
    return network if good else None


def _from_safetensors(path: Path) -> InceptionV3:
    try:
        tensors, _ = read_tensors(path)
    except (OSError, SafetensorError) as error:
        raise EquipoiseError(_not_ours(path)) from error
    return _filled(tensors, path)


def _filled(tensors: dict[str, torch.Tensor], path: Path) -> InceptionV3:
    """The network with these weights. How many batches its norms have seen is of no use, and not in every file."""
    network = empty_network()
    unseen = {name: torch.tensor(0) for name in network.state_dict() if name.endswith(_COUNTS)}
    try:
        network.load_state_dict(tensors | unseen)
    except RuntimeError as error:
        raise EquipoiseError(_not_ours(path)) from error
    return network


def _not_ours(path: Path) -> str:
    return (
        f"{printable(path)} is neither the published file of the FID reference's Inception-v3 nor its weights as "
        f"safetensors; {_HOW}."
    )
