"""The README's library example runs as it stands, and its commands exist."""

import re
from pathlib import Path

import torch

from equipoise.cli.catalogue import COMMANDS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_library_example_runs_and_gives_gradients() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    names: dict[str, object] = {}
    torch.manual_seed(0)
    exec(code, names)
    for player in ("generator", "discriminator"):
        module = names[player]
        assert isinstance(module, torch.nn.Module)
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())


def test_every_command_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"equipoise ([a-z]+)", README))
    assert named >= {"list", "train", "resume", "sample", "evaluate", "demo"}
    assert named <= set(COMMANDS)
