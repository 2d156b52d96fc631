"""The options and the rule on the page for one's own pictures are those of the program."""

import argparse
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from equipoise.cli.main import main
from equipoise.cli.train import fill_train
from equipoise.recipes.pictures import FEW, MANY, augmentation_for

PAGE = (Path(__file__).parents[2] / "docs" / "tutorials" / "my_pictures.md").read_text(encoding="utf-8")


def test_every_option_of_the_page_exists() -> None:
    parser = argparse.ArgumentParser()
    fill_train(parser)
    known = {option for action in parser._actions for option in action.option_strings}
    named = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert named <= known
    assert {"--size", "--quality", "--time", "--augment", "--transparency", "--fit", "--labels", "--dry-run"} <= named


def test_the_rule_of_augmentation_is_the_programs() -> None:
    assert f"| fewer than {FEW:,} |" in PAGE
    assert f"| {FEW:,} to {MANY:,} |" in PAGE
    few, some, many = (augmentation_for("auto", count, False).augment for count in (FEW - 1, FEW, MANY))
    assert few is not None
    assert (few.strength, few.target) == (1.0, None)
    assert some is not None
    assert (some.strength, some.target) == (0.0, 0.85)
    assert many is None
    mirrored = augmentation_for("auto", MANY, True).augment
    assert mirrored is not None
    assert mirrored.operations == ("x-flip",)


def test_one_class_is_asked_for_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("cats", "dogs"):
        Path("photos", name).mkdir(parents=True)
        for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)):
            Image.fromarray(pixels).save(f"photos/{name}/{number}.png")
    assert main(["train", "photos/", "--labels", "--iterations", "1", "--threads", "1", "--device", "cpu"]) == 0
    (code,) = re.findall(r'^``` \{ .python title="one_class.py" \}\n(.*?)^```', PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    exec(compile(code, "one_class.py", "exec"), names)
    assert names["images"].shape == (16, 32, 32, 3)  # type: ignore[attr-defined]
    for words in re.findall(r"^equipoise (sample .*)$", PAGE, re.MULTILINE):
        assert main([*words.split(), "--device", "cpu"]) == 0
