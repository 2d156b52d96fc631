"""Properties of the losses on raw scores."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise import losses
from equipoise.losses.adversarial import softplus

DISCRIMINATOR = [
    losses.minimax_discriminator_loss,
    losses.hinge_discriminator_loss,
    losses.wasserstein_discriminator_loss,
    losses.least_squares_discriminator_loss,
]
GENERATOR = [
    losses.minimax_generator_loss,
    losses.non_saturating_generator_loss,
    losses.hinge_generator_loss,
    losses.wasserstein_generator_loss,
    losses.least_squares_generator_loss,
]
RELATIVISTIC = [losses.relativistic_discriminator_loss, losses.relativistic_generator_loss]
scores = st.lists(st.floats(-50, 50), min_size=1, max_size=8).map(lambda v: torch.tensor(v, dtype=torch.float64))


@pytest.mark.parametrize("loss", DISCRIMINATOR)
@given(real=scores, seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_real_and_fake_may_be_permuted_apart(loss, real, seed):
    generator = torch.Generator().manual_seed(seed)
    fake = torch.randn(real.shape, generator=generator, dtype=torch.float64)
    order = torch.randperm(len(real), generator=generator)
    torch.testing.assert_close(loss(real[order], fake), loss(real, fake), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("loss", [*DISCRIMINATOR, *RELATIVISTIC])
@pytest.mark.parametrize("size", [1e4, -1e4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_huge_scores_have_finite_losses_and_gradients(loss, size, dtype):
    real = torch.full((3,), size, dtype=dtype, requires_grad=True)
    fake = torch.full((3,), -size, dtype=dtype, requires_grad=True)
    value = loss(real, fake)
    gradients = torch.autograd.grad(value, (real, fake))
    assert torch.isfinite(value)
    assert all(torch.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize("loss", GENERATOR)
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_huge_scores_have_finite_generator_gradients(loss, size):
    fake = torch.full((3,), size, requires_grad=True)
    value = loss(fake)
    (gradient,) = torch.autograd.grad(value, fake)
    assert torch.isfinite(value)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("loss", [f for f in GENERATOR if f is not losses.least_squares_generator_loss])
@given(fake=scores, step=st.floats(0.01, 5))
@settings(max_examples=25, deadline=None)
def test_a_generator_gains_by_higher_scores(loss, fake, step):
    assert loss(fake + step) <= loss(fake)


def test_the_minimax_game_is_zero_sum_in_the_generators_part():
    fake = torch.randn(5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    real = torch.zeros(5, dtype=torch.float64)
    (against,) = torch.autograd.grad(losses.minimax_discriminator_loss(real, fake), fake)
    (towards,) = torch.autograd.grad(losses.minimax_generator_loss(fake), fake)
    torch.testing.assert_close(towards, -against)


def test_the_hinge_stops_at_the_margin():
    real = torch.tensor([1.0, 3.0, 0.5], requires_grad=True)
    fake = torch.tensor([-1.0, -3.0, 0.5], requires_grad=True)
    on_real, on_fake = torch.autograd.grad(losses.hinge_discriminator_loss(real, fake), (real, fake))
    assert on_real.tolist() == pytest.approx([0, 0, -1 / 3])
    assert on_fake.tolist() == pytest.approx([0, 0, 1 / 3])


@pytest.mark.parametrize("loss", [losses.wasserstein_discriminator_loss, *RELATIVISTIC])
@given(real=scores, shift=st.floats(-100, 100))
@settings(max_examples=25, deadline=None)
def test_wasserstein_and_relativistic_losses_do_not_see_a_shift(loss, real, shift):
    fake = real.flip(0) * 0.5
    torch.testing.assert_close(loss(real + shift, fake + shift), loss(real, fake), rtol=0, atol=1e-11)


def test_the_relativistic_players_exchange_their_sides():
    real, fake = torch.randn(2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).unbind()
    mine, theirs = RELATIVISTIC
    assert torch.equal(mine(real, fake), theirs(fake, real))
    assert not torch.allclose(mine(real, fake.flip(0)), mine(real, fake))  # the order makes the pairs


@given(st.floats(0.1, 10))
@settings(max_examples=20, deadline=None)
def test_wasserstein_scales_with_its_scores(scale):
    real, fake = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([-1.0, 0.5], dtype=torch.float64)
    scaled = losses.wasserstein_discriminator_loss(scale * real, scale * fake)
    torch.testing.assert_close(scaled, scale * losses.wasserstein_discriminator_loss(real, fake))


def test_a_map_of_scores_is_the_mean_over_its_positions():
    generator = torch.Generator().manual_seed(1)
    real, fake = (torch.randn(3, 4, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    whole = losses.hinge_discriminator_loss(real, fake)
    parts = [losses.hinge_discriminator_loss(real[:, i, j], fake[:, i, j]) for i in range(4) for j in range(4)]
    torch.testing.assert_close(whole, torch.stack(parts).mean())


def test_softplus_keeps_its_digits_where_torchs_turns_linear():
    value = torch.tensor(21.0, dtype=torch.float64)
    assert (softplus(value) - 21).item() == pytest.approx(7.582560422e-10, rel=1e-4)
    assert (torch.nn.functional.softplus(value) - 21).item() == 0
