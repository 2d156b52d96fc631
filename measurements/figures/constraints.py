"""Draws the figures of the pages on constraints from results/constraints/, which constraints_measure.py fills.

python -m measurements.figures.constraints
"""

import json
from functools import partial
from typing import Any

import matplotlib
import numpy as np
import torch

from equipoise.constraints import gradient_penalty_per_sample, r1_penalty_per_sample, scaled_repulsive_loss
from measurements import FIGURES_FOLDER, RESULTS_FOLDER, take_no_words

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

RESULTS = RESULTS_FOLDER / "constraints"
BLUE, ORANGE, GREEN, GREY = "#2b6cb0", "#dd6b20", "#2f855a", "#718096"


def main() -> None:
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "figure.dpi": 110})
    spectral_norm()
    gradient_penalty()
    weight_clip()


def spectral_norm() -> None:
    rows = load("pico_against_pim.json")["layers"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.8), width_ratios=[1.5, 1])
    for kind, colour, marker in (("gaussian", BLUE, "o"), ("constant in space", ORANGE, "s")):
        ratios = [row["ratio"] for row in rows if row["kernels"] == kind]
        left.plot(ratios, range(len(ratios)), marker, color=colour, label=f"{kind} kernels")
    some = [row for row in rows if row["kernels"] == "gaussian"]
    for height, row in enumerate(some):
        bound = row["bound"]
        left.plot([bound, bound], [height - 0.3, height + 0.3], color=GREY, label=None if height else "upper bound")
    left.axvline(1, color=GREY, linestyle=":", label="lower bound")
    left.set_yticks(range(len(some)), [row["layer"].replace(", map", "\nmap") for row in some])
    left.invert_yaxis()
    left.set_xlim(0.9, 3.1)
    left.set_xlabel("norm of the convolution / norm of the reshaped kernel")
    left.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.4, 1.2), ncol=2)
    depths = np.arange(1, 11)
    for scale, colour in ((1 / 0.55, ORANGE), (64 ** (1 / 8), BLUE), (64 ** (1 / 10), GREEN)):
        right.semilogy(depths, scale**depths, ".-", color=colour, label=f"C = {scale:.4g}")
    for depth in (8, 10):
        gain = (1 / 0.55) ** depth
        right.annotate(f"{gain:.0f}", (depth, gain), (depth - 1.6, gain * 1.2), color=ORANGE)
    right.axhline(64, color=GREY, linestyle=":")
    right.text(1, 70, "64", color=GREY)
    right.set_xlabel("layers K")
    right.set_ylabel("gain C^K of a linear discriminator")
    right.legend(frameon=False, fontsize=8)
    save(figure, "constraints_spectral_norm.png")


def gradient_penalty() -> None:
    figure, (value, slope, quotient) = plt.subplots(1, 3, figsize=(9.2, 3.1))
    for name, colour, penalty in (
        ("two-sided", BLUE, lambda d, x: gradient_penalty_per_sample(d, x)),
        ("one-sided", ORANGE, lambda d, x: gradient_penalty_per_sample(d, x, one_sided=True)),
        ("R1", GREEN, r1_penalty_per_sample),
    ):
        norms = torch.linspace(0.01, 2.5, 120, requires_grad=True)
        penalties = penalty(partial(sloped, norms), torch.zeros(120, 2))
        (derivatives,) = torch.autograd.grad(penalties.sum(), norms)
        value.plot(norms.detach(), penalties.detach(), color=colour, label=name)
        slope.plot(norms.detach(), derivatives, color=colour)
    value.set_title("penalty of one sample")
    slope.set_title("its derivative")
    slope.axhline(0, color=GREY, linewidth=0.6)
    for axis in (value, slope):
        axis.set_xlabel("norm of the gradient")
    value.legend(frameon=False)
    squared = torch.linspace(0, 60, 100)
    for loss, colour in ((-0.9, BLUE), (0.0, GREEN), (0.9, ORANGE)):
        curve = [scaled_repulsive_loss(torch.tensor(loss), s[None]) for s in squared]
        without = [loss / (1 + 0.1 * s) for s in squared]
        quotient.plot(squared, curve, color=colour, label=f"repulsive loss {loss}")
        quotient.plot(squared, without, color=colour, linestyle=":")
    quotient.set_title("S8, and (dotted) without its -1")
    quotient.set_xlabel("mean squared norm of the Jacobian")
    quotient.legend(frameon=False, fontsize=8)
    save(figure, "constraints_gradient_penalty.png")


def weight_clip() -> None:
    critics = load("clipped_weights.json")["critics"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.0))
    centres = np.linspace(-1, 1, 43)[1::2]
    for critic, colour in zip(critics, (BLUE, GREEN, ORANGE, GREY), strict=True):
        share = np.array(critic["histogram"]) / sum(critic["histogram"])
        left.step(centres, share, where="mid", color=colour, label=f"limit {critic['limit']}")
    left.set_xlabel("weight / limit")
    left.set_ylabel("share of the weights")
    left.legend(frameon=False)
    right.loglog([c["limit"] for c in critics], [c["mean_gradient_norm"] for c in critics], "o-", color=BLUE)
    right.axhline(1, color=GREY, linestyle=":")
    right.set_xlabel("limit")
    right.set_ylabel("mean norm of the critic's gradient")
    save(figure, "constraints_weight_clip.png")


def sloped(norms: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """A critic whose gradient at each point has the norm given."""
    return norms * points[:, 0]


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RESULTS / name).read_text(encoding="utf-8"))
    return content


def save(figure: Figure, name: str) -> None:
    figure.tight_layout()
    figure.savefig(FIGURES_FOLDER / name, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
