"""Data sets of the Hugging Face hub, read from their layout on this machine: columns, classes, splits, and refusals."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.data.catalogue import parse_data
from equipoise.data.folder import Folder
from equipoise.data.hugging_face import HuggingFace

COUNT = 4


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection, and caches of its own."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    if "datasets" in sys.modules:
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "hub")
        monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)


def png(shade: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((20, 30, 3), shade, dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def write_data_set(folder: Path, classes: list[str] | None = None, split: str = "train", **more: Any) -> Path:
    """A folder as on the hub: a Parquet file of pictures of growing shades, with or without classes."""
    pytest.importorskip("datasets", reason="the package datasets is not installed")
    import pyarrow
    from pyarrow import parquet

    columns: dict[str, Any] = {"photo": [{"bytes": png(shade), "path": f"{shade}.png"} for shade in range(COUNT)]}
    features: dict[str, Any] = {"photo": {"_type": "Image"}}
    if classes:
        columns["kind"] = [place % len(classes) for place in range(COUNT)]
        features["kind"] = {"names": classes, "_type": "ClassLabel"}
    table = pyarrow.table(columns | more)
    for name in more:
        features[name] = {"dtype": str(table.schema.field(name).type), "_type": "Value"}
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    (folder / "data").mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, folder / "data" / f"{split}-00000-of-00001.parquet")
    return folder


def test_pictures_are_decoded_as_those_of_a_folder(tmp_path: Path) -> None:
    place = write_data_set(tmp_path / "shades", ["even", "odd"])
    (tmp_path / "files").mkdir()
    for shade in range(COUNT):
        (tmp_path / "files" / f"{shade}.png").write_bytes(png(shade))
    for data in (
        parse_data(f"hf:{place}"),
        parse_data(f"hf:{place}@train"),
        parse_data(f"hf:{place}/data/train-00000-of-00001.parquet"),
    ):
        store, files = data.load(), Folder(str(tmp_path / "files")).load()
        assert store.items.tensor.equal(files.items.tensor)
        assert store.labels is not None
        assert (store.labels.tolist(), store.classes) == ([0, 1, 0, 1], 2)
        assert data.class_names() == ["even", "odd"]
    look = HuggingFace(str(place)).look()
    assert (look.size, look.side, look.channels) == ((20, 30), 20, 3)
    assert (HuggingFace("a/b").name, HuggingFace("a/b@test").name) == ("b", "b-test")
    assert len(HuggingFace(str(place), part="train").load()) == COUNT


def test_it_is_trained_on_without_a_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = write_data_set(tmp_path / "shades", split="validation")
    words = ["show", f"hf:{place}", "--threads", "1", "--device", "cpu", "--quiet", "--iterations", "1"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "kind: hf" in shown
    assert "channels: 1" in shown  # pictures in colour that have none
    assert "resolution: 32" in shown


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("{set}@test", 'could not be opened: Unknown split "test"'),
        ("{two}", "two has the splits test, validation; name one, as in hf:.*two@test"),
        ("{plain}", "plain has no column of images; its columns are number"),
        ("{tmp}/nothing", "there is no folder or .parquet file .*nothing, and no data set has such a name"),
        ("nobody/nothing", "nothing could not be opened: .* It is looked for on this machine, then on the hub"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, path: str, reason: str) -> None:
    places = {"tmp": tmp_path, "set": write_data_set(tmp_path / "set"), "plain": tmp_path / "plain"}
    places["two"] = write_data_set(write_data_set(tmp_path / "two", split="test"), split="validation")
    places["plain"].mkdir()
    (tmp_path / "plain" / "train.csv").write_text("number\n1\n")
    with pytest.raises(EquipoiseError, match=reason):
        parse_data("hf:" + path.format(**places)).load()


def test_files_outside_the_data_set_are_not_read(tmp_path: Path) -> None:
    from equipoise.data.hugging_face import _bytes_of
    from equipoise.data.pictures import UnreadableError

    (tmp_path / "in").mkdir()
    for place in ("in/a.png", "private.png"):
        (tmp_path / place).write_bytes(png(1))
    below = ((tmp_path / "in").resolve(),)
    assert _bytes_of({"bytes": None, "path": str(tmp_path / "in" / "a.png")}, below) == png(1)
    for path in (str(tmp_path / "in" / ".." / "private.png"), None, "hf://a/b.png"):
        with pytest.raises(UnreadableError, match="its bytes are not in the data set"):
            _bytes_of({"bytes": None, "path": path}, below)


def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(EquipoiseError, match=r"not installed; install the extra: pip install 'equipoise\[hf\]'"):
        parse_data("hf:owner/name").load()
