"""What is printed as the next command works as printed: a run remembers where its data, its weights and device were."""

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from equipoise.cli.main import main
from equipoise.runs.directory import resume_command
from equipoise.runs.environment import add_session, read_sessions
from equipoise.runs.places import as_before
from equipoise.runs.train import Settings

SHORT = ("--set", "watch.checkpoints=4", "--set", "batch_size=4", "--device", "cpu", "--threads", "1")

COLOUR = [
    word
    for player in ("generator", "discriminator")
    for word in ("--set", f"players.{player}.network.image_shape=[3,8,8]")
]


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EQUIPOISE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


def pictures(folder: Path) -> None:
    folder.mkdir(parents=True)
    numbers = np.random.default_rng(0)
    for number in range(8):
        Image.fromarray(numbers.integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(folder / f"{number}.png")


def faces(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(1, 9):
        Image.new("RGB", (178, 218), (number, 0, 0)).save(folder / f"{number:06d}.png")


def npz(path: Path) -> None:
    np.savez(path, images=np.random.default_rng(0).integers(0, 256, (8, 8, 8), dtype=np.uint8))


def interrupted(monkeypatch: pytest.MonkeyPatch, words: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Train, and be interrupted at once. Returns: the words of the command that is printed then."""
    from equipoise.runs import session

    with monkeypatch.context() as patched:
        patched.setattr(session.Agreement, "__call__", lambda agreement: bool(setattr(agreement, "agreed", 2) or True))
        assert main(words) == 130
    printed = capsys.readouterr().err.partition("Resume with: ")[2]
    return shlex.split(printed)


@pytest.mark.parametrize("part", ["all", "train"])
def test_a_data_root_that_is_gone_is_named(part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures(Path("elsewhere/photos"))
    words = ["train", "gan-digits", "--data", "folder:photos", "--data-root", "elsewhere", *SHORT]
    words += ["--set", f"data.part={part}"]
    assert main([*words, "--iterations", "2", "--out", "run", "--quiet"]) == 0
    Path("elsewhere").rename("moved")
    for command in (["resume", "run", "--quiet"], ["evaluate", "run", "--samples", "12", "--metrics", "ms-ssim"]):
        capsys.readouterr()
        assert main(command) == 2
        said = capsys.readouterr().err
        assert f"The run's data root, {tmp_path / 'elsewhere'}, is gone; --data-root names another one." in said
    for command in (["resume", "run"], ["evaluate", "run", "--samples", "12", "--metrics", "ms-ssim"]):
        assert main([*command, "--data-root", "moved"]) == 0


def test_a_finished_run_that_nobody_can_write_to_is_complete(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "gan-digits", *SHORT, "--iterations", "2", "--out", "run", "--quiet"]) == 0
    before = {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")}
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert main(["resume", "run", "--quiet"]) == 0
    assert "The run is complete; its report is run/report.html" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")} == before


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: faces(Path("elsewhere/celeba/img_align_celeba")),
            ["--data", "celeba", "--data-root", "elsewhere", *COLOUR],
        ),
        (lambda: pictures(Path("photos")), ["--data", "photos"]),
        (lambda: pictures(Path("elsewhere/photos")), ["--data", "folder:photos", "--data-root", "elsewhere"]),
        (lambda: npz(Path("a.npz")), ["--data", "npz:a.npz"]),
    ],
)
def test_the_printed_command_works_as_printed_from_any_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[], None],
    words: list[str],
) -> None:
    make()
    whole = ["train", "gan-digits", *words, *SHORT, "--iterations", "2"]
    run = tmp_path / "my runs" / "it's one"
    command = interrupted(monkeypatch, [*whole, "--out", str(run)], capsys)
    assert command[:2] == ["equipoise", "resume"]
    (tmp_path / "somewhere else").mkdir()
    monkeypatch.chdir(tmp_path / "somewhere else")
    assert main([*command[1:], "--quiet"]) == 0
    assert (run / "report.html").is_file()


def test_what_is_no_longer_there_is_looked_for_in_the_usual_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    weights = tmp_path / "weights"
    weights.write_bytes(b"x")
    (tmp_path / "data").mkdir()
    places = {"data_root": str(tmp_path / "data"), "inception_weights": str(weights)}
    run.mkdir()
    add_session(run / "environment.json", {"places": places, "device": "cpu"})
    add_session(run / "environment.json", {"device": "cpu"})
    found = as_before(run, Settings())
    assert (found.data_root, found.inception_weights) == (tmp_path / "data", weights)
    told = capsys.readouterr().err
    assert told == f"As before: data below {tmp_path / 'data'}, Inception's weights from {weights}\n"
    own = Settings(data_root=tmp_path, inception_weights=tmp_path)
    assert as_before(run, own) == own
    weights.unlink()
    (tmp_path / "data").rmdir()
    assert as_before(run, Settings()) == Settings()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("data", ["folder:mine/photos", "npz:mine/own.npz", "folder:mine/photos.zip"])
def test_data_that_are_gone_are_named_with_their_place_and_found_again_below_a_data_root(
    data: str, absolute: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures(tmp_path / "mine" / "photos")
    npz(tmp_path / "mine" / "own.npz")
    shutil.make_archive("mine/photos", "zip", tmp_path / "mine" / "photos")
    kind, _, place = data.partition(":")
    given = f"{kind}:{tmp_path / place}" if absolute else data
    words = ("--data", given, "--iterations", "1", "--out", "run", "--quiet")
    assert main(["train", "gan-digits", *SHORT, *words]) == 0
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "mine", tmp_path / "elsewhere" / "mine")
    capsys.readouterr()
    for command in (["resume", "run"], ["evaluate", "run"], ["sample", "run", "--neighbours", "1", "--out", "a.png"]):
        assert main(command) == 2
        told = capsys.readouterr().err.splitlines()[-1]
        assert str(tmp_path / place) in told
        assert f"pass --data-root with the folder that holds {Path(place).name}." in told
    root = tmp_path / "elsewhere" / ("mine" if absolute else ".")
    assert main(["resume", "run", "--data-root", str(root), "--quiet"]) == 0
    assert main(["sample", "run", "--count", "1", "--neighbours", "1", "--by", "pixels", "--out", "a.png"]) == 0


@pytest.mark.parametrize(
    "text", ["", "{", '{"sessions": [{"places": 5}]}', '{"sessions": [{"places": {"data_root": 5}}]}']
)
def test_a_damaged_record_changes_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "environment.json").write_text(text)
    assert as_before(tmp_path, Settings(), with_device=True) == Settings()


def test_a_run_that_began_on_the_cpu_stays_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_session(tmp_path / "environment.json", {"device": "cpu"})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert as_before(tmp_path, Settings(), with_device=True).device == "cpu"
    assert as_before(tmp_path, Settings(device="cuda"), with_device=True).device == "cuda"
    assert as_before(tmp_path, Settings()).device == "auto"
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert as_before(tmp_path, Settings(), with_device=True).device == "auto"


def test_the_places_are_whole_paths(tmp_path: Path) -> None:
    assert (
        main(["train", "gan-digits", *SHORT, "--iterations", "1", "--quiet", "--out", "run", "--data-root", "x"]) == 0
    )
    (session,) = read_sessions(tmp_path / "run" / "environment.json")
    assert session["places"] == {"data_root": str(tmp_path / "x")}
    assert str(tmp_path) not in (tmp_path / "run" / "config.yaml").read_text()


@pytest.mark.parametrize("name", ["run", "my run", "it's", "-rf", "a;b", "ü"])
def test_the_command_can_be_typed_for_any_name(name: str) -> None:
    words = shlex.split(resume_command(Path(name)))
    assert words[:2] == ["equipoise", "resume"]
    assert Path(words[2]) == Path(name)
    assert not words[2].startswith("-")
