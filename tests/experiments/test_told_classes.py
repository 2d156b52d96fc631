"""Classes are told to algorithms that use them; with another one a generator would not learn to obey them."""

from dataclasses import replace

import pytest

from equipoise.common.errors import EquipoiseError
from equipoise.experiments.build import build_game
from equipoise.recipes.catalogue import recipe
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.draw import Latent


@pytest.mark.parametrize("name", ["gan-digits", "gmmn-digits", "magan-digits"])
def test_an_algorithm_that_does_not_use_classes_is_refused(name: str) -> None:
    experiment = replace(recipe(name), latent=Latent(26, classes=10))
    with pytest.raises(EquipoiseError, match=r"does not tell its players classes.*relativistic-gan or mmd-gan"):
        build_game(experiment, experiment.data.load(None, 0))


@pytest.mark.parametrize("name", ["mmd-classes", "relativistic-classes", "r3gan"])
def test_one_that_does_gets_them(name: str) -> None:
    experiment = TOY_EXPERIMENTS[name]()
    game = build_game(experiment, experiment.data.load(None, 0))
    assert game.labels is not None
    assert len(game.labels) == len(game.source)


def test_another_number_of_classes_than_the_datas_is_refused() -> None:
    experiment = replace(recipe("mmd-rep-digits"), latent=Latent(26, classes=4))
    with pytest.raises(EquipoiseError, match=r"latent.classes is 4, and digits has 10 classes"):
        build_game(experiment, experiment.data.load(None, 0))


def test_why_the_data_have_no_classes_is_told() -> None:
    experiment = replace(recipe("mmd-rep-digits"), latent=Latent(26, classes=4))
    store = replace(experiment.data.load(None, 0), labels=None, classes=0, unlabelled="a picture lies beside; move it")
    with pytest.raises(EquipoiseError, match=r"and digits has no classes: a picture lies beside; move it\.$"):
        build_game(experiment, store)
