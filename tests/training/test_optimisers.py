"""Every optimiser refuses in its own words what torch's refuses, and more: a field that cannot work never trains."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.experiments.config import from_plain, to_plain
from equipoise.recipes.catalogue import recipe
from equipoise.training.optimisers import SGD, Adam, Adamax, Optimiser, RMSprop
from equipoise.training.schedules import Cosine, Halving, LinearDecay

NO_SHARES = (-0.5, 1.0, 2.0, math.inf, math.nan)
NO_BETAS = [betas for share in NO_SHARES for betas in ((share, 0.9), (0.9, share))] + [(), (0.9,), (0.5, 0.9, 0.9)]
BAD: list[tuple[type[Any], str, Any]] = [
    *((kind, "lr", lr) for kind in (Adam, Adamax, RMSprop, SGD) for lr in (-1e-3, 0.0, math.inf, math.nan)),
    *((kind, "eps", eps) for kind in (Adam, Adamax, RMSprop) for eps in (-1e-8, 0.0, 1e-300, math.inf, math.nan)),
    *((kind, "betas", betas) for kind in (Adam, Adamax) for betas in NO_BETAS),
    *((RMSprop, "alpha", alpha) for alpha in NO_SHARES),
    *((SGD, "momentum", momentum) for momentum in NO_SHARES),
]


@pytest.mark.parametrize(("kind", "field", "value"), BAD)
def test_a_field_that_cannot_work_is_refused_by_name(kind: type[Any], field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^(both )?{field} must be .*\.$"):
        kind(**({"lr": 1e-3} | {field: value}))


@pytest.mark.parametrize(
    "settings",
    [
        Adam(lr=1e-3, betas=(0.0, 0.0), eps=1e-30),
        Adamax(lr=9.0, betas=(0.99, 0.0)),
        RMSprop(lr=1e-3, alpha=0.0),
        SGD(lr=1),
    ],
)
def test_what_is_accepted_torch_takes(settings: Optimiser) -> None:
    assert settings.build([torch.nn.Parameter(torch.ones(2))]).param_groups[0]["lr"] == settings.lr


@pytest.mark.parametrize(
    "make",
    [
        lambda: LinearDecay(end=0),
        lambda: LinearDecay(5, 5),
        lambda: Halving(0),
        lambda: Halving(9, 1.5),
        lambda: Halving(9, -0.1),
        lambda: Cosine(0),
        lambda: Cosine(9, last=-0.1),
    ],
)
def test_a_schedule_that_cannot_work_is_refused(make: Any) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()


@pytest.mark.parametrize("settings", [Adam(lr=1e-3), Adamax(lr=1e-3), RMSprop(lr=1e-3), SGD(lr=1e-3)])
def test_a_step_is_not_recorded_for_the_profiler(settings: Any) -> None:
    parameter = nn.Parameter(torch.ones(3))
    parameter.grad = torch.ones(3)
    optimiser = settings.build([parameter])
    optimiser.step()
    with torch.profiler.profile() as trace:
        optimiser.step()
    names = {event.key for event in trace.key_averages()}
    assert any(name.startswith("aten::") for name in names)
    assert [name for name in names if name.startswith("Optimizer.step")] == []


def test_a_configuration_says_where() -> None:
    plain = to_plain(recipe("magan-digits"))
    plain["players"]["discriminator"]["optimiser"]["betas"] = [-0.5, 2.0]
    with pytest.raises(EquipoiseError, match=r"^players.discriminator.optimiser: both betas must be .* got -0.5\.$"):
        from_plain(plain)


def test_no_training_and_no_judge_import_what_they_do_not_need(tmp_path: Path) -> None:
    """The compiler of torch takes about as long as torch itself; pages are drawn when the training is over."""
    code = (
        "import argparse, sys, torch\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from equipoise.experiments.experiment import with_length\n"
        "from equipoise.recipes.catalogue import recipe\n"
        "from equipoise.runs.train import resume, train\n"
        "from equipoise.evaluation.classifier_network import ClassifierRecipe, fresh_network\n"
        "fresh_network((1, 8, 8), 10, ClassifierRecipe(), 'cpu')\n"
        "from equipoise.cli.settings import add_settings, settings_of\n"
        "parser = argparse.ArgumentParser()\n"
        "add_settings(parser)\n"
        "given = parser.parse_args(['--device', 'cpu', '--threads', '1', '--quiet'])\n"
        "settings = replace(settings_of(given), page=None)\n"
        "for name, budget in {'gan-digits': 'paper', 'magan-digits': 'paper', 'dcgan-celeba-100': 'smoke'}.items():\n"
        "    run = train(with_length(recipe(name, budget), iterations=2), Path(sys.argv[1]) / name, settings)\n"
        "    resume(run.path, settings)\n"
        "needless = {'torch._dynamo', 'sympy', 'jinja2', 'equipoise.reports.pages'}\n"
        "assert not needless & set(sys.modules), needless & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=300)
