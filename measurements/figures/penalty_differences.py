"""Measures how near R1 by differences is to the exact R1, and writes it to results/constraints/.

python -m measurements.figures.penalty_differences           about half a minute on one core
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.common.random import stream
from equipoise.constraints import r1_by_differences, r1_penalty
from equipoise.networks import build
from equipoise.networks.catalogue import NETWORKS
from measurements import ROOT, take_no_words

DATA: Path = ROOT / "results" / "constraints" / "penalty_differences.json"
BATCH, STEPS = 64, (0.05, 0.01, 0.002)


def main() -> None:
    torch.set_num_threads(1)
    rows = [row for name, network in networks().items() for row in compared(name, network)]
    about = {"commit": git_commit(), "torch": torch.__version__, "batch": BATCH}
    write_text_atomically(DATA, json.dumps(about | {"rows": rows}, indent=1) + "\n")


def networks() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    smooth, leaky = (
        nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), kind, nn.Conv2d(32, 64, 4, 2, 1), kind, nn.Conv2d(64, 1, 4, 1, 1))
        for kind in (nn.SiLU(), nn.LeakyReLU(0.2))
    )
    sngan = build(NETWORKS.load("sngan-discriminator"), stream(0, "weights"))
    return {"patches, SiLU": smooth, "patches, leaky ReLU": leaky, "SNGAN, ReLU": sngan}


def compared(name: str, network: nn.Module) -> list[dict[str, Any]]:
    """A row for each way: the value's share of the exact one, and the cosine of the weights' gradients."""
    points = torch.rand(BATCH, 3, 32, 32, generator=stream(0, "points")) * 2 - 1
    random = torch.randn(points.shape, generator=stream(0, "directions"))
    exact = r1_penalty(network, points)
    slopes = gradients(exact, network)
    ways: dict[str, Tensor] = {
        f"along the gradient, step {step}": r1_by_differences(network, points, step) for step in STEPS
    }
    ways["random directions, step 0.01"] = r1_by_differences(network, points, directions=random)
    return [
        {
            "network": name,
            "way": way,
            "value": (found / exact).item(),
            "cosine": float(torch.cosine_similarity(gradients(found, network), slopes, dim=0)),
        }
        for way, found in ways.items()
    ]


def gradients(value: Tensor, network: nn.Module) -> Tensor:
    weights = [each for each in network.parameters() if each.ndim > 1]
    return torch.cat([each.flatten() for each in torch.autograd.grad(value, weights, retain_graph=True)])


def table(document: dict[str, Any]) -> str:
    """The page's table."""
    rows = document["rows"]
    lines = ["| network | way | value, of the exact one | cosine of the gradients |", "| --- | --- | --- | --- |"]
    lines += [f"| {row['network']} | {row['way']} | {row['value']:.3f} | {row['cosine']:.3f} |" for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
