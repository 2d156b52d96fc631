"""The regularisers of Reg-GAN with their signs, and MDGAN's losses in terms of probabilities."""

import pytest
import torch

from equipoise import losses


def logits(count=5, seed=0):
    return torch.randn(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).requires_grad_()


def images(seed):
    return torch.randn(5, 2, 3, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_descent_on_the_mode_regulariser_makes_reconstructions_look_more_real():
    scores = logits()
    (gradient,) = torch.autograd.grad(losses.mode_regulariser(scores), scores)
    assert (-gradient > 0).all()


def test_the_printed_sign_would_make_them_look_less_real():
    scores = logits()
    printed = scores.sigmoid().log().mean()  # "+ log D(G(E(x)))" in an objective that is minimised
    (gradient,) = torch.autograd.grad(printed, scores)
    assert (-gradient < 0).all()
    torch.testing.assert_close(losses.mode_regulariser(scores), -printed)


def test_the_generators_loss_is_the_encoders_plus_the_adversarial_one():
    fake, encoded, x, r = logits(seed=1), logits(seed=2), images(3), images(4)
    whole = losses.reg_gan_generator_loss(fake, encoded, x, r, 0.3, 0.7, "sum")
    part = losses.reg_gan_encoder_loss(encoded, x, r, 0.3, 0.7, "sum")
    torch.testing.assert_close(whole - part, losses.non_saturating_generator_loss(fake))


def test_without_weights_only_the_adversarial_loss_is_left():
    fake = logits(seed=1)
    found = losses.reg_gan_generator_loss(fake, logits(), images(3), images(4), 0.0, 0.0)
    torch.testing.assert_close(found, losses.non_saturating_generator_loss(fake))


def test_a_sum_is_a_mean_times_the_pixels():
    x, r = images(0), images(1)
    whole = losses.geometric_regulariser(x, r, "sum")
    torch.testing.assert_close(whole, 18 * losses.geometric_regulariser(x, r, "mean"))


def test_perfect_reconstructions_have_no_distance_and_no_gradient():
    x = images(0).requires_grad_()
    found = losses.geometric_regulariser(x, x.detach())
    (gradient,) = torch.autograd.grad(found, x)
    assert found == 0
    assert gradient.abs().max() == 0


def test_mdgans_losses_in_probabilities():
    first, second = logits(seed=1), logits(seed=2)
    expected = -(first.sigmoid().log().mean() + (1 - second.sigmoid()).log().mean())
    torch.testing.assert_close(losses.manifold_discriminator_loss(first, second), expected)
    torch.testing.assert_close(losses.diffusion_discriminator_loss(first, second), expected)
    torch.testing.assert_close(losses.diffusion_generator_loss(first), -first.sigmoid().log().mean())


def test_the_weight_of_mdgan_sits_on_the_adversarial_term():
    scores, x, r = logits(), images(0), images(1)
    light, heavy = (losses.manifold_generator_loss(scores, x, r, weight) for weight in (0.5, 1.5))
    torch.testing.assert_close(heavy - light, losses.mode_regulariser(scores))
    torch.testing.assert_close(losses.manifold_generator_loss(scores, x, r, 0.0), losses.geometric_regulariser(x, r))


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_huge_scores_have_finite_gradients(size):
    scores = torch.full((3,), size, requires_grad=True)
    (gradient,) = torch.autograd.grad(losses.mode_regulariser(scores), scores)
    assert torch.isfinite(gradient).all()
