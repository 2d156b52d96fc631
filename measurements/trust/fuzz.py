"""Feeds damaged and random bytes to every reader, and counts.

    python -m measurements.trust.fuzz --seconds 60 [--out counts.json]

Readers: the configuration's YAML, IDX, LMDB, npz, tar, zip, photographs, torch files, and a checkpoint's two files.
Four of five inputs are a good file with a few bytes changed, removed or doubled; the others are random. A reader may
accept an input or refuse it with one sentence; anything else (another exception, more than 5 seconds) is a finding.
"""

import argparse
import io
import json
import random
import resource
import shutil
import struct
import tarfile
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import torch
from PIL import Image

from equipoise.common.checks import NotFiniteError
from equipoise.common.errors import EquipoiseError
from equipoise.common.files import sha256_of
from equipoise.common.machine import git_commit
from equipoise.common.torch_file import read_torch_file
from equipoise.data.celeba import CelebA
from equipoise.data.download import RemoteFile
from equipoise.data.idx import read_idx
from equipoise.data.lmdb_reader import open_lmdb
from equipoise.data.npz import Npz
from equipoise.data.pictures import Picture, _read_one, centre_square
from equipoise.data.published import Archive, _unpack
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.config import from_yaml, to_yaml
from equipoise.recipes.catalogue import recipe
from equipoise.training import checkpoint as reader
from equipoise.training.checkpoint import Checkpoint, save_checkpoint

SLOW_SECONDS = 5.0
FRAME = centre_square(8)


@dataclass(frozen=True)
class Target:
    """A reader and a good input."""

    name: str
    good: bytes
    read: Callable[[bytes], object]


def targets(folder: Path) -> Iterator[Target]:
    yield Target(
        "configuration",
        to_yaml(recipe("magan-digits")).encode(),
        lambda data: from_yaml(data.decode("utf-8", "replace")),
    )
    yield Target("idx", struct.pack(">HBBIII", 0, 8, 3, 4, 5, 6) + bytes(120), lambda data: read_idx(data, "a.idx"))
    archive = io.BytesIO()
    np.savez_compressed(archive, images=np.zeros((6, 8, 8, 3), np.uint8), labels=np.arange(6) % 2)
    yield Target("npz", archive.getvalue(), lambda data: _read_npz(folder, data))
    for name, as_zip in (("torch file", True), ("torch file before 1.6", False)):
        yield Target(name, _good_torch_file(as_zip), lambda data: _read_torch(folder, data))
    yield Target("tar", _good_tar(), lambda data: _read_tar(folder, data))
    yield Target("zip of photographs", _good_zip(), lambda data: _read_zip(folder, data))
    yield Target("photograph", _good_photograph("PNG"), _read_photograph)
    yield Target("lmdb", _good_lmdb(folder), lambda data: _read_lmdb(folder, data))
    experiment = recipe("gan-digits")
    game = build_game(experiment, experiment.data.load())
    state = build_state(experiment, game, torch.device("cpu"))
    checkpoint = save_checkpoint(folder / "checkpoints", state, {"log": {"bytes": 0}})
    good = checkpoint.tensors.read_bytes()
    yield Target(
        "checkpoint index", checkpoint.index.read_bytes(), lambda data: _read_checkpoint(checkpoint, data, None, state)
    )
    yield Target("checkpoint tensors", good, lambda data: _read_checkpoint(checkpoint, None, data, state))


def _read_npz(folder: Path, data: bytes) -> None:
    path = folder / "a.npz"
    path.write_bytes(data)
    Npz(str(path)).load()


def _good_tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in ("set/one.bin", "set/other.bin", "elsewhere"):
            entry = tarfile.TarInfo(name)
            entry.size = 700
            archive.addfile(entry, io.BytesIO(bytes(700)))
    return stream.getvalue()


def _read_tar(folder: Path, data: bytes) -> None:
    """Behind the checksum, which no damage gets past."""
    shutil.rmtree(folder / "set", ignore_errors=True)
    (folder / "set.tar.gz").write_bytes(data)
    archive = Archive(RemoteFile("a", "https://localhost/set.tar.gz", "md5", "", 10_000), "set", 5_000)
    _unpack(folder / "set.tar.gz", archive, ["one.bin"], folder / "set")


def _good_photograph(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.arange(300, dtype=np.uint16).astype(np.uint8).reshape(10, 10, 3)).save(stream, kind)
    return stream.getvalue()


