"""Files of torch.save are read without unpickling: right numbers from good ones, one sentence for all others."""

import io
import os
import pickle
import random
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.common.pickle_tokens import NotTensors, read_pickle
from equipoise.common.torch_file import read_torch_file

FORMATS = {"zip": True, "before torch 1.6": False}


def network() -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    found = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4), nn.Conv2d(4, 2, (1, 7)), nn.Linear(5, 3))
    for value in found.state_dict().values():
        if value.is_floating_point():
            value.uniform_(-1, 1, generator=generator)
    return found


def saved(value: Any, as_zip: bool = True) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=as_zip)
    return stream.getvalue()


def read(data: bytes, folder: Path) -> dict[str, torch.Tensor]:
    path = folder / "weights.pth"
    path.write_bytes(data)
    return read_torch_file(path)


@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
def test_the_numbers_are_those_of_the_direct_load(as_zip: bool, tmp_path: Path) -> None:
    state = network().state_dict()
    state |= {
        "double": torch.arange(3, dtype=torch.float64) / 3,
        "half": torch.tensor([[0.5], [-2]], dtype=torch.float16),
        "int": torch.tensor([-7], dtype=torch.int32),
        "none": torch.zeros(0, 4),
        "number": torch.tensor(2.5),
        "part": torch.arange(10.0)[4:8].view(2, 2),
        "turned": torch.arange(24.0).view(2, 3, 4).permute(2, 0, 1),
        "convolution": torch.arange(48.0).view(3, 1, 4, 4).permute(3, 1, 2, 0),
    }
    found = read(saved(state, as_zip), tmp_path)
    expected = torch.load(io.BytesIO(saved(state, as_zip)), weights_only=True)
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value)
    loaded = network()
    loaded.load_state_dict({name: value for name, value in found.items() if name[0].isdigit()})


@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
def test_plain_dictionaries_too(as_zip: bool, tmp_path: Path) -> None:
    assert torch.equal(read(saved({"a": torch.ones(2)}, as_zip), tmp_path)["a"], torch.ones(2))


class Bomb:
    """Unpickled, it runs a command."""

    def __init__(self, function: Any, *arguments: Any):
        self.parts = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.parts


@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("wrap", [lambda bomb: bomb, lambda bomb: {"a": bomb}, lambda bomb: OrderedDict(a=[bomb])])
def test_hostile_files_are_refused_and_not_executed(as_zip: bool, protocol: int, wrap: Any, tmp_path: Path) -> None:
    mark, stream = tmp_path / "executed", io.BytesIO()
    bomb = Bomb(os.system, f"touch {mark}")
    torch.save(wrap(bomb), stream, pickle_protocol=protocol, _use_new_zipfile_serialization=as_zip)
    with pytest.raises(EquipoiseError, match=r"not a torch file of tensors: it (asks|fills|holds)"):
        read(stream.getvalue(), tmp_path)
    assert not mark.exists()
    pickle.loads(pickle.dumps(bomb))
    assert mark.exists(), "the bomb is none"


@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (torch.ones(2), "other than a dictionary of tensors"),
        ({"a": 1}, "other than a dictionary of tensors"),
        ({1: torch.ones(2)}, "a dictionary with text keys"),
        ({"a": torch.ones(4, 3)[:, :2]}, "with gaps"),
        ({"a": torch.ones(8)[::2]}, "with gaps"),
        ({"a": torch.ones(8).as_strided((3, 3), (1, 1))}, "with gaps"),
        ({"a": torch.ones(4, 1).expand(4, 3)}, "outside its storage"),
        ({"a": torch.ones(1).expand(5)}, "outside its storage"),
        ({"a": torch.ones(2, dtype=torch.complex64)}, "unknown type torch.ComplexFloatStorage"),
        ({"a": nn.Parameter(torch.ones(2))}, "to call torch._utils._rebuild_parameter"),
        ({"a": 1.5}, "operation BINFLOAT"),
    ],
)
def test_anything_but_tensors_is_refused_by_name(as_zip: bool, value: Any, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(EquipoiseError, match=complaint):
        read(saved(value, as_zip), tmp_path)


def test_few_bytes_cannot_grow(tmp_path: Path) -> None:
    shared = torch.zeros(10_000)
    with pytest.raises(EquipoiseError, match="larger than the file"):
        read(saved({str(number): shared[:1] for number in range(50)}), tmp_path)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved({"a": shared}))) as plain, zipfile.ZipFile(packed, "w", 8) as target:
        for entry in plain.namelist():
            target.writestr(entry, plain.read(entry))
    with pytest.raises(EquipoiseError, match="is packed"):
        read(packed.getvalue(), tmp_path)
    laughs = b"\x80\x02)" + b"q\x00h\x00h\x00\x86" * 100 + b"R."  # tuples of tuples, 2^100 leaves, then a call of one
    with pytest.raises(NotTensors):
        read_pickle(io.BytesIO(laughs))
    deep = b"\x80\x02)" + b"\x85" * 100_000 + b")R."
    with pytest.raises(NotTensors, match="what is no function"):
        read_pickle(io.BytesIO(deep))


def test_big_endian_numbers_and_missing_files_are_refused(tmp_path: Path) -> None:
    data = saved({"a": torch.ones(2)}).replace(b"little", b"big!!!")
    with pytest.raises(EquipoiseError, match=r"damaged|little-endian"):
        read(data, tmp_path)
    with pytest.raises(EquipoiseError, match="missing or damaged"):
        read_torch_file(tmp_path / "none.pth")


@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
def test_damaged_bytes_are_refused_or_read_but_nothing_else(as_zip: bool, tmp_path: Path) -> None:
    """One sentence or tensors, whatever the bytes; `measurements.trust.fuzz` does so for as long as one likes."""
    chance, good = random.Random(0), saved(network().state_dict(), as_zip)
    refused = 0
    for _ in range(150):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 5)):
            place = chance.randrange(min(len(data), chance.choice((50, 500, len(data)))))
            if chance.random() < 0.7:
                data[place] = chance.randrange(256)
            else:
                del data[place : place + chance.randrange(1, 40)]
        try:
            found = read(bytes(data), tmp_path)
        except EquipoiseError:
            refused += 1
        else:
            assert all(isinstance(value, torch.Tensor) for value in found.values())
    assert 20 < refused <= 150
