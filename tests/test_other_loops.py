"""The four examples of foreign loops run, and give the numbers and the picture that their pages show."""

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch

from measurements.figures import other_loops

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "other_loops"
EXAMPLES = {
    "image_tokenizer": ["no adversary", "hinge", "hinge, LGA margin"],
    "vocoder": ["spectral error alone", "with three discriminators"],
    "super_resolution": ["bicubic", "error alone", "with a discriminator"],
    "one_step_student": ["teacher, 32 steps", "teacher, 1 step", "student, error alone", "student, with adversary"],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    words = [name, "--steps=4", "--seeds=1", f"--figure={tmp_path / 'a.png'}", f"--results={tmp_path / 'a.json'}"]
    monkeypatch.setattr(sys, "argv", words)
    with torch.random.fork_rng():
        module = import_module(f"examples.other_loops.{name}")
        monkeypatch.setattr(module, "BATCH", 2)
        module.main()
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert [way for way in document["runs"][0] if way in EXAMPLES[name]] == EXAMPLES[name]
    assert all(abs(value) < 1e4 for way in document["runs"][0].values() for value in way.values())
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_four_steps_reach_the_adversary() -> None:
    """The warm-ups start at a third or a quarter of the steps."""
    for name in EXAMPLES:
        text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        assert "WarmUp(start=steps // " in text


@pytest.mark.parametrize("name", other_loops.NAMES)
def test_the_tutorials_tables_are_those_of_the_data_files(name: str) -> None:
    page = (ROOT / "docs" / "tutorials" / "one_loss_in_my_loop.md").read_text(encoding="utf-8")
    assert other_loops.table(name) in page
    picture = f"loop_{name}.png"
    assert picture in page
    assert (ROOT / "docs" / "figures" / picture).stat().st_size < 100_000
