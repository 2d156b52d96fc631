"""Particles under MMD flow and drifting: each step by its formula, and what the committed numbers say."""

import json
from pathlib import Path
from typing import Any

import torch

from equipoise.losses import GaussianKernel, squared_mmd
from equipoise.losses.drift import drift
from equipoise.simulations.mmd_flow import METHODS, FlowSettings, flow_velocity, follow

RESULTS = Path(__file__).parents[2] / "results" / "simulations" / "mmd-flow.json"
DATA, START = (
    torch.randn(count, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(count)) for count in (6, 5)
)


def test_a_step_descends_mmd_or_follows_the_drift() -> None:
    settings = FlowSettings(steps=2, step_size=0.3)
    free = START.clone().requires_grad_()
    (slope,) = torch.autograd.grad(squared_mmd(DATA, free, GaussianKernel((2.0,)), unbiased=False), free)
    found = follow(METHODS["flow, Gaussian 2"], START, DATA, settings)
    torch.testing.assert_close(found[1], START - 0.3 * slope * len(START) / 2)
    found = follow(METHODS["drifting, Laplace 1, 10"], START, DATA, settings)
    torch.testing.assert_close(found[1], START + 0.3 * drift(START, DATA, widths=(1.0, 10.0)))


def test_noise_moves_the_place_of_the_slope_and_falls_to_nothing() -> None:
    seen: list[float] = []

    def watch(particles: torch.Tensor, data: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        seen.append(float(noise.abs().max()))
        return torch.zeros_like(particles)

    follow(watch, START, DATA, FlowSettings(steps=400))
    assert max(seen[:10]) > 2 > 0.2 > max(seen[-10:])
    beside = flow_velocity(START, DATA, torch.ones_like(START), GaussianKernel(), noisy=True)
    free = (START + 1).requires_grad_()
    kernel = GaussianKernel()
    witness = kernel(torch.cdist(free, START).square()).mean(1) - kernel(torch.cdist(free, DATA).square()).mean(1)
    torch.testing.assert_close(beside, -torch.autograd.grad(witness.sum(), free)[0])


def test_the_committed_numbers_bear_out_what_the_page_says() -> None:
    rows: dict[str, Any] = {row["method"]: row for row in json.loads(RESULTS.read_text())["methods"]}
    assert rows["flow, Gaussian 2"]["far"]["modes"] == 0
    assert rows["flow, distance"]["far"]["modes"] == rows["flow, distance"]["centre"]["modes"] == 6
    repelled, free = rows["drifting, Laplace 1, 10"], rows["drifting, no repulsion"]
    assert rows["drifting, Algorithm 2"]["far"]["modes"] == repelled["far"]["modes"] == 6
    assert rows["drifting, Laplace 1"]["far"]["energy_distance"] > 10 * repelled["far"]["energy_distance"]
    assert rows["drifting, Algorithm 2"]["far"]["first_speed"] < 0.25 * repelled["far"]["first_speed"]
    still, noisy = (rows[f"flow, Gaussian 2{words}"]["centre"]["energy_distance"] for words in ("", ", noise"))
    assert noisy > still
    assert all(free[start]["energy_distance"] > 10 * repelled[start]["energy_distance"] for start in ("centre", "far"))
