"""Tensors of several runs without the dimension of the runs."""

import warnings

import torch

from equipoise.common.hidden_dimension import HiddenDimension


def test_an_operation_that_is_played_run_by_run_is_right_and_warns_of_nothing() -> None:
    runs = torch.arange(6.0).view(3, 2)
    with warnings.catch_warnings(), HiddenDimension(3) as hidden:
        warnings.simplefilter("error")
        moved = hidden.show(runs.clone()).lerp_(torch.ones(2), 0.25)
        assert moved.shape == (2,)
        found = hidden.reveal(moved)
    assert torch.equal(found, runs.lerp(torch.ones(2), 0.25))
