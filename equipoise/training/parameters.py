"""A player's parameters as one vector, so that an optimiser step is a few operations for any number of layers."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

_ALIGNMENT = 32
"""Entries: every parameter begins at a multiple, so that fast kernels find the addresses that they need."""


class ParameterVector:
    """A vector of which a module's parameters are views, and a second vector of their gradients.

    The gaps between parameters hold zeros and keep them, as their gradients are zero. A parameter that a loss does not
    reach has a gradient of zeros. Iterating gives the modules' own parameters.

    Attributes:
        values: [entries], what the optimiser steps; `values.grad` is where gradients are written.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]):
        """Take over the parameters, all of one dtype and device. Their modules must not be moved or cast afterwards."""
        self._parameters = tuple(parameters)
        self._places = _places(self._parameters)
        size = -(-self._places[-1].stop // _ALIGNMENT) * _ALIGNMENT if self._places else 0
        like = self._parameters[0].detach() if self._parameters else torch.empty(0)
        self.values = nn.Parameter(like.new_zeros(size))
        self.gradient = like.new_zeros(size)
        for parameter, view in zip(self._parameters, self._views_of(self.values.detach()), strict=True):
            view.copy_(parameter.detach())
        self._lend()

    def __iter__(self) -> Iterator[nn.Parameter]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def write_gradients(self, gradients: Sequence[Tensor | None]) -> None:
        """Put one gradient for each parameter, or zeros for None, into `values.grad`."""
        if self._parameters and self._parameters[0].data_ptr() != self.values.data_ptr():
            raise ValueError("a player was moved or cast after its state was built; move it before.")
        write_parts(self.gradient, self._gradient_views, gradients)
        self.values.grad = self.gradient

    def lie_in(self, values: Tensor, gradient: Tensor) -> None:
        """Move into these two vectors of as many entries, as parts of larger tensors; they are overwritten."""
        values.copy_(self.values.detach())
        gradient.copy_(self.gradient)
        self.values.data, self.gradient = values, gradient
        self._lend()

    def views_of_each(self, vectors: Tensor) -> list[Tensor]:
        """The parts of several such vectors [count, entries], for each parameter [count, *its shape]."""
        pairs = zip(self._places, self._parameters, strict=True)
        return [vectors[:, place].unflatten(1, parameter.shape) for place, parameter in pairs]

    def _lend(self) -> None:
        """Make the parameters views of `values`, with gradients in `gradient`."""
        self.values.grad = self.gradient
        self._gradient_views = self._views_of(self.gradient)
        for parameter, view in zip(self._parameters, self._views_of(self.values.detach()), strict=True):
            parameter.data = view

    def _views_of(self, vector: Tensor) -> list[Tensor]:
        """The vector's parts in the shapes and the memory formats of the parameters."""
        return [_laid_out(vector[place], p) for place, p in zip(self._places, self._parameters, strict=True)]


def write_parts(whole: Tensor, views: Sequence[Tensor], parts: Sequence[Tensor | None]) -> None:
    """Copy each part into its view of the whole, or zeros for None."""
    found = [(view, part) for view, part in zip(views, parts, strict=True) if part is not None]
    if len(found) < len(parts):
        whole.zero_()
    if found:
        torch._foreach_copy_([view for view, _ in found], [part for _, part in found])


def _places(parameters: Sequence[nn.Parameter]) -> list[slice]:
    places, end = [], 0
    for parameter in parameters:
        start = -(-end // _ALIGNMENT) * _ALIGNMENT
        end = start + parameter.numel()
        places.append(slice(start, end))
    return places


def _laid_out(part: Tensor, like: Tensor) -> Tensor:
    """[entries] as a view of the shape of `like`, its dimensions in the same order in memory."""
    strides = [*zip(like.stride(), like.shape, strict=True)]  # of equal ones, that of a single entry lies inside
    order = sorted(range(like.ndim), key=strides.__getitem__, reverse=True)
    inverse = sorted(range(like.ndim), key=order.__getitem__)
    return part.view([like.shape[dimension] for dimension in order]).permute(inverse)
