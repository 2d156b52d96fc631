"""Penalties on the discriminator's gradient with respect to its input.

Each penalty exists per sample, [batch], and as the mean over the batch; with several processes, gather the former.
What "the gradient" of a vector, of a map and of several maps is, `equipoise.constraints.scored` says. Samples must not
meet inside the discriminator: no batch normalisation.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from equipoise.common.checks import (
    check_at_least,
    check_dimensions,
    check_floating,
    check_not_empty,
    check_same_shape,
    transforms_are_active,
)
from equipoise.common.hidden_dimension import HiddenDimension
from equipoise.common.modules import only_linear
from equipoise.common.precision import widened
from equipoise.constraints.constant_masks import ConstantMasks
from equipoise.constraints.scored import Discriminator, check_batch, check_scored, columns, transformed_gradients


def interpolate(real: Tensor, fake: Tensor, mixing: Tensor) -> Tensor:
    """Points on the lines between real and generated samples: mixing * real + (1 - mixing) * fake.

    Gulrajani et al. 2017, Algorithm 1, line 6.

    Args:
        real: [batch, ...].
        fake: of the same shape.
        mixing: [batch]; between the samples it is in [0, 1].
    """
    for name, value in {"real": real, "fake": fake, "mixing": mixing}.items():
        check_floating(name, value)
    check_same_shape(real=real, fake=fake)
    check_not_empty("real", real)
    if mixing.shape != real.shape[:1]:
        raise ValueError(f"mixing must have shape {tuple(real.shape[:1])}, got {tuple(mixing.shape)}.")
    weights = mixing.reshape(-1, *[1] * (real.ndim - 1))
    return weights * real + (1 - weights) * fake


def gradient_penalty(
    discriminator: Discriminator, points: Tensor, target: float = 1.0, one_sided: bool = False
) -> Tensor:
    """The mean over the batch of `gradient_penalty_per_sample`; 0-dimensional."""
    return gradient_penalty_per_sample(discriminator, points, target, one_sided).mean()


def gradient_penalty_per_sample(
    discriminator: Discriminator, points: Tensor, target: float = 1.0, one_sided: bool = False
) -> Tensor:
    """(||grad D(point)|| - target)^2; one-sided: max(0, ||grad D(point)|| - target)^2. WGAN-GP's, without its weight.

    Gulrajani et al. 2017, Eq. 3; one-sided: Petzka et al. 2018, Eq. 8.

    Args:
        discriminator: points -> scores: [batch], [batch, features], a map or several maps.
        points: [batch, ...], as from `interpolate`; held constant.
        target: at least 0.

    Returns: [batch], differentiable in the discriminator's parameters; a zero gradient has the derivative zero. The
        biases of a piecewise linear discriminator have no part in the penalty: alone, it leaves their gradient None.
    """
    check_at_least("target", target, 0.0)
    norms: Tensor = torch.linalg.vector_norm(widened(_gradients(discriminator, points)), dim=1)
    excess = norms - target
    return (excess.relu() if one_sided else excess).square()


def r1_penalty(discriminator: Discriminator, real: Tensor) -> Tensor:
    """The mean over the batch of `r1_penalty_per_sample`; 0-dimensional."""
    return r1_penalty_per_sample(discriminator, real).mean()


def r1_penalty_per_sample(discriminator: Discriminator, real: Tensor) -> Tensor:
    """||grad D(x)||^2 / 2 at real samples, so that its weight is the paper's gamma (Mescheder et al. 2018, Eq. 9).

    Args:
        discriminator: images -> scores: [batch], [batch, features], a map or several maps.
        real: [batch, ...]; held constant.

    Returns: [batch].
    """
    return _squared_norms(_gradients(discriminator, real, "real")) / 2


def r2_penalty(discriminator: Discriminator, fake: Tensor) -> Tensor:
    """The mean over the batch of `r2_penalty_per_sample`; 0-dimensional."""
    return r2_penalty_per_sample(discriminator, fake).mean()


def r2_penalty_per_sample(discriminator: Discriminator, fake: Tensor) -> Tensor:
    """||grad D(y)||^2 / 2 at generated samples (Mescheder et al. 2018, section 4.1). Arguments as for R1."""
    return _squared_norms(_gradients(discriminator, fake, "fake")) / 2


def squared_jacobian_norm(outputs: Tensor, inputs: Tensor) -> Tensor:
    """The squared Frobenius norm of each sample's Jacobian, every output counted: [batch].

    Args:
        outputs: [batch, ...], computed from `inputs` sample by sample, best under `ConstantMasks()`.
        inputs: [batch, ...], with requires_grad.
    """
    _check_outputs(outputs, inputs)
    if not (outputs.requires_grad and inputs.requires_grad):
        raise ValueError("outputs must be computed from inputs that require a gradient: one of the two has none.")
    return _squared_norms(_jacobian(_all_columns(outputs), inputs))


def scores_and_squared_norms(score: Callable[[Tensor], Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
    """The scores of images, and the squared norm of each one's gradient, from one pass.

    Args:
        score: images -> [batch] or [batch, ...], sample by sample.
        images: [batch, ...]; held constant, unless they have a gradient themselves.

    Returns: the scores, and [batch], differentiable in the parameters.
    """
    source = _source(images)
    with ConstantMasks():
        scores = score(_seen(source))
    _check_outputs(scores, images)
    return scores, _squared_norms(_jacobian(_all_columns(scores), source))


def scaled_mmd_loss(loss: Tensor, squared_jacobian: Tensor, weight: float) -> Tensor:
    """The quotient loss / (1 + weight * mean ||J||_F^2): the scaled MMD (Arbel et al. 2018; Wang et al. 2019, Eq. S7).

    Args:
        loss: 0-dimensional, the attractive discriminator loss.
        squared_jacobian: [batch], from `squared_jacobian_norm` at real samples.
        weight: lambda, at least 0.
    """
    return loss / _scale(loss, squared_jacobian, weight)


def scaled_repulsive_loss(loss: Tensor, squared_jacobian: Tensor, weight: float = 0.1) -> Tensor:
    """(loss - 1) / (1 + weight * mean ||J||_F^2), in [-2, 0] (Wang et al. 2019, Eq. S8, where lambda = 0.1).

    A repulsive loss lies in [-1, 1], so that the numerator is never positive, and lowering the quotient lowers both
    the loss and the gradient. Only the discriminator's loss is scaled. Arguments as for `scaled_mmd_loss`.
    """
    return (loss - 1) / _scale(loss, squared_jacobian, weight)


def _scale(loss: Tensor, squared_jacobian: Tensor, weight: float) -> Tensor:
    check_floating("loss", loss)
    check_floating("squared_jacobian", squared_jacobian)
    if loss.ndim != 0:
        raise ValueError(f"loss must be 0-dimensional, got shape {tuple(loss.shape)}.")
    check_dimensions("squared_jacobian", squared_jacobian, "batch")
    check_not_empty("squared_jacobian", squared_jacobian)
    check_at_least("weight", weight, 0.0)
    return 1 + weight * squared_jacobian.mean()


def _gradients(discriminator: Discriminator, points: Tensor, name: str = "points") -> Tensor:
    """Each sample's flattened gradient or Jacobian, [batch, entries], differentiable in the parameters."""
    check_scored(discriminator, name, points)
    if HiddenDimension.entered() is not None:
        source = _source(points.detach())
        with ConstantMasks():
            return _jacobian(columns(discriminator, _seen(source)), source)
    if transforms_are_active():
        with ConstantMasks():
            found = transformed_gradients(discriminator, points.detach())
        return torch.cat([each.flatten(1) for each in found], dim=1)
    with torch.inference_mode(False), torch.enable_grad(), ConstantMasks():
        source = widened(points.detach()).to(points.dtype).requires_grad_()
        scores = columns(discriminator, source)
        at_once = scores.shape[1] > 1 and isinstance(discriminator, nn.Module) and only_linear(discriminator)
        return _jacobian_at_once(scores, source) if at_once else _jacobian(scores, source)


