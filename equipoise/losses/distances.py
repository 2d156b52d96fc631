"""Squared distances of all pairs of rows, by one matrix product."""

import torch

from equipoise.common.checks import check_dimensions, check_scores
from equipoise.common.precision import in_full_precision


@in_full_precision
def squared_distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """||a_i - b_j||^2 for all pairs, as ||a_i||^2 + ||b_j||^2 - 2 <a_i, b_j> of the features less their common centre.

    Exactly 0 where two rows coincide, never negative, and with the true gradient 2 (a_i - b_j) everywhere, so that it
    is 0 and not NaN at coinciding rows. Centring keeps the precision of features that lie far from the origin.

    Args:
        a: [rows, features].
        b: [other rows, features].

    Returns:
        [rows, other rows]; in the wider type of a and b, float32 at least, also under autocast.
    """
    check_scores(a=a, b=b)
    check_dimensions("a", a, "rows, features")
    check_dimensions("b", b, "rows, features")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"b must have {a.shape[1]} features like a, got shape {tuple(b.shape)}.")
    return distances_of(*in_one_type(a, b))


def in_one_type(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both tensors in the wider of their dtypes."""
    if a.dtype == b.dtype:
        return a, b
    wider = torch.promote_types(a.dtype, b.dtype)
    return a.to(wider), b.to(wider)


def distances_of(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """`squared_distances` of rows of one type that were checked before."""
    centre = a.detach().mean(dim=0)
    a, b = (a - centre).contiguous(), (b - centre).contiguous()
    a_squares, b_squares = a.square().sum(dim=1)[:, None], b.square().sum(dim=1)[None, :]
    raw = a_squares + b_squares - 2 * (a @ b.T)
    return raw + (without_rounding(raw.detach(), a_squares.detach(), b_squares.detach(), a.shape[1]) - raw.detach())


def without_rounding(
    raw: torch.Tensor, a_squares: torch.Tensor, b_squares: torch.Tensor, features: int | None
) -> torch.Tensor:
    """The raw distances without their rounding noise: no negative ones, and 0 for rows of `features` that coincide.

    Rows that coincide have squares equal to the last bit, and a raw distance within the rounding error of a sum.
    Without `features` they are not looked for, and `raw` itself is changed.
    """
    if features is None:
        return raw.clamp_(min=0)
    noise = 2 * (features + 4) * torch.finfo(raw.dtype).eps * a_squares
    coincide = (a_squares == b_squares).logical_and_(raw <= noise)
    return raw.clamp(min=0).masked_fill_(coincide, 0)
