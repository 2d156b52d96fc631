"""Features of a data set, cached under the hash of its content, so changed data never gets old features."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError

from equipoise.common.files import cache_directory as default_cache_directory
from equipoise.common.files import check_regular, check_writable, sweep_abandoned
from equipoise.common.precision import product_precision
from equipoise.common.random import spread_places
from equipoise.common.tensor_files import read_tensors, write_tensors_atomically
from equipoise.data.progress import shown
from equipoise.data.store import Store
from equipoise.evaluation.features import Extracted, Extractor, extract, joined

_FORMAT = "equipoise-features-1"
_AT_ONCE = 64


def hash_of_spread(content_hash: str, count: int) -> str:
    """The hash that stands for so many images, chosen by `spread_places` from a set with this hash."""
    return f"{content_hash}/{count} spread"


def store_features(store: Store, count: int, extractor: Extractor, device: torch.device, called: str) -> Extracted:
    """The features of images spread over a store, cached as by `cached_features`; they are read in batches.

    Args:
        store: the images.
        count: how many of them.
        extractor: on the device.
        device: where it computes.
        called: what is extracted, for the progress.
    """

    def make() -> Extracted:
        batches = spread_places(count, len(store)).split(_AT_ONCE)
        parts = shown(batches, called, f"batches of {_AT_ONCE}", len(batches))
        return joined([extract(store.items.gather(part), extractor, _AT_ONCE, device) for part in parts])

    address = hash_of_spread(store.content_hash, count)
    return kept_features(make, extractor, (count, *store.shape), address, device)


def cached_features(
    images: torch.Tensor,
    extractor: Extractor,
    *,
    content_hash: str,
    cache_directory: Path | None = None,
    batch_size: int = 64,
    device: torch.device | str = "cpu",
    report: Callable[[int, int], None] | None = None,
) -> Extracted:
    """The features of these images: extracted once, then read from the cache. A damaged file is replaced.

    Args:
        images: [samples, channels, height, width].
        extractor: its name, weights and resize are part of the key.
        content_hash: of exactly these images; another part of the key, with their shape.
        cache_directory: by default `features` in the cache folder.
        batch_size: as in `extract`, like `device` and `report`.

    Features in another precision than float32 have keys of their own.
    """

    def make() -> Extracted:
        return extract(images, extractor, batch_size, device, report)

    return kept_features(make, extractor, tuple(images.shape), content_hash, torch.device(device), cache_directory)


def kept_features(
    make: Callable[[], Extracted],
    extractor: Extractor,
    shape: Sequence[int],
    content_hash: str,
    device: torch.device,
    cache_directory: Path | None = None,
) -> Extracted:
    """The features from the cache, or from `make`, which are then cached; other arguments as `cached_features`."""
    address = [_FORMAT, content_hash, list(shape), extractor.name, extractor.weights_hash, extractor.resize]
    precision = product_precision(device.type)
    key = json.dumps(address if precision == "float32" else [*address, precision])
    folder = cache_directory or default_cache_directory() / "features"
    path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.safetensors"
    kept = _read(path, key)
    if kept is not None:
        return kept
    check_writable(path)
    found = make()
    tensors = {"features": found.features.contiguous()}
    if found.probabilities is not None:
        tensors["probabilities"] = found.probabilities.contiguous()
    about = {"key": key, "digest": _digest(tensors)}
    sweep_abandoned(folder)
    write_tensors_atomically(path, tensors, about)
    return found


def _read(path: Path, key: str) -> Extracted | None:
    if not path.exists():
        return None
    try:
        check_regular(path)
        tensors, about = read_tensors(path)
    except (OSError, SafetensorError):
        return None
    if about.get("key") != key or about.get("digest") != _digest(tensors):
        return None
    return Extracted(tensors["features"], tensors.get("probabilities"))


def _digest(tensors: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
