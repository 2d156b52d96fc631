"""Properties of the energy losses, MAGAN's margin rule and BEGAN's balance."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise import losses

energy = st.floats(0, 100)


def number(value):
    return torch.tensor(value, dtype=torch.float64)


@given(margin=energy, epochs=st.lists(st.tuples(energy, energy), max_size=12))
@settings(max_examples=60, deadline=None)
def test_the_margin_never_grows_and_never_moves_after_the_first_epoch(margin, epochs):
    margin, before = number(margin), number(math.inf)
    for position, (real, fake) in enumerate(epochs):
        adapted = losses.adapted_margin(margin, number(real), number(fake), before)
        assert 0 <= adapted <= margin
        if position == 0:
            assert adapted == margin
        margin, before = adapted, number(fake)


@pytest.mark.parametrize(
    ("real", "fake", "before", "expected"),
    [
        (3.0, 4.0, 3.9, 3.0),
        (3.0, 4.0, 4.0, 3.0),  # a tie counts as having stopped: <= as the paper has it
        (3.0, 4.0, 4.1, 5.0),
        (5.0, 6.0, 1.0, 5.0),
        (4.0, 4.0, 1.0, 5.0),
    ],
)
def test_the_margin_rule_at_its_edges(real, fake, before, expected):
    assert losses.adapted_margin(*map(number, (5.0, real, fake, before))) == expected


def test_means_of_unequal_batches_do_not_bias_the_margin():
    batches = [torch.full((64,), 2.0), torch.full((33,), 8.0)]
    true_mean = torch.cat(batches).double().mean()
    mean_of_means = number((2.0 + 8.0) / 2)
    adapted = losses.adapted_margin(number(4.5), true_mean, number(9.0), number(8.0))
    assert adapted == true_mean
    assert losses.adapted_margin(number(4.5), mean_of_means, number(9.0), number(8.0)) == 4.5


def test_a_negative_margin_is_refused():
    with pytest.raises(ValueError, match=r"margin must be a finite number of at least 0, got -1\.0"):
        losses.adapted_margin(*map(number, (-1.0, 1.0, 1.0, 1.0)))


def test_the_margin_takes_no_python_number():
    with pytest.raises(ValueError, match=r"real must be a torch\.Tensor, got float"):
        losses.adapted_margin(number(1.0), 0.5, number(1.0), number(1.0))


def test_the_hinge_is_per_sample():
    margin = 3.0
    fake = number([0.0, 2 * margin])
    loss = losses.energy_discriminator_loss(torch.zeros_like(fake), fake, margin)
    assert loss == margin / 2  # a hinge on the batch's mean would be 0


def test_at_margin_zero_the_fakes_count_for_nothing():
    real, fake = number([1.0, 2.0]).requires_grad_(), number([0.5, 4.0]).requires_grad_()
    loss = losses.energy_discriminator_loss(real, fake, torch.tensor(0.0))
    on_real, on_fake = torch.autograd.grad(loss, (real, fake))
    assert loss == real.mean()
    assert on_real.tolist() == [0.5, 0.5]
    assert on_fake.tolist() == [0.0, 0.0]


@given(first=energy, second=energy)
@settings(max_examples=30, deadline=None)
def test_the_loss_grows_with_the_margin(first, second):
    low, high = sorted((first, second))
    real, fake = number([1.0, 2.0, 3.0]), number([0.5, 10.0, 60.0])
    losses_of = [losses.energy_discriminator_loss(real, fake, margin) for margin in (low, high)]
    assert losses_of[0] <= losses_of[1]


@given(st.floats(0.1, 20))
@settings(max_examples=20, deadline=None)
def test_energies_scale_as_their_kind(scale):
    generator = torch.Generator().manual_seed(0)
    images, others = (torch.randn(4, 3, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    for kind, power in {"squared": 2, "norm": 1, "mean_absolute": 1}.items():
        scaled = losses.reconstruction_energy(scale * images, scale * others, kind)
        torch.testing.assert_close(scaled, scale**power * losses.reconstruction_energy(images, others, kind))


@pytest.mark.parametrize("kind", ["squared", "norm", "mean_absolute"])
def test_a_perfect_reconstruction_has_no_energy_and_a_finite_gradient(kind):
    images = torch.ones(2, 3, requires_grad=True)
    found = losses.reconstruction_energy(images, torch.ones(2, 3), kind)
    (gradient,) = torch.autograd.grad(found.sum(), images)
    assert found.tolist() == [0, 0]
    assert gradient.abs().sum() == 0


def test_the_energys_gradient_reaches_input_and_target():
    images, others = torch.zeros(1, 2, requires_grad=True), torch.ones(1, 2, requires_grad=True)
    on_images, on_others = torch.autograd.grad(losses.reconstruction_energy(images, others).sum(), (images, others))
    assert on_images.tolist() == [[-2, -2]]
    assert on_others.tolist() == [[2, 2]]


@given(st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_pulling_away_sees_directions_only(scale):
    codes = torch.randn(5, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    torch.testing.assert_close(losses.pulling_away(scale * codes), losses.pulling_away(codes))


def test_pulling_away_is_zero_for_orthogonal_and_one_for_parallel_codes():
    assert losses.pulling_away(torch.eye(4)) == 0
    assert losses.pulling_away(torch.tensor([[1.0, 2.0], [-2.0, -4.0]])) == pytest.approx(1)


def test_pulling_away_needs_pairs_and_bears_zeros():
    with pytest.raises(ValueError, match=r"codes must hold at least 2 samples, got shape \(1, 4\)"):
        losses.pulling_away(torch.ones(1, 4))
    codes = torch.zeros(3, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(losses.pulling_away(codes), codes)
    assert torch.isfinite(gradient).all()


def test_one_sided_pulling_away_is_one_for_equal_samples_and_sees_their_lengths():
    assert losses.one_sided_pulling_away(torch.eye(4)) == 0
    assert losses.one_sided_pulling_away(torch.tensor([[1.0, 2.0], [1.0, 2.0]])) == pytest.approx(1)
    assert losses.one_sided_pulling_away(torch.tensor([[1.0, 2.0], [2.0, 4.0]])) == pytest.approx((4 + 1 / 4) / 2)


def test_one_sided_pulling_away_needs_pairs_and_bears_zeros():
    with pytest.raises(ValueError, match=r"samples must hold at least 2 samples, got shape \(1, 4\)"):
        losses.one_sided_pulling_away(torch.ones(1, 4))
    samples = torch.cat([torch.zeros(1, 4), torch.ones(2, 4)]).requires_grad_()
    found = losses.one_sided_pulling_away(samples)
    (gradient,) = torch.autograd.grad(found, samples)
    assert found.item() == pytest.approx(2 / 6)
    assert torch.isfinite(gradient).all()


@given(start=st.floats(0, 1), real=energy, fake=energy, rate=st.floats(0, 10))
@settings(max_examples=40, deadline=None)
def test_the_balance_stays_in_its_range(start, real, fake, rate):
    moved = losses.updated_balance(number(start), number([real]), number([fake]), rate=rate)
    assert 0 <= moved <= 1
    if rate and 0 < moved < 1:
        assert (moved >= start) == (0.5 * real >= fake) or moved == pytest.approx(start)


def test_at_balance_zero_began_trains_on_real_images_only():
    fake = number([3.0, 4.0]).requires_grad_()
    discriminator, generator = losses.boundary_equilibrium_losses(number([1.0, 2.0]), fake, 0.0)
    assert discriminator == 1.5
    assert generator == 3.5
    (gradient,) = torch.autograd.grad(discriminator, fake)
    assert gradient.abs().sum() == 0


def test_the_convergence_measure_is_least_at_the_wanted_ratio():
    real = number([2.0, 4.0])
    found = [losses.convergence_measure(real, number([e, e]), gamma=0.5).item() for e in (1.0, 1.5, 2.0)]
    assert found == [3.5, 3.0, 3.5]


def test_energies_are_one_number_per_image():
    with pytest.raises(ValueError, match=r"real_energy must have shape \[batch\], got shape \(2, 3\)"):
        losses.energy_discriminator_loss(torch.ones(2, 3), torch.ones(2, 3), 1.0)
