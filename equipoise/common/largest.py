"""One number in place of many, to see whether all are finite."""

import torch
from torch import Tensor


def largest_size(vectors: Tensor) -> Tensor:
    """The largest absolute value of the entries of each vector [..., entries]; NaN if any is. It is not read.

    Examples:
        >>> largest_size(torch.tensor([[1.0, -3.0], [2.0, float("nan")]]))
        tensor([3., nan])
    """
    vectors = vectors.detach()
    return torch.maximum(vectors.amax(-1), -vectors.amin(-1))
