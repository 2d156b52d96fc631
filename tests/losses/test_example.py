"""The example of docs and newcomers runs, and its losses train."""

import runpy
from pathlib import Path

import torch

EXAMPLE = Path(__file__).parents[2] / "examples" / "losses_in_a_plain_loop.py"


def test_every_family_trains_in_a_plain_loop():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        histories = runpy.run_path(str(EXAMPLE))["run_all"](60)
    assert set(histories) == {"hinge", "energy", "spatial", "mmd", "modes"}
    for name, history in histories.items():
        losses = torch.tensor(history)
        assert losses.shape == (60, 2), name
        assert torch.isfinite(losses).all(), name
        assert losses[-10:, 0].mean() < losses[0, 0], f"the discriminator of {name} learnt nothing"
