"""Commands whose streams are closed, full, or of an encoding that lacks the letters of a name."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from equipoise.cli.main import main
from equipoise.cli.streams import Patient
from equipoise.runs.directory import open_run

pytestmark = pytest.mark.lengthy

SHORT = ("--iterations", "2", "--device", "cpu", "--threads", "1", "--set", "watch.checkpoints=1")
WORDS = [["list"], ["list", "--help"], ["--help"], ["--version"], ["show", "--help"]]
SEVERAL = (
    "import json, sys; from equipoise.cli.main import main; print([main(words) for words in json.loads(sys.argv[1])])"
)


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = f'exec "{sys.executable}" -m equipoise {line}'
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=os.environ | environment)


@pytest.mark.parametrize("stream", ["stdout", "stderr", "both"])
@pytest.mark.parametrize("ends_well", [True, False])
def test_a_training_with_closed_streams_does_what_it_would(
    stream: str, ends_well: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stdout", "stderr"):
        if stream in (name, "both"):
            monkeypatch.setattr(sys, name, None)
    out = tmp_path / "run"
    extra = () if ends_well else ("--set", "latent.size=0")
    assert main(["train", "gan-digits", "--out", str(out), *SHORT, *extra]) == (0 if ends_well else 2)
    assert out.exists() == ends_well


@pytest.mark.parametrize("words", WORDS[:2])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_an_error_in_one_sentence(words: list[str], unbuffered: str) -> None:
    done = shell(f"{' '.join(words)} >/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (2, "equipoise: reading or writing failed: No space left on device.\n")


@pytest.mark.parametrize("closing", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_no_file_gets_the_messages_of_a_closed_stream(closing: str) -> None:
    """The system gives the number of a closed stream to the next file that is opened."""
    assert shell(f"list {closing}").returncode == 0
    assert shell(f"list nothing {closing}").returncode == 2


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise ValueError("closed")


def test_what_is_said_by_the_way_may_fail() -> None:
    stream = Patient(Broken())
    print("warning", file=stream, flush=True)  # type: ignore[type-var]
    assert not stream.isatty()


def test_names_beyond_the_locale_work_in_every_command(tmp_path: Path) -> None:
    """Under an ASCII locale Python gets such names as bytes that are no letters."""
    photos, run = tmp_path / "Bildchen ü", tmp_path / "Größe"
    photos.mkdir()
    for number in range(12):
        Image.new("L", (8, 8), 20 * number).save(photos / f"ß{number}.png")
    quick = [*SHORT, "--quiet", "--set", "batch_size=4"]
    here = ["--data", f"folder:{photos}", "--set", "name=Öl"]
    commands = [
        ["train", "gan-digits", "--out", run, *quick, *here],
        ["train", "gan-digits", *quick, *here],
        ["train", "gan-digits", *quick, *here],
        ["resume", run, "--quiet"],
        ["sample", run, "--out", run / "ö.png"],
        ["export", run, "--out", run / "ö.safetensors"],
        ["evaluate", run, "--metrics", "ms-ssim", "--samples", "9", "--quiet"],
        ["report", run, "--out", tmp_path / "Seite ü"],
        ["show", run / "config.yaml", "--set", "name=é"],
        ["show", "ü"],
        ["simulate", "ü"],
        ["study", "ü"],
        ["evaluate", "ü"],
    ]
    ascii_only = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = json.dumps([[str(word) for word in each] for each in commands], ensure_ascii=False)
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, words],
        capture_output=True,
        env=os.environ | ascii_only | {"EQUIPOISE_CACHE": str(tmp_path / "Ablage ü")},
        cwd=tmp_path,
    )
    assert done.stdout.splitlines()[-1] == str([0, 0, 2, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2]).encode(), done.stderr
    assert done.stderr.count(b"\n") == 5
    assert open_run(run).experiment().name == "Öl"
    assert main(["resume", str(run), "--quiet"]) == 0