def _source(images: Tensor) -> Tensor:
    """What a gradient by the images is asked of; with the runs as a dimension where it is a hidden one."""
    runs = HiddenDimension.entered()
    found = images if runs is None else runs.reveal(images)
    if not found.requires_grad:
        found = found.detach()
        found.requires_grad = True  # torch refuses requires_grad_() in the presence of a hidden dimension
    return found


def _seen(source: Tensor) -> Tensor:
    """The images of a source, as a discriminator sees them."""
    runs = HiddenDimension.entered()
    return source if runs is None else runs.show(source)


def _check_outputs(outputs: Tensor, inputs: Tensor) -> None:
    check_floating("outputs", outputs)
    check_not_empty("outputs", outputs)
    check_floating("inputs", inputs)
    check_batch(outputs, inputs)


def _all_columns(outputs: Tensor) -> Tensor:
    """[batch, ...] -> [batch, outputs]."""
    return outputs.flatten(1) if outputs.ndim > 1 else outputs[:, None]


def _squared_norms(gradients: Tensor) -> Tensor:
    squares: Tensor = widened(gradients).square().sum(dim=1)
    return squares


def _jacobian(outputs: Tensor, inputs: Tensor) -> Tensor:
    """[batch, outputs] -> [batch, outputs * entries], one backward pass for each output.

    In a hidden dimension of runs, which the inputs have as a dimension, there is one output.
    """
    if (runs := HiddenDimension.entered()) is not None:
        if outputs.shape[1] > 1:
            raise ValueError("in a hidden dimension of runs there is one score for each sample.")
        return runs.show(_gradient(runs.reveal(outputs[:, 0]), inputs).flatten(2))
    return torch.cat([_gradient(column, inputs).flatten(1) for column in outputs.unbind(1)], dim=1)


def _jacobian_at_once(outputs: Tensor, inputs: Tensor) -> Tensor:
    """The same in one backward pass on batched tensors: fewer calls, which are what small dense networks spend on."""
    units = torch.eye(outputs.shape[1], dtype=outputs.dtype, device=outputs.device)
    along = units[:, None].expand(-1, len(outputs), -1)
    jacobian = _differentiated(outputs, inputs, along, is_grads_batched=True)
    return jacobian.flatten(2).transpose(0, 1).flatten(1)


def _gradient(column: Tensor, inputs: Tensor) -> Tensor:
    """[batch] -> the inputs' shape."""
    return _differentiated(column, inputs, torch.ones_like(column))


def _differentiated(outputs: Tensor, inputs: Tensor, along: Tensor, is_grads_batched: bool = False) -> Tensor:
    found = None
    if outputs.requires_grad:
        found = torch.autograd.grad(
            outputs, inputs, along, create_graph=True, allow_unused=True, is_grads_batched=is_grads_batched
        )[0]
    if found is None:
        raise ValueError("the discriminator's output must depend on its input by operations that have a gradient.")
    return found
