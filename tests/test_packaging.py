"""What is said of the package in several places is said alike, and the files that a wheel needs are named."""

import re
import tomllib
from fnmatch import fnmatch
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import yaml

import equipoise

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))


def minor_versions() -> list[int]:
    """Of the Pythons that `requires-python` allows."""
    first, after = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["project"]["requires-python"]).groups()  # type: ignore[union-attr]
    return list(range(int(first), int(after)))


def test_every_python_that_is_allowed_is_a_classifier_and_in_the_workflow_and_the_readme() -> None:
    minors = minor_versions()
    named = [word for word in PROJECT["project"]["classifiers"] if word.startswith("Programming Language")]
    assert named == [f"Programming Language :: Python :: 3.{minor}" for minor in minors]
    assert WORKFLOW["jobs"]["check"]["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in minors]
    assert f"Python 3.{minors[0]} to 3.{minors[-1]}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_oldest_python_is_what_the_tools_check_for() -> None:
    tools = PROJECT["tool"]
    assert tools["ruff"]["target-version"] == f"py3{minor_versions()[0]}"
    assert tools["mypy"]["python_version"] == f"3.{minor_versions()[0]}"


def test_the_workflow_runs_what_every_change_must_pass() -> None:
    steps = WORKFLOW["jobs"]["check"]["steps"]
    (step,) = (step for step in steps if step.get("run") == ".ci/run")
    assert (ROOT / step["run"]).stat().st_mode & 0o111


def test_every_file_of_the_package_that_is_no_module_goes_into_the_wheel() -> None:
    patterns = [pattern.removeprefix("**/") for pattern in PROJECT["tool"]["setuptools"]["package-data"]["equipoise"]]
    package = Path(equipoise.__file__).parent
    files = [path for path in package.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}]
    assert {".html", ".css", ".js", ".csv"} <= {path.suffix for path in files}
    assert [path for path in files if not any(fnmatch(path.name, pattern) for pattern in patterns)] == []
    assert all((folder / "__init__.py").is_file() for folder in {path.parent for path in package.rglob("*.py")})


def test_the_version_is_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (Unreleased|\d+\.\d+\.\d+(?: - \d{4}-\d\d-\d\d)?)$", text, flags=re.MULTILINE)
    assert sections == re.findall(r"^## (.*)$", text, flags=re.MULTILINE), "a heading is no version with its date"
    assert sections[0] == "Unreleased" or sections[0].startswith(equipoise.__version__)


def test_the_quick_selection_leaves_no_room_out() -> None:
    folders: dict[Path, list[bool]] = {}
    for file in (ROOT / "tests").rglob("test_*.py"):
        folders.setdefault(file.parent, []).append("pytest.mark.lengthy" in file.read_text(encoding="utf-8"))
    assert [folder for folder, lengthy in folders.items() if all(lengthy)] == []


def test_the_installed_command_is_a_function_that_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m equipoise` finds the command line by itself; the script that pip writes goes by this line alone."""
    command = EntryPoint("equipoise", PROJECT["project"]["scripts"]["equipoise"], "console_scripts").load()
    assert command(["list", "losses"]) == 0
    assert "hinge" in capsys.readouterr().out
