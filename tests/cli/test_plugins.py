"""Methods of one's own from a file: `--plugin FILE.py`, through the real entry point."""

import json
import re
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

PLUGIN = '''
from dataclasses import dataclass, replace

import equipoise
from equipoise.algorithms.gan import GAN
from equipoise.losses import hinge_discriminator_loss, hinge_generator_loss
from equipoise.recipes.digits import gan_digits


@dataclass(frozen=True, kw_only=True)
class MyGAN(GAN):
    """A field more."""

    strength: float = 1.0


def recipe():
    """My GAN."""
    return replace(gan_digits(), algorithm=MyGAN(loss="my-hinge", iterations=2))


loss = equipoise.AdversarialLoss(hinge_discriminator_loss, lambda real, fake: hinge_generator_loss(fake), False)
equipoise.register(
    loss=equipoise.Entry("my-hinge", "Hinge again", loss),
    algorithm=equipoise.Entry("my-gan", "GAN again", MyGAN),
    recipe=equipoise.Entry("my-digits", "My GAN on digits", recipe),
)
'''
Several = Callable[..., tuple[str, str]]
QUICK = ["--device", "cpu", "--threads", "1", "--quiet"]


@pytest.fixture(scope="module")
def several(start: Callable[..., Any]) -> Several:
    """several(folder, *commands): what they print and say there, one after the other, in a process of their own."""

    def carry_out(folder: Path, *commands: list[str]) -> tuple[str, str]:
        with chdir(folder):
            process = start(json.dumps(commands), module="tests.cli.several")
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return output, errors

    return carry_out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, several: Several) -> Path:
    """A folder with the plug-in, a run that was trained with it from a YAML file that names its kinds, and its losses
    as they were listed.
    """
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "mine.py").write_text(PLUGIN)
    with_it = ["--plugin", "mine.py"]
    shown, errors = several(folder, ["show", "my-digits", *with_it])
    yaml, code = shown.rstrip("\n").rsplit("\n", 1)
    assert code == "[0]", errors
    assert "kind: my-gan" in yaml
    assert "loss: my-hinge" in yaml
    (folder / "mine.yaml").write_text(yaml)
    train = [*with_it, "train", "mine.yaml", "--out", "run", *QUICK]
    output, errors = several(folder, train, [*with_it, "resume", "run"], ["list", "losses", "--plugin=mine.py"])
    assert output.splitlines()[-1] == "[0, 0, 0]", errors
    (folder / "losses.txt").write_text(output)
    return folder


def test_what_a_plugin_brings_is_listed_and_recorded_and_leaves_no_files_behind(folder: Path) -> None:
    assert re.search(r"^  my-hinge +Hinge again$", (folder / "losses.txt").read_text(), re.MULTILINE)
    session = json.loads((folder / "run" / "environment.json").read_text())["sessions"][0]
    (record,) = session["plugins"]
    assert record["name"] == "mine.py"
    assert len(record["sha256"]) == 64
    assert not (folder / "__pycache__").exists()


def test_without_the_plugin_its_run_asks_for_it_and_a_changed_one_is_told(folder: Path, several: Several) -> None:
    other = folder / "other"
    other.mkdir()
    (other / "mine.py").write_text(PLUGIN + "\n# changed\n")
    commands = [["resume", "run"], ["sample", "run", "--out", "x.png"], ["evaluate", "run"], ["show", "mine.yaml"]]
    output, errors = several(folder, *commands, ["--plugin", "other/mine.py", "resume", "run", "--quiet"])
    assert output.splitlines()[-1] == "[2, 2, 2, 2, 0]", errors
    *asked, unknown, changed = errors.splitlines()
    assert len(asked) == 3
    assert all("was trained with the plug-in mine.py: add --plugin mine.py" in line for line in asked)
    assert "unknown algorithm 'my-gan'" in unknown
    assert "the plug-in mine.py is no longer the file that the run began with" in changed


@pytest.mark.parametrize("way", ["forkserver", "spawn", pytest.param("ray", marks=pytest.mark.slow)])
def test_workers_of_a_study_have_the_plugins_of_their_starter(
    folder: Path, way: str, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "ray":
        pytest.importorskip("ray", reason="Ray is not installed: pip install 'equipoise[ray]'")
    monkeypatch.chdir(folder)
    process = start(way, module="tests.cli.plugin_jobs", PYTHONPATH=str(Path(__file__).parents[2]))
    output, errors = process.communicate(timeout=600)
    assert output == "True\n", errors


def test_what_cannot_be_loaded_is_one_sentence_with_the_line(tmp_path: Path, several: Several) -> None:
    files = {
        "syntax.py": ("x = 1\ny = (", "the plug-in syntax.py in line 2 is not valid Python: '(' was never closed."),
        "fails.py": ("\n\n1 / 0\n", "the plug-in fails.py in line 3 fails: ZeroDivisionError: division by zero."),
        "leaves.py": ("import sys\nsys.exit(3)\n", "the plug-in leaves.py in line 2 fails: SystemExit: 3."),
        "bytes.py": ("x = '\xff'", "the plug-in bytes.py"),
        "taken.py": (
            "import equipoise\nequipoise.register(recipe=equipoise.Entry('mine', 'm', dict))\n"
            "equipoise.register(loss=equipoise.Entry('hinge', 'again', 1))\n",
            "the plug-in taken.py in line 3 fails: the loss 'hinge' already exists; choose another name.",
        ),
    }
    for name, (source, _) in files.items():
        (tmp_path / name).write_bytes(source.encode("latin-1"))
    commands = [["--plugin", name, "list"] for name in [*files, "none.py", "."]]
    output, errors = several(tmp_path, *commands, ["--plugin"], ["show", "mine"], ["--plugin", "taken.py", "trian"])
    assert output == f"{[2] * (len(commands) + 3)}\n"
    told = errors.splitlines()
    assert len(told) == len(commands) + 3
    assert all(sentence in line for line, (_, sentence) in zip(told, files.values(), strict=False))
    assert "none.py cannot be read: No such file or directory." in told[5]
    assert ". is a folder, not a regular file" in told[6]
    assert "--plugin needs a file" in told[7]
    assert "unknown recipe 'mine'" in told[8]
