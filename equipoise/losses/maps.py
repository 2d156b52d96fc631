"""Losses on several score maps or features, as multi-scale and multi-period discriminators return them."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from equipoise.common.checks import check_at_least, check_pair, described
from equipoise.common.precision import in_full_precision

Scores = Tensor | Sequence[Tensor]
"""What a discriminator returns: scores or a score map, [batch, ...], or several of them."""
Features = Tensor | Sequence[Any]
"""The activations of a layer, [batch, ...], or several of them, or several lists, one for each discriminator."""

_Sides = TypeVar("_Sides", bound=Scores)


def over_maps(loss: Callable[..., Tensor], *sides: Scores, weights: Sequence[float] | None = None) -> Tensor:
    """The mean of a loss over the maps: sum_k w_k L(map_k) / sum_k w_k.

    Any loss on scores can be asked for: those of the registry, LGA, MMD, or your own.

    Args:
        loss: as in `over_maps(hinge_discriminator_loss, real_scores, fake_scores)`.
        sides: what the loss takes, each a list of as many maps; or each one tensor, which is one map.
        weights: one for each map, at least 0 and not all 0; None counts all alike.

    Returns: 0-dimensional.
    """
    maps = [_as_list(f"argument {position} of {_name(loss)}", side) for position, side in enumerate(sides, 1)]
    counts = [len(each) for each in maps]
    if not counts:
        raise ValueError(f"over_maps needs the maps that {_name(loss)} takes.")
    if len(set(counts)) != 1:
        raise ValueError(f"every argument of {_name(loss)} must hold as many maps, got {', '.join(map(str, counts))}.")
    shares = _shares(counts[0], weights)
    values = [share * loss(*each) for share, each in zip(shares, zip(*maps, strict=True), strict=True) if share]
    return torch.stack(_in_one_type(values)).sum() if len(values) > 1 else values[0]


def feature_matching_loss(real_features: Features, fake_features: Features) -> Tensor:
    """The mean over the layers of mean |f(x) - f(G(z))| (Wang et al. 2018, pix2pixHD, Eq. 4), for paired samples.

    Lists may be nested, as one list of layers for each scale: each level is a mean, so that every scale counts alike.

    Args:
        real_features: the discriminator's activations of the real samples; compute them without a gradient.
        fake_features: those of the generated samples, in the same nesting and shapes.

    Returns: 0-dimensional.
    """
    if isinstance(real_features, Tensor) and isinstance(fake_features, Tensor):
        return _distance(real_features, fake_features)
    real, fake = _layers(real_features, fake_features)
    if len(real) != len(fake):
        raise ValueError(f"fake_features must have the {len(real)} layers of real_features, got {len(fake)}.")
    parts = [feature_matching_loss(one, other) for one, other in zip(real, fake, strict=True)]
    return torch.stack(_in_one_type(parts)).mean()


@in_full_precision
def _distance(real_features: Tensor, fake_features: Tensor) -> Tensor:
    check_pair(real_features=real_features, fake_features=fake_features)
    return (real_features - fake_features).abs().mean()


def _layers(real_features: Features, fake_features: Features) -> tuple[Sequence[Any], Sequence[Any]]:
    """Both sides, where both are lists of layers."""
    sides: dict[str, Any] = {"real_features": real_features, "fake_features": fake_features}
    for name, side in sides.items():
        listed = not isinstance(side, Tensor)
        if listed and (any(isinstance(each, Tensor) for each in sides.values()) or not _is_filled(side)):
            raise ValueError(
                f"{name} must be a tensor or a list of layers, as the other side is, got {described(side)}."
            )
    return sides["real_features"], sides["fake_features"]


def _is_filled(features: Features) -> bool:
    return isinstance(features, Sequence) and len(features) > 0


def _as_list(name: str, side: Scores) -> list[Tensor]:
    if isinstance(side, Tensor):
        return [side]
    if not isinstance(side, Sequence) or len(side) == 0:
        raise ValueError(f"{name} must be a tensor or a list of score maps, got {described(side)}.")
    return list(side)


def _shares(count: int, weights: Sequence[float] | None) -> list[float]:
    """The weights, so that they sum to 1."""
    given = [1.0] * count if weights is None else list(weights)
    if len(given) != count:
        raise ValueError(f"weights must hold one number for each of the {count} maps, got {len(given)}.")
    for each in given:
        check_at_least("each of weights", each, 0.0)
    total = sum(given)
    if total == 0:
        raise ValueError("weights must not all be 0.")
    return [each / total for each in given]


def _in_one_type(values: Sequence[Tensor]) -> list[Tensor]:
    wide = torch.float64 if any(value.dtype == torch.float64 for value in values) else torch.float32
    return [value.to(wide) for value in values]


def _name(loss: Callable[..., Tensor]) -> str:
    return getattr(loss, "__name__", type(loss).__name__)
