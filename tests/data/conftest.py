import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def private_places(monkeypatch, tmp_path):
    """Each test has its own cache, no data root, and no network."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EQUIPOISE_DATA", raising=False)
    monkeypatch.setenv("EQUIPOISE_OFFLINE", "1")


@pytest.fixture(scope="session")
def idx_bytes() -> Callable[[np.ndarray], bytes]:
    """Writes an array as the IDX format says."""

    def write(values: np.ndarray) -> bytes:
        return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()

    return write


@pytest.fixture
def small_mnist(tmp_path, idx_bytes, monkeypatch) -> Path:
    """A data root with 40 + 20 random pictures in MNIST's files, whose checksums are accepted for the test."""
    import hashlib

    from equipoise.data import mnist

    raw = tmp_path / "root" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    random = np.random.default_rng(1)
    files = {}
    for split, count in (("train", 40), ("test", 20)):
        arrays = (random.integers(0, 256, (count, 28, 28), dtype=np.uint8), np.arange(count, dtype=np.uint8) % 10)
        described = []
        for array, published in zip(arrays, mnist._FILES[split], strict=True):
            content = idx_bytes(array)
            md5 = hashlib.md5(content).hexdigest()
            described.append(mnist._File(published.name, md5, len(content), published.packed_md5))
            (raw / f"{published.name}.gz").write_bytes(gzip.compress(content))
        files[split] = tuple(described)
    monkeypatch.setattr(mnist, "_FILES", files)
    return tmp_path / "root"
