"""The local gradient amplifier: the sign table, the dead ends of the printed formula, and the amplifier "margin"."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.losses import hinge_generator_loss, spatial_generator_loss

SCORES = [-3.0, -1.0, -0.5, -0.1, 0.1, 0.5, 1.0, 2.0]
DESCENT = {
    "literal": [-3.0, -1.0, -0.5, -0.1, 0.1, 0.5, 1.0, 1.0],
    "magnitude": [3.0, 1.0, 0.5, 0.1, 0.1, 0.5, 1.0, 1.0],
    "zero": [3.0, 1.0, 0.5, 0.1, 0.0, 0.0, 0.0, 0.0],
    "zero-literal": [-3.0, -1.0, -0.5, -0.1, 0.0, 0.0, 0.0, 0.0],
    "margin": [5.0, 3.0, 2.5, 2.1, 1.9, 1.5, 1.0, 1.0],
}


def descent(scores, amplifier):
    """The direction in which gradient descent moves each score, times the number of positions."""
    score_map = torch.tensor(scores, dtype=torch.float64).reshape(1, 1, -1).requires_grad_()
    (gradient,) = torch.autograd.grad(spatial_generator_loss(score_map, amplifier), score_map)
    return (-gradient * len(scores)).flatten()


@pytest.mark.parametrize("amplifier", DESCENT)
def test_the_sign_table(amplifier):
    torch.testing.assert_close(descent(SCORES, amplifier), torch.tensor(DESCENT[amplifier], dtype=torch.float64))


@pytest.mark.parametrize("amplifier", ["literal", "zero-literal"])
def test_the_printed_formula_makes_unrealistic_positions_worse(amplifier):
    moves = descent(SCORES, amplifier)
    assert all(move < 0 for score, move in zip(SCORES, moves, strict=True) if score < 0)


def test_not_detaching_the_amplification_would_not_repair_the_sign():
    score_map = torch.tensor([-2.0, -0.5], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(-(score_map * score_map.clamp(max=1)).sum(), score_map)
    assert (-gradient).tolist() == [-4.0, -1.0]


@pytest.mark.parametrize("amplifier", ["magnitude", "zero", "margin"])
@given(scores=st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=9))
@settings(max_examples=40, deadline=None)
def test_a_repaired_amplifier_never_lowers_a_score(amplifier, scores):
    assert (descent(scores, amplifier) >= 0).all()


@pytest.mark.parametrize("amplifier", ["literal", "zero-literal"])
def test_descent_on_a_free_map_lowers_or_raises_its_worst_scores(amplifier):
    repaired = {"literal": "magnitude", "zero-literal": "zero"}[amplifier]
    start = torch.linspace(-2, -0.2, 16, dtype=torch.float64).reshape(1, 4, 4)
    ends = {}
    for name in (amplifier, repaired):
        score_map = start.clone().requires_grad_()
        for _ in range(20):
            (gradient,) = torch.autograd.grad(spatial_generator_loss(score_map, name), score_map)
            score_map = (score_map - gradient).detach().requires_grad_()
        ends[name] = score_map.mean()
    assert ends[amplifier] < start.mean() < ends[repaired]


@given(first=st.floats(-100, 100), second=st.floats(-100, 100))
@settings(max_examples=60, deadline=None)
def test_margin_amplifies_more_the_worse_a_position_and_never_attenuates(first, second):
    worse, better = sorted((first, second))
    strong, weak = descent([worse, better], "margin").tolist()
    assert strong >= weak >= 1
    assert strong - weak <= (better - worse) * (1 + 1e-12) + 1e-12  # continuous: its slope is at most 1


def test_margin_is_the_hinge_generator_plus_half_the_squared_shortfall():
    score_map = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    objective = (-score_map + (1 - score_map).relu().square() / 2).mean()
    (expected,) = torch.autograd.grad(objective, score_map)
    (found,) = torch.autograd.grad(spatial_generator_loss(score_map, "margin"), score_map)
    torch.testing.assert_close(found, expected, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("amplifier", ["magnitude", "literal", "margin"])
def test_one_position_at_the_margin_is_the_hinge_generator(amplifier):
    score_map = torch.tensor([1.0, 1.5, 7.0]).reshape(3, 1, 1)
    assert spatial_generator_loss(score_map, amplifier) == hinge_generator_loss(score_map)


def test_the_amplification_carries_no_gradient():
    score_map = torch.full((1, 1, 1), -2.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(spatial_generator_loss(score_map), score_map)
    assert gradient.item() == -2.0  # with a gradient through A it would be -4


def test_it_takes_maps_only():
    with pytest.raises(ValueError, match=r"score_map must have shape \[batch, n, n\] .* got \(4,\)"):
        spatial_generator_loss(torch.zeros(4))
