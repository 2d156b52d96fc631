"""The example of docs and newcomers runs, and its losses train."""

import torch

from examples.losses_in_a_plain_loop import run_all


def test_every_family_trains_in_a_plain_loop():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        histories = run_all(60)
    assert set(histories) == {"hinge", "energy", "spatial", "mmd", "modes"}
    for name, history in histories.items():
        losses = torch.tensor(history)
        assert losses.shape == (60, 2), name
        assert torch.isfinite(losses).all(), name
        assert losses[-10:, 0].mean() < losses[0, 0], f"the discriminator of {name} learnt nothing"
