"""What strangers may hand us: nothing is executed, nothing is written elsewhere, and every refusal is one sentence."""

import io
import os
import pickle
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from equipoise.cli.main import main
from equipoise.common import files
from equipoise.common.errors import EquipoiseError
from equipoise.common.pickle_tokens import NotTensors, read_pickle
from equipoise.data.download import RemoteFile
from equipoise.data.published import Archive, _unpack
from equipoise.evaluation.features import OnnxExtractor
from measurements.trust import fuzz

pytestmark = pytest.mark.lengthy

CONTROL = "\x1b[31mred\x07\x1b]0;title\x07"


class Bomb:
    """Unpickled, it creates a file."""

    def __init__(self, mark: Path):
        self.mark = str(mark)

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (self.mark,))


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    try:
        code = main([str(word) for word in words])
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else -1
    errors = capsys.readouterr().err
    assert code == 2, errors
    assert "Traceback" not in errors
    assert not any(ord(letter) < 32 and letter != "\n" for letter in errors), repr(errors)
    return errors


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "run"
    short = ("--iterations", "2", "--device", "cpu", "--threads", "1", "--quiet", "--set", "watch.checkpoints=1")
    assert main(["train", "gan-digits", "--out", str(out), *short]) == 0
    return out


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "run")


def torch_file(mark: Path) -> bytes:
    stream = io.BytesIO()
    torch.save(Bomb(mark), stream)
    return stream.getvalue()


HOSTILE = {
    "a pickle": lambda mark: pickle.dumps(Bomb(mark)),
    "a torch file": torch_file,
    "a header that claims terabytes": lambda mark: (2**40).to_bytes(8, "little") + b"{}",
    "offsets beyond the file": lambda mark: _safetensors(
        b'{"a":{"dtype":"F32","shape":[999999999],"data_offsets":[0,3999999996]}}'
    ),
    "nothing": lambda mark: b"",
}


