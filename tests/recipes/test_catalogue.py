"""The catalogue: every name resolves at every budget, survives YAML, and says the same thing everywhere."""

import subprocess
import sys
from collections import Counter
from dataclasses import fields
from functools import partial

import pytest

from equipoise.common.errors import UnknownName
from equipoise.data.noise import Noise
from equipoise.experiments.config import from_yaml, to_yaml
from equipoise.recipes.catalogue import BUDGETS, RECIPES, recipe

pytestmark = pytest.mark.lengthy


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_yaml_at_every_budget(name: str, budget: str) -> None:
    experiment = recipe(name, budget)
    assert experiment.name == (name if budget == "paper" else f"{name}-{budget}")
    text = to_yaml(experiment)
    read = from_yaml(text)
    assert to_yaml(read) == text
    same = [field.name for field in fields(experiment) if field.name != "players"]
    assert [getattr(read, name) for name in same] == [getattr(experiment, name) for name in same]


def test_recipes_without_arguments_are_summed_up_by_their_docstring() -> None:
    checked = 0
    for name, entry in RECIPES.items():
        loaded = RECIPES.load(name)
        found, arguments = (loaded.func, loaded.keywords) if isinstance(loaded, partial) else (loaded, {})
        assert (found.__doc__ or "").strip(), name
        if not arguments:
            first = found.__doc__.strip().splitlines()[0]
            assert first.startswith(entry.summary.split(" (")[0].split(",")[0]), name
            checked += 1
    assert checked > 10


def test_summaries_are_one_line_and_tell_recipes_apart() -> None:
    summaries = Counter(entry.summary for entry in RECIPES.values())
    assert [summary for summary, count in summaries.items() if count > 1] == []
    assert all("\n" not in summary and 0 < len(summary) <= 120 for summary in summaries)


def test_the_rows_of_the_papers_are_all_there() -> None:
    data = ("cifar10", "stl10", "celeba", "lsun")
    lga = ("geogan", "wgan-gp", "hinge-gp", "lga4", "zero-lga4", "lga8")
    mmd = ("non-saturating", "hinge", "mmd-rbf", "mmd-rq", "mmd-rbf-b", "mmd-rep", "mmd-rep-b")
    wanted = {f"{method}-{place}" for method in lga + mmd for place in data}
    wanted |= {f"{method}-{place}" for method in ("sngan", "sngan-lga4") for place in ("cifar10", "stl10")}
    wanted |= {
        f"{method}-{place}" for method in ("magan", "ebgan", "began") for place in ("mnist", "cifar10", "celeba")
    }
    wanted |= {f"{m}-compositional-mnist-{n}" for m in ("dcgan", "reg-dcgan") for n in (1, 2, 3, 4)}
    wanted |= {f"{method}-celeba-{size}" for method in ("dcgan", "reg-dcgan", "mdgan") for size in (100, 200)}
    wanted |= {"gan-ring", "reg-gan-ring", "mdgan-ring", "vaegan-celeba-128", "reg-dcgan-stacked-mnist"}
    wanted |= {f"mmd-rep-cifar10-features-{size}" for size in (1, 4, 16, 64, 256)}
    wanted |= {f"mmd-rep-cifar10-pico-{gain}" for gain in (16, 32, 64, 128, 256)} | {"mmd-rep-cifar10-pim"}
    assert wanted - set(RECIPES) == set()


def test_unknown_names_are_told_the_nearest_one() -> None:
    with pytest.raises(UnknownName, match="mmd-rep-b-cifar10"):
        recipe("mmd-rep-b-cifar1O")
    with pytest.raises(UnknownName, match="smoke"):
        recipe("gan-ring", "smok")


def test_listing_recipes_imports_no_torch() -> None:
    code = "import sys; from equipoise.recipes.catalogue import RECIPES; assert RECIPES; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_smoke_budget_needs_no_files() -> None:
    for name in RECIPES:
        data = recipe(name, "smoke").data
        assert isinstance(data, Noise) or data.name in ("ring", "grid"), name
