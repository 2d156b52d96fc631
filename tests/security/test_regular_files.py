"""Whatever is read is a regular file of bounded size: a pipe is not waited for, and a device is not read."""

import os
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.common.files import sha256_of
from equipoise.common.torch_file import read_torch_file
from equipoise.data.celeba import CelebA
from equipoise.data.cifar10 import _archive
from equipoise.data.folder import read_file
from equipoise.data.idx import read_limited
from equipoise.data.lmdb_reader import open_lmdb
from equipoise.data.npz import Npz
from equipoise.data.pictures import UnreadableError
from equipoise.data.published import published_files
from equipoise.evaluation.classifier import Classifier
from equipoise.evaluation.features import OnnxExtractor
from equipoise.evaluation.inception_weights import inception_network
from equipoise.experiments.config import load_experiment
from equipoise.runs.environment import read_sessions
from equipoise.runs.record import read_run
from equipoise.studies.results import read_results
from equipoise.studies.sources import RESULTS
from equipoise.training.checkpoint import Checkpoint

LONGEST_SECONDS = 20
HUGE_BYTES = 1 << 40


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    """A reader that waits for a pipe, or reads a device, is ended."""

    def end(*_: object) -> None:
        raise AssertionError("still reading")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LONGEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def open_as_lmdb(path: Path) -> None:
    with open_lmdb(path):
        pass


def onnx(path: Path) -> None:
    pytest.importorskip("onnxruntime")
    OnnxExtractor(path)


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "configuration": ("a.yaml", load_experiment),
    "npz": ("a.npz", lambda path: Npz(str(path)).load()),
    "idx": ("a-ubyte", lambda path: read_limited(path, 100)),
    "packed idx": ("a-ubyte.gz", lambda path: read_limited(path, 100)),
    "lmdb": ("data.mdb", open_as_lmdb),
    "faces": ("img_align_celeba.zip", lambda path: CelebA()._from_zip(path)),
    "archive": (
        "cifar-10-binary.tar.gz",
        lambda path: published_files(path.parent, _archive(), ["data_batch_1.bin"]),
    ),
    "picture": ("a.png", read_file),
    "torch file": ("a.pth", read_torch_file),
    "inception": ("a.pth", inception_network),
    "onnx": ("a.onnx", onnx),
    "classifier": ("a.safetensors", Classifier.load),
    "checkpoint index": ("iteration-000000001.json", lambda path: Checkpoint(path).read_index()),
    "checkpoint tensors": ("iteration-000000001.safetensors", lambda path: Checkpoint(path).read_tensors("")),
    "study": (RESULTS, lambda path: read_results(path.parent)),
    "hash": ("anything", sha256_of),
}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        place = Path.cwd()
        os.chdir(path.parent)  # the names of sockets are short
        try:
            one.bind(path.name)
        finally:
            os.chdir(place)


@pytest.mark.parametrize("make", [pipe, endless, listening, Path.mkdir])
@pytest.mark.parametrize("reader", list(READERS))
def test_what_is_no_file_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str, make: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    name, read = READERS[reader]
    make(tmp_path / name)
    with pytest.raises(EquipoiseError) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert name.removesuffix(".safetensors").removesuffix(".json") in str(caught.value) or reader == "study"


@pytest.mark.parametrize("make", [pipe, endless])
def test_the_command_line_says_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    kind = "a pipe" if make is pipe else "a device"
    for name, words in {
        "a.npz": ["train", "gan-digits", "--data", "npz:{}", "--out", str(tmp_path / "run")],
        "a.yaml": ["train", "{}", "--out", str(tmp_path / "run")],
    }.items():
        make(tmp_path / name)
        assert main([word.format(tmp_path / name) for word in words]) == 2
        assert f"is {kind}, not a regular file" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_what_a_run_can_do_without_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: x")
    for name in ("environment.json", "scores.json"):
        os.mkfifo(tmp_path / name)
    assert read_sessions(tmp_path / "environment.json") == []
    assert read_run(tmp_path).environment == {}


@pytest.mark.parametrize(
    "reader", ["configuration", "idx", "picture", "torch file", "checkpoint index", "study", "onnx", "inception"]
)
def test_an_endless_file_is_refused_before_it_is_in_memory(tmp_path: Path, reader: str) -> None:
    name, read = READERS[reader]
    with open(tmp_path / name, "wb") as file:
        file.write(b"PK")
        file.truncate(HUGE_BYTES)
    with pytest.raises((EquipoiseError, UnreadableError), match=r"larger|damaged|missing"):
        read(tmp_path / name)


def test_an_archive_cannot_ask_for_a_directory_of_a_terabyte(tmp_path: Path) -> None:
    """Its end claims one; reading that would take as much memory."""
    size = HUGE_BYTES - 98
    zip64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, size, 0)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, size, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    with open(tmp_path / "a.npz", "wb") as file:
        file.seek(size)
        file.write(zip64 + locator + end)
    with pytest.raises(EquipoiseError, match=r"a\.npz claims a directory of .* bytes; it is damaged"):
        Npz(str(tmp_path / "a.npz")).load()
