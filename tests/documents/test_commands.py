"""The commands of pages that tell one story run as they are printed, one after the other."""

import re
import shlex
from pathlib import Path

import pytest

from equipoise.cli.main import main

ROOT = Path(__file__).parents[2]
STORIES = ("after-training.md",)


def commands(page: str) -> list[list[str]]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [words[1:] for line in lines if (words := shlex.split(line, comments=True))[:1] == ["equipoise"]]


@pytest.mark.parametrize("page", STORIES)
def test_the_commands_of_a_page_run_as_printed(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = commands(page)
    assert found
    for words in found:
        assert main(words) == 0, words
