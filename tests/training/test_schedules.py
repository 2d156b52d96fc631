"""Courses of what is not a learning rate: beta2, gamma and the average's half-life, against R3GAN's formulas."""

import math
from dataclasses import replace

import pytest
import torch

from equipoise.algorithms.relativistic import RelativisticGAN
from equipoise.experiments.build import build_game, build_state
from equipoise.recipes.catalogue import recipe
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training import graphs
from equipoise.training.average import Average
from equipoise.training.loop import Loop
from equipoise.training.optimisers import Adam
from equipoise.training.schedules import Cosine


def published(now: float, total: float, first: float, last: float) -> float:
    """The authors' function of the images so far."""
    return last if now > total else first + (1 - 0.5 * (1 + math.cos(math.pi * now / total))) * (last - first)


@pytest.mark.parametrize("iteration", [0, 1, 37, 99, 100, 101, 5000])
def test_each_course_is_that_of_the_code(iteration: int) -> None:
    adam = Adam(lr=1.0, betas=(0.0, 0.9), beta2_schedule=Cosine(100, last=0.1))
    assert adam.betas_at(iteration) == pytest.approx((0.0, published(iteration, 100, 0.9, 0.99)), abs=1e-12)
    average = Average(5e6, schedule=Cosine(100, 0.0, 1.0))
    half_life = published(iteration, 100, 0.0, 5e6)
    assert average.decay(512, iteration) == pytest.approx(0.5 ** (512 / max(half_life, 1e-8)), abs=1e-12)
    assert Cosine(100, last=0.25).factor(iteration) == pytest.approx(published(iteration, 100, 1, 0.25), abs=1e-12)


def test_a_cosine_in_a_longer_run() -> None:
    assert Cosine(40, 0.0, 2.0).stretched(2.5) == Cosine(100, 0.0, 2.0)
    assert [Cosine(40).ends_by(iteration) for iteration in (39, 40)] == [False, True]


def test_the_loop_sets_beta2_in_every_iteration() -> None:
    experiment = TOY_EXPERIMENTS["r3gan"]()
    game = build_game(experiment, experiment.data.load())
    loop, seen = Loop(game, build_state(experiment, game, torch.device("cpu"))), []
    while not loop.finished:
        loop.iterate()
        seen.append(loop.state.optimisers["generator"].param_groups[0]["betas"][1])
    assert seen == pytest.approx([published(iteration, 4, 0.9, 0.99) for iteration in range(5)])


@pytest.mark.parametrize("what", ["beta2", "gamma"])
def test_a_schedule_cannot_be_recorded_and_it_is_said(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "device_of", lambda state: torch.device("cuda"))
    experiment, course = TOY_EXPERIMENTS["relativistic"](), Cosine(4)
    if what == "beta2":
        adam = Adam(lr=1e-2, beta2_schedule=course)
        players = {name: replace(each, optimiser=adam) for name, each in experiment.players.items()}
        experiment = replace(experiment, players=players)
    if what == "gamma":
        experiment = replace(experiment, algorithm=RelativisticGAN(iterations=5, gamma_schedule=course))
    game = build_game(experiment, experiment.data.load())
    loop = Loop(game, build_state(experiment, game, torch.device("cpu")))
    assert f"cannot hold a {what} that follows a schedule" in str(loop.why_not_record())


def test_a_smaller_budget_keeps_the_courses() -> None:
    whole, short = recipe("r3gan-cifar10"), recipe("r3gan-cifar10", "cpu")
    assert isinstance(whole.algorithm, RelativisticGAN)
    assert isinstance(short.algorithm, RelativisticGAN)
    assert whole.algorithm.iterations is not None
    assert short.algorithm.iterations is not None
    share = short.algorithm.iterations / whole.algorithm.iterations
    end = round(39_062 * share)
    assert short.algorithm.gamma_schedule == Cosine(end, last=0.1)
    assert whole.average is not None
    assert short.average is not None
    images = short.batch_size / whole.batch_size * share
    assert short.average == Average(whole.average.half_life_images * images, schedule=Cosine(end, 0.0, 1.0))
    for player in short.players.values():
        assert player.optimiser.schedule == Cosine(end, last=0.25)
        assert player.optimiser.betas_at(end) == pytest.approx((0.0, 0.99))
