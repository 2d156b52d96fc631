"""MAGAN on discrete distributions against plain loops, a grid search and the library's own margin rule."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from equipoise import losses
from equipoise.simulations.discrete_magan import (
    Dynamics,
    Trace,
    adapted_margin,
    expected_energy,
    follow,
    generator_step,
    optimal_energies,
    project_to_simplex,
    random_distributions,
    total_variation,
)
from equipoise.simulations.discrete_magan_lemmas import counter_examples, identities, lemma_3_2_violations


def row(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64)


def pairs(runs: int, atoms: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return random_distributions(runs, atoms, generator), random_distributions(runs, atoms, generator)


def projected(point: np.ndarray) -> np.ndarray:
    """The projection on the simplex by bisection of its shift, without sorting."""
    low, high = point.min() - 1, point.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(point - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(point - high, 0)


def test_the_optimal_energies_minimise_the_discriminators_loss_at_every_atom() -> None:
    p, q = pairs(20, 6)
    margin, grid = 2.0, torch.linspace(0, 3, 301, dtype=torch.float64)
    losses_on_grid = p[..., None] * grid + q[..., None] * (margin - grid).clamp(min=0)
    torch.testing.assert_close(optimal_energies(p, q, margin), grid[losses_on_grid.argmin(-1)])


def test_a_tie_has_no_energy() -> None:
    assert optimal_energies(row(0.5, 0.5), row(0.5, 0.5), 3.0).tolist() == [[0, 0]]


@given(seed=st.integers(0, 10**6), atoms=st.integers(2, 30), margin=st.floats(0.01, 100))
@settings(max_examples=50, deadline=None)
def test_the_energy_gap_is_the_margin_times_the_total_variation(seed: int, atoms: int, margin: float) -> None:
    """Eq. 13 and Lemma 3.1, the distance as the largest difference over all events."""
    p, q = pairs(1, atoms, seed)
    energies = optimal_energies(p, q, margin)
    real, fake = float(expected_energy(p, energies)), float(expected_energy(q, energies))
    largest = sum(max(b - a, 0.0) for a, b in zip(p[0].tolist(), q[0].tolist(), strict=True))
    assert fake - real == pytest.approx(margin * largest, abs=1e-12 * margin)
    assert float(total_variation(p, q)) == pytest.approx(largest, abs=1e-14)
    assert real <= fake <= margin * (1 + 1e-12)
    assert real < margin


@given(arrays(np.float64, st.integers(1, 8), elements=st.floats(-5, 5)))
@settings(max_examples=100, deadline=None)
def test_the_projection_is_that_of_a_bisection_and_leaves_probabilities_alone(values: np.ndarray) -> None:
    point = project_to_simplex(torch.from_numpy(values))
    np.testing.assert_allclose(point.numpy(), projected(values), atol=1e-12)
    assert float(point.sum()) == pytest.approx(1, abs=1e-12)
    torch.testing.assert_close(project_to_simplex(point), point, atol=1e-14, rtol=0)


def test_the_generator_follows_the_gradient_of_its_energy() -> None:
    p, q = pairs(3, 5)
    energies = optimal_energies(p, q, 1.5)
    free = q.clone().requires_grad_(True)
    expected_energy(free, energies).sum().backward()
    assert free.grad is not None
    for i in range(3):
        expected = projected((q[i] - 0.1 * free.grad[i]).numpy())
        np.testing.assert_allclose(generator_step(q, energies, 0.1)[i].numpy(), expected, atol=1e-13)


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, float("inf")]), min_size=4, max_size=4))
@settings(max_examples=100, deadline=None)
def test_the_margin_rule_is_the_librarys(values: list[float]) -> None:
    finite = [min(value, 3.0) for value in values[:3]]
    arguments = [torch.tensor(value, dtype=torch.float64) for value in (*finite, values[3])]
    assert float(adapted_margin(*(value[None] for value in arguments))) == float(losses.adapted_margin(*arguments))


@pytest.mark.parametrize("adaptive", [True, False])
def test_following_is_a_plain_loop(adaptive: bool) -> None:
    p, q = pairs(3, 4, seed=5)
    dynamics = Dynamics(step_size=0.05, epoch_steps=7, epochs=12, adaptive=adaptive, first_margin=1.5)
    trace = follow(p, q, dynamics)
    for run in range(3):
        distances, margins = plain_loop(p[run].numpy(), q[run].numpy(), dynamics)
        np.testing.assert_allclose(trace.distances[run], distances, atol=1e-12)
        np.testing.assert_allclose(trace.margins[run], margins, atol=1e-12)
    assert bool(trace.updates(1.5).any()) == adaptive


def plain_loop(p: np.ndarray, q: np.ndarray, dynamics: Dynamics) -> tuple[list[float], list[float]]:
    margin, before = dynamics.first_margin, float("inf")
    distances, margins = [], []
    for _ in range(dynamics.epochs):
        real = fake = 0.0
        for _ in range(dynamics.epoch_steps):
            energies = np.array([margin if a < b else 0.0 for a, b in zip(p, q, strict=True)])
            real, fake = real + p @ energies, fake + q @ energies
            q = projected(q - dynamics.step_size * energies)
        real, fake = real / dynamics.epoch_steps, fake / dynamics.epoch_steps
        if dynamics.adaptive and real < margin and real < fake and before <= fake:
            margin = real
        before = fake
        distances.append(np.abs(p - q).sum() / 2)
        margins.append(margin)
    return distances, margins


def test_a_fixed_margin_stalls_at_the_size_of_a_step_where_magan_goes_on() -> None:
    p, q = pairs(20, 10)
    fixed = {
        size: follow(p, q, Dynamics(size, epoch_steps=20, epochs=120, adaptive=False)).distances[:, -1].median()
        for size in (0.01, 0.1)
    }
    assert float(fixed[0.01]) == pytest.approx(0.012, abs=0.003)
    assert float(fixed[0.1]) == pytest.approx(0.125, abs=0.02)
    adaptive = follow(p, q, Dynamics(0.01, epoch_steps=20, epochs=120))
    assert adaptive.distances[:, -1].max() < 1e-12
    assert 30 <= float(adaptive.updates(1.0).double().median()) <= 60
    assert (adaptive.margins.diff(dim=1) <= 0).all()
    assert not adaptive.stopped().any()


def test_a_margin_that_may_change_at_every_step_freezes_early() -> None:
    """Proposition 2 needs energies averaged over an epoch."""
    p, q = pairs(20, 5)
    adaptive, fixed = (
        follow(p, q, Dynamics(0.01, epoch_steps=1, epochs=1500, adaptive=adaptive)) for adaptive in (True, False)
    )
    assert float(adaptive.distances[:, -1].median()) > 0.2
    assert float(fixed.distances[:, -1].median()) < 0.01
    assert float(adaptive.margins[:, -1].max()) < 1e-3


def test_the_lemmas_hold_where_they_hold_and_fail_where_they_fail() -> None:
    p, q = pairs(300, 10)
    found = identities(p, q, margin=2.0)
    assert found["largest_error_of_eq_13"] < 1e-14
    assert found["violations_of_lemma_3_1"] == found["violations_of_lemma_3_3"] == 0
    for counted in lemma_3_2_violations(p, q):
        assert counted["raised_with_s1_kept"] == 0
        assert counted["raised_with_s1_changed"] > 0
        assert counted["pairs_with_s1_kept"] + counted["pairs_with_s1_changed"] == 300


def test_the_counter_examples_are_those_numbers() -> None:
    examples = counter_examples()
    assert list(examples["lemma_3_2"].values()) == pytest.approx([0.6, 0.3, 0.7])
    assert examples["disjoint_supports"]["stopped"]
    assert examples["disjoint_supports"]["margins"] == [1, 0, 0, 0, 0]
    assert examples["disjoint_supports"]["final_distance"] == 1


def test_updates_are_counted_from_the_first_margin() -> None:
    trace = Trace(torch.zeros(2, 3), torch.tensor([[1.0, 0.5, 0.5], [0.9, 0.8, 0.0]]))
    assert trace.updates(1.0).tolist() == [1, 3]
    assert trace.stopped().tolist() == [False, True]


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="step_size must be a finite number above 0, got 0"):
        Dynamics(step_size=0.0)
    with pytest.raises(ValueError, match="q must have the shape of p"):
        optimal_energies(row(0.5, 0.5), row(0.2, 0.3, 0.5), 1.0)