def _safetensors(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_checkpoint_is_refused_and_not_executed(
    kind: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also when its checksums fit: whoever can write the tensors can write the index."""
    (tensors,), mark = (run / "checkpoints").glob("*.safetensors"), tmp_path / "executed"
    tensors.write_bytes(HOSTILE[kind](mark))
    index = tensors.with_suffix(".json")
    described = fuzz.json.loads(index.read_text()) | {"sha256": fuzz.sha256_of(tensors)}
    index.write_text(fuzz.json.dumps(described | {"seal": fuzz.reader._seal(described)}))
    commands = (("resume", run), ("sample", run, "--out", tmp_path / "x.png"), ("evaluate", run))
    for words in (*commands, ("export", run, "--out", tmp_path / "generator.safetensors")):
        refused(capsys, *words)
    assert not mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.mkdir [MARK]",
        "name: !!python/object/new:os.mkdir [MARK]",
        "!!python/name:os.system",
        "a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n",
        "[" * 2000,
        "name: " + CONTROL.replace("\x1b", "\\x1b"),
        '"\\e[31m": 1',
    ],
)
def test_hostile_yaml_is_refused(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, mark = tmp_path / "x.yaml", tmp_path / "executed"
    file.write_text(text.replace("MARK", str(mark)))
    refused(capsys, "show", file)
    refused(capsys, "train", file, "--out", tmp_path / "out")
    assert not mark.exists()
    assert not (tmp_path / "out").exists()


def npz_of_objects(path: Path, mark: Path) -> None:
    objects = np.empty(1, object)
    objects[0] = Bomb(mark)
    with open(path, "wb") as file:
        np.savez(file, images=objects)


def zip_that_climbs(path: Path, mark: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"../../../../../..{mark}", b"x")


def tar_that_climbs(path: Path, mark: Path) -> None:
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("images")
        link.type, link.linkname = tarfile.SYMTYPE, str(mark.parent)
        archive.addfile(link)
        inside = tarfile.TarInfo("images/executed")
        inside.size = 1
        archive.addfile(inside, io.BytesIO(b"x"))


def zip_bomb(path: Path, mark: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", bytes(50_000_000))


@pytest.mark.parametrize("make", [npz_of_objects, zip_that_climbs, tar_that_climbs, zip_bomb])
def test_a_hostile_archive_as_data_is_refused(make: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, mark = tmp_path / "data.npz", tmp_path / "executed"
    make(path, mark)
    data = f"data={{kind: npz, path: {path}}}"
    refused(capsys, "train", "gan-digits", "--set", data, "--out", tmp_path / "out", "--device", "cpu")
    assert not mark.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("train", CONTROL),
        ("show", f"{CONTROL}.yaml"),
        ("resume", CONTROL),
        ("sample", CONTROL, "--out", "x.png"),
        ("export", CONTROL, "--out", f"{CONTROL}.onnx"),
        ("evaluate", CONTROL),
        ("train", "gan-digits", "--set", f"{CONTROL}=1"),
        ("train", "gan-digits", "--set", f"data={{kind: '{CONTROL}'}}"),
        ("train", "gan-digits", "--device", CONTROL),
        ("train", "mode-digits" + CONTROL, "--data-root", CONTROL),
        ("study", CONTROL),
        ("study", "magan-digits", "--inception-weights", CONTROL),
        ("report", CONTROL),
        ("report", CONTROL, CONTROL + "2"),
        ("simulate", CONTROL),
        ("classifier", CONTROL),
        ("classifier", "mnist", "--data-root", CONTROL),
        ("list", CONTROL),
        ("demo", "--seeds", CONTROL),
        (CONTROL,),
    ],
)
def test_control_characters_never_reach_the_terminal(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(capsys, *words)


@pytest.fixture
def badly_named(run: Path, tmp_path: Path) -> Path:
    """A good run in a directory whose name would drive a terminal."""
    return run.rename(tmp_path / CONTROL.replace("/", "-"))


@pytest.mark.parametrize("damage", ["checkpoint", "config", "full disk", "weights"])
def test_no_command_prints_a_real_name_raw(
    damage: str, badly_named: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What exists under a hostile name is reported escaped too, whatever is wrong with it."""
    commands: list[tuple[object, ...]] = [("resume", badly_named), ("sample", badly_named, "--out", tmp_path / "x.png")]
    if damage == "checkpoint":
        for path in (badly_named / "checkpoints").glob("*.safetensors"):
            path.write_bytes(b"x")
        commands.append(("evaluate", badly_named))
    elif damage == "config":
        (badly_named / "config.yaml").write_text(f"name: {CONTROL!r}\n{CONTROL!r}: 1")
        commands += [("show", badly_named / "config.yaml"), ("train", badly_named / "config.yaml")]
    elif damage == "full disk":
        monkeypatch.setattr(files, "flush_to_disk", _full_disk)
        out = tmp_path / (CONTROL + "out")
        commands = [("sample", badly_named, "--out", out / "x.png"), ("train", "gan-digits", "--out", out)]
        commands.append(("report", badly_named))
    else:
        (badly_named / "weights").write_bytes(b"x")
        commands = [("evaluate", badly_named, "--metrics", "fid", "--inception-weights", badly_named / "weights")]
        commands.append(("study", "magan-digits", "--inception-weights", badly_named / "weights", "--out", tmp_path))
    for words in commands:
        refused(capsys, *words)


def _full_disk(path: Path) -> None:
    raise OSError(28, "No space left on device", str(path))


def _onnx_model(onnx: Any, place: str | None, domain: str = "") -> bytes:
    """y = x + w, with w in a file at `place`, by an operator of the domain."""
    weights = onnx.numpy_helper.from_array(np.arange(4, dtype=np.float32), "w")
    if place is not None:
        weights = onnx.TensorProto(name="w", data_type=1, dims=[4], data_location=onnx.TensorProto.EXTERNAL)
        for key, value in (("location", place), ("length", "16")):
            entry = weights.external_data.add()
            entry.key, entry.value = key, value
    helper = onnx.helper
    shape = [None, 4]
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"], domain=domain)],
        "graph",
        [helper.make_tensor_value_info("x", 1, shape)],
        [helper.make_tensor_value_info("y", 1, shape)],
        [weights],
    )
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    made: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return made


@pytest.mark.parametrize("kind", ["beside it", "above it", "absolute", "a foreign operator", "no ONNX"])
def test_an_onnx_file_brings_nothing_but_itself(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    (tmp_path / "in").mkdir()
    (tmp_path / "elsewhere").mkdir()
    secret, path = tmp_path / "secret", tmp_path / "in" / "model.onnx"
    for place in (secret, tmp_path / "in" / "secret"):
        place.write_bytes(np.arange(4, dtype=np.float32).tobytes())
    monkeypatch.chdir(tmp_path / "elsewhere")
    places = {"beside it": "secret", "above it": "../secret", "absolute": str(secret)}
    domain = "hostile.operators" if kind == "a foreign operator" else ""
    path.write_bytes(b"x" * 99 if kind == "no ONNX" else _onnx_model(onnx, places.get(kind), domain))
    with pytest.raises(EquipoiseError, match="onnxruntime cannot load"):
        OnnxExtractor(path)
    path.write_bytes(_onnx_model(onnx, None))
    assert OnnxExtractor(path).weights_hash == files.sha256_of(path)


FOUND = {
    "a pickle that ends with nothing on its stack": b"\x80\x02.",
    "nothing but a mark": b"\x80\x02(.",
    "a pickle without an end": b"\x80\x02N",
}
"""What fuzzing found, in small."""


@pytest.mark.parametrize("kind", FOUND)
def test_what_fuzzing_found_is_refused(kind: str) -> None:
    with pytest.raises(NotTensors, match="it is damaged"):
        read_pickle(io.BytesIO(FOUND[kind]))


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08\x08", b"\x1f\x8b\x08\x04\xff", b"\x1f\x8b\x08\x00", b""])
def test_an_archive_cut_in_its_first_bytes_is_refused(content: bytes, tmp_path: Path) -> None:
    """The gzip reader of a stream asks for the code of a letter that is not there, as fuzzing found."""
    packed = tmp_path / "set.tar.gz"
    packed.write_bytes(content)
    archive = Archive(RemoteFile("a", "https://localhost/set.tar.gz", "md5", "", 100), "set", 100)
    with pytest.raises(EquipoiseError, match=r"damaged|does not hold"):
        _unpack(packed, archive, ["one.bin"], tmp_path / "set")


def test_damaged_input_is_accepted_or_refused_and_nothing_else(tmp_path: Path) -> None:
    """A second of fuzzing for every reader; minutes of it are recorded in results/trust/fuzz.json."""
    for target in fuzz.targets(tmp_path):
        found = fuzz.fuzz(target, 1.0, seed=1)
        assert found["findings"] == 0, (target.name, found["examples"])
        assert found["tried"] >= 5, target.name
        assert found["refused"] > 0, target.name