def _read_photograph(data: bytes) -> None:
    outcome = _read_one(Picture("a", lambda: data), FRAME, "RGB", 0)
    if isinstance(outcome, Exception):  # as a folder of images would count it
        raise EquipoiseError(str(outcome))


def _good_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1, 4):
            archive.writestr(f"img_align_celeba/{number:06d}.jpg", _good_photograph("JPEG"))
    return stream.getvalue()


def _read_zip(folder: Path, data: bytes) -> None:
    (folder / "a.zip").write_bytes(data)
    pictures, _ = CelebA()._from_zip(folder / "a.zip")
    for picture in pictures:
        _read_one(picture, FRAME, "RGB", 0)


def _good_torch_file(as_zip: bool) -> bytes:
    state = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2)).state_dict()
    stream = io.BytesIO()
    torch.save(state, stream, _use_new_zipfile_serialization=as_zip)
    return stream.getvalue()


def _read_torch(folder: Path, data: bytes) -> None:
    path = folder / "a.pth"
    path.write_bytes(data)
    read_torch_file(path)


def _good_lmdb(folder: Path) -> bytes:
    (folder / "good").mkdir()
    with lmdb.open(str(folder / "good"), map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        for number in range(20):
            transaction.put(b"key%d" % number, bytes(100 * number))
    return (folder / "good" / "data.mdb").read_bytes()


def _read_lmdb(folder: Path, data: bytes) -> None:
    (folder / "bad").mkdir(exist_ok=True)
    (folder / "bad" / "data.mdb").write_bytes(data)
    with open_lmdb(folder / "bad" / "data.mdb") as found:
        for key, value in found.items():
            assert isinstance(key + value, bytes)


def _read_checkpoint(checkpoint: Checkpoint, index: bytes | None, tensors: bytes | None, state: Any) -> None:
    good = checkpoint.index.read_bytes(), checkpoint.tensors.read_bytes()
    try:
        checkpoint.index.write_bytes(good[0] if index is None else index)
        if tensors is not None:  # with the checksums made to fit, so that the reader behind them is reached
            checkpoint.tensors.write_bytes(tensors)
            described = json.loads(good[0]) | {"sha256": sha256_of(checkpoint.tensors)}
            checkpoint.index.write_text(json.dumps(described | {"seal": reader._seal(described)}))
        checkpoint.load(state)
    finally:
        checkpoint.index.write_bytes(good[0])
        checkpoint.tensors.write_bytes(good[1])


def damaged(good: bytes, chance: random.Random) -> bytes:
    """A few changes, most of them near the beginning, where the headers are."""
    data = bytearray(good)
    for _ in range(chance.randrange(1, 6)):
        reach = max(1, min(len(data), chance.choice((16, 64, 512, len(data)))))
        place, kind = chance.randrange(reach), chance.randrange(5)
        if kind == 0 and data:
            data[min(place, len(data) - 1)] ^= 1 << chance.randrange(8)
        elif kind == 1 and data:
            data[min(place, len(data) - 1)] = chance.choice((0, 1, 127, 128, 255))
        elif kind == 2:
            del data[place : place + chance.randrange(1, 64)]
        elif kind == 3:
            data[place:place] = data[place : place + chance.randrange(1, 64)]
        else:
            del data[chance.randrange(len(data) + 1) :]
    return bytes(data)


def fuzz(target: Target, seconds: float, seed: int) -> dict[str, Any]:
    chance, counts, findings = random.Random(seed), {"tried": 0, "accepted": 0, "refused": 0}, []
    target.read(target.good)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = damaged(target.good, chance) if chance.random() < 0.8 else chance.randbytes(chance.randrange(2000))
        began = time.monotonic()
        counts["tried"] += 1
        try:
            target.read(data)
            counts["accepted"] += 1
        except NotFiniteError:
            findings.append({"input": data[:4096].hex(), "error": "NotFiniteError"})
        except EquipoiseError:
            counts["refused"] += 1
        except Exception:
            findings.append({"input": data[:4096].hex(), "error": traceback.format_exc().splitlines()[-1]})
        if time.monotonic() - began > SLOW_SECONDS:
            findings.append({"input": data[:4096].hex(), "error": "slow"})
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return counts | {"findings": len(findings), "largest_memory_kilobytes": largest, "examples": findings[:5]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {target.name: fuzz(target, chosen.seconds, chosen.seed) for target in targets(Path(folder))}
    passport = {"seconds_for_each": chosen.seconds, "seed": chosen.seed, "commit": git_commit()}
    text = json.dumps({"passport": passport, "readers": found}, indent=1)
    if chosen.out:
        chosen.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
