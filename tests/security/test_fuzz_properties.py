"""Readers hold for whatever hypothesis thinks of: an input is accepted, or refused with one sentence."""

import contextlib
import io
import json
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.common.errors import EquipoiseError
from equipoise.common.pickle_tokens import NotTensors, read_pickle
from equipoise.data.idx import read_idx
from equipoise.data.lmdb_reader import Lmdb, _DamagedError
from equipoise.data.npz import Npz
from equipoise.experiments.config import from_plain, from_yaml, to_plain, to_yaml
from equipoise.recipes.catalogue import recipe
from equipoise.training import checkpoint as checkpoints
from equipoise.training.checkpoint import Checkpoint

pytestmark = pytest.mark.lengthy

quickly = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
PLAIN = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
RECIPES = [to_plain(recipe(name)) for name in ("magan-digits", "reg-gan-ring", "sngan-cifar10")]


def places(plain: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of nested dictionaries and lists."""
    inner = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


@quickly
@given(st.data())
def test_any_value_in_any_place_of_a_configuration(data: st.DataObject) -> None:
    plain = json.loads(json.dumps(data.draw(st.sampled_from(RECIPES))))
    place = data.draw(st.sampled_from(places(plain)[1:]))
    target = plain
    for key in place[:-1]:
        target = target[key]
    if data.draw(st.booleans()):
        target[place[-1]] = data.draw(PLAIN)
    else:
        del target[place[-1]]
    with contextlib.suppress(EquipoiseError):
        experiment = from_plain(plain)
        assert to_plain(from_yaml(to_yaml(experiment))) == to_plain(experiment), "what is accepted can be written down"


@quickly
@given(PLAIN | st.text(max_size=200))
def test_any_yaml_as_a_configuration(value: Any) -> None:
    text = value if isinstance(value, str) else yaml.safe_dump(value, allow_unicode=True)
    with pytest.raises(EquipoiseError):
        from_yaml(text)


@quickly
@given(st.lists(st.integers(0, 2**32 - 1), max_size=6), st.binary(max_size=64), st.binary(max_size=4))
def test_any_idx(sizes: list[int], content: bytes, start: bytes) -> None:
    header = start + (b"\0\0\x08" + bytes([len(sizes)]))[len(start) :]
    data = header + b"".join(struct.pack(">I", size) for size in sizes) + content
    with contextlib.suppress(EquipoiseError):
        assert read_idx(data, "a").nbytes == len(data) - 4 - 4 * data[3]


@quickly
@given(st.sampled_from(["<u1", "<i8", "<f4", "|O", "|S3", "<U2"]), st.lists(st.integers(0, 5), max_size=5), st.data())
def test_any_npz(dtype: str, shape: list[int], data: st.DataObject) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros(shape, dtype), allow_pickle=True)
    content = bytearray(stream.getvalue())
    place = data.draw(st.integers(0, len(content)))
    content[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=40))
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(EquipoiseError):
        with zipfile.ZipFile(Path(folder) / "a.npz", "w") as archive:
            archive.writestr("images.npy", bytes(content))
        assert Npz(f"{folder}/a.npz").load().holds_images


@quickly
@given(st.data())
def test_any_lmdb(data: st.DataObject) -> None:
    """Two meta pages, a root and another page, with anything at all in them."""
    content = bytearray(4 * 512)
    for start in (0, 512):
        struct.pack_into("<II", content, start + 16, 0xBEEFC0DE, 1)
        struct.pack_into("<I", content, start + 40, 512)
        fields = [data.draw(st.integers(0, 4) | st.integers(0, 2**64 - 1)) for _ in range(4)]
        struct.pack_into("<QQQQ", content, start + 120, *fields)
    for start in (1024, 1536):
        struct.pack_into("<HH", content, start + 10, data.draw(st.integers(0, 7)), data.draw(st.integers(16, 60)))
        body = data.draw(st.binary(max_size=200))
        content[start + 16 : start + 16 + len(body)] = body
    with contextlib.suppress(_DamagedError):
        read = sum(len(key) + len(value) for key, value in Lmdb(bytes(content)).items())
        assert read <= 256 * len(content)


@quickly
@given(st.dictionaries(st.sampled_from(["format", "clock", "sha256", "extra", "seal"]), PLAIN))
def test_any_index_of_a_checkpoint(entries: dict[str, Any]) -> None:
    """Also with the right format and a seal that fits."""
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "iteration-000000001.json"
        for described in (entries, {"format": checkpoints.FORMAT, "clock": {}, "sha256": "0"} | entries):
            index.write_text(json.dumps(described | {"seal": checkpoints._seal(described)}))
            with pytest.raises(EquipoiseError):
                Checkpoint(index).read_index()


@settings(quickly, max_examples=300)
@given(st.lists(st.integers(0, 255).map(lambda number: bytes([number])) | st.binary(max_size=6), max_size=30))
def test_any_pickle_is_only_read(parts: list[bytes]) -> None:
    with contextlib.suppress(NotTensors):
        value = read_pickle(io.BytesIO(b"\x80\x02" + b"".join(parts) + b"."))
        assert not callable(value)
