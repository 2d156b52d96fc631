"""The repulsive MMD paper's propositions, checked on small systems: stability of equilibria, and norms of convolutions.

python -m measurements.figures.mmd_propositions            measures and writes the data; one minute
python -m measurements.figures.mmd_propositions --tables   prints the tables of docs/simulations.md and spectral_norm.md

The data are results/mmd/propositions.json. Everything is in float64.

Proposition 1: data are 24 points of the plane that an affine generator can match exactly (6 parameters), the
discriminator is a dense network with one hidden layer. Both networks' velocities are minus the slopes of their losses.
"""

import argparse
import itertools
import json
import statistics
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import grad, jacrev, vmap

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.common.random import stream
from equipoise.constraints import exact_spectral_norm
from equipoise.evaluation.passport import current_versions
from measurements import RESULTS_FOLDER
from measurements.pages import table

DATA = RESULTS_FOLDER / "mmd" / "propositions.json"
POINTS, HIDDEN, FREE = 24, 8, 6
"""Points of the data, hidden units of the discriminator, parameters of the generator."""
OUTPUTS, REPULSIONS, DRAWS = (1, 4, 16), (-1.0, -0.5, 0.0, 0.5, 1.0, 2.0), 10
SCALES = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)
"""By how much the discriminator's last layer is multiplied."""
STARTS, MOVED_BY, RATE, STEPS = 5, (0.01, 0.1, 1.0), 2.0, 2_000
"""Descents from a generator that is moved away from the data by so much of its norm."""
CASE, RETURNED = ("repulsion", "moved_by", "start"), 0.1
"""A descent; it has returned where less than this share of the distance is left."""
LAYERS = 300
NOTHING = 1e-12
"""An entry or an eigenvalue below this is 0 but for rounding."""


def drawn(what: str, *shape: int, position: int = 0) -> Tensor:
    generator = stream(0, f"propositions/{what}", position)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


NOISE = drawn("noise", POINTS, 2)
MATCHED = torch.tensor([1.0, 0.4, -0.3, 0.8, 0.5, -0.2], dtype=torch.float64)
"""The generator that matches the data: a matrix and an offset."""


def generated(player: Tensor) -> Tensor:
    """Points [24, 2] of a generator [6]."""
    return NOISE @ player[:4].view(2, 2) + player[4:]


def features(judge: Tensor, points: Tensor) -> Tensor:
    """Outputs [24, outputs] of a discriminator, all of whose parameters are one vector."""
    first, offset, last = judge.split([2 * HIDDEN, HIDDEN, judge.numel() - 3 * HIDDEN])
    outputs: Tensor = torch.tanh(points @ first.view(2, HIDDEN) + offset) @ last.view(HIDDEN, -1)
    return outputs


def kernels(player: Tensor, judge: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """E_xx, E_xy and E_yy over all pairs of points, for a Gaussian kernel of width 1."""
    real, fake = features(judge, generated(MATCHED)), features(judge, generated(player))
    pairs = ((real, real), (real, fake), (fake, fake))
    xx, xy, yy = (torch.exp(-(a[:, None] - b).square().sum(-1) / 2).mean() for a, b in pairs)
    return xx, xy, yy


def generator_loss(player: Tensor, judge: Tensor) -> Tensor:
    xx, xy, yy = kernels(player, judge)
    return xx - 2 * xy + yy


def discriminator_loss(player: Tensor, judge: Tensor, repulsion: Tensor) -> Tensor:
    xx, xy, yy = kernels(player, judge)
    return repulsion * xx - (repulsion - 1) * xy - yy


def velocity(state: Tensor, repulsion: Tensor) -> Tensor:
    """Both players' velocities, for all parameters in one vector."""
    player, judge = state[:FREE], state[FREE:]
    ours, theirs = grad(generator_loss)(player, judge), grad(discriminator_loss, 1)(player, judge, repulsion)
    return -torch.cat([ours, theirs])


def random_judge(outputs: int, draw: int) -> Tensor:
    last = drawn(f"last/{outputs}", HIDDEN * outputs, position=draw) / (HIDDEN * outputs) ** 0.5
    return torch.cat([drawn("first", 3 * HIDDEN, position=draw), last])


def equilibria() -> list[dict[str, Any]]:
    """The flow and its Jacobian at the matched generator, for discriminators drawn at random."""
    rows = []
    for outputs, repulsion in itertools.product(OUTPUTS, REPULSIONS):
        states = [torch.cat([MATCHED, random_judge(outputs, draw)]) for draw in range(DRAWS)]
        rate = torch.tensor(repulsion, dtype=torch.float64)
        blocks = [jacrev(velocity)(state, rate) for state in states]
        slopes = [torch.linalg.eigvalsh(block[:FREE, :FREE]) for block in blocks]
        rows.append(
            {
                "outputs": outputs,
                "repulsion": repulsion,
                "speed": max(float(velocity(state, rate).abs().max()) for state in states),
                "judge_by_judge": max(float(block[FREE:, FREE:].abs().max()) for block in blocks),
                "generator_by_judge": max(float(block[:FREE, FREE:].abs().max()) for block in blocks),
                "judge_by_generator": statistics.median(float(block[FREE:, :FREE].norm()) for block in blocks),
                "fastest": [float(values[0]) for values in slopes],
                "slowest": [float(values[-1]) for values in slopes],
            }
        )
    return rows


def scaled() -> list[dict[str, Any]]:
    """The eigenvalues across the equilibria where the discriminator's last layer has another size."""
    rows = []
    for scale in SCALES:
        judges = [random_judge(4, draw) for draw in range(DRAWS)]
        judges = [torch.cat([judge[: 3 * HIDDEN], scale * judge[3 * HIDDEN :]]) for judge in judges]
        slopes = [torch.linalg.eigvalsh(jacrev(grad(generator_loss))(MATCHED, judge)) for judge in judges]
        slowest, fastest = (0.0 - statistics.median(float(values[at]) for values in slopes) for at in (0, -1))
        rows.append({"scale": scale, "fastest": fastest, "slowest": slowest})
    return rows


def descents() -> list[dict[str, Any]]:
    """Simultaneous gradient descent from a generator that was moved away from the data, by lambda and distance."""
    cases = list(itertools.product(REPULSIONS, MOVED_BY, range(STARTS)))
    ends = descended(cases, RATE, STEPS)
    return [dict(zip(CASE, case, strict=True)) | end for case, end in zip(cases, ends, strict=True)]


def descended(cases: list[tuple[float, float, int]], rate: float, steps: int) -> list[dict[str, float]]:
    """What is left of the generator's distance to the data, and how far the discriminator moved, by its first norm."""
    judges = torch.stack([random_judge(4, start) for *_, start in cases])
    away = torch.stack([drawn("away", FREE, position=start) for *_, start in cases])
    sizes = torch.tensor([size for _, size, _ in cases], dtype=torch.float64)[:, None] * MATCHED.norm()
    states = torch.cat([MATCHED + sizes * away / away.norm(dim=1, keepdim=True), judges], dim=1)
    rates = torch.tensor([repulsion for repulsion, *_ in cases], dtype=torch.float64)
    step, first = vmap(velocity), states
    for _ in range(steps):
        states = states + rate * step(states, rates)
    left = (states[:, :FREE] - MATCHED).norm(dim=1) / sizes[:, 0]
    moved = (states[:, FREE:] - first[:, FREE:]).norm(dim=1) / first[:, FREE:].norm(dim=1)
    return [{"distance_left": a, "judge_moved": b} for a, b in zip(left.tolist(), moved.tolist(), strict=True)]


def layers() -> list[dict[str, Any]]:
    """The two norms of random convolutions; the maps of some are no larger than their kernels."""
    rows = []
    for position in range(LAYERS):
        draw = partial(torch.randint, size=(), generator=stream(0, "propositions/layers", position))
        inputs, outputs, side, stride, size = (int(draw(*limits)) for limits in LIMITS)
        layer = nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False, dtype=torch.float64)
        layer.weight.data = drawn("kernels", outputs, inputs, side, side, position=position)
        matrix = float(torch.linalg.matrix_norm(layer.weight.data.flatten(1), 2))
        norm = float(exact_spectral_norm(layer, (size, size)))
        rows.append(
            {"kernel": side, "stride": stride, "map": size, "ratio": norm / matrix, "bound": -(-side // stride)}
        )
    return rows


LIMITS = ((1, 7), (1, 7), (1, 6), (1, 3), (1, 17))
"""Input and output channels, the kernel's side, the stride, the map's side: from, and below."""


def table_of_equilibria(document: dict[str, Any]) -> str:
    lines = []
    for outputs in OUTPUTS:
        rows = [row for row in document["equilibria"] if row["outputs"] == outputs]
        speed = max(row["speed"] for row in rows)
        zero = max(max(row["judge_by_judge"], row["generator_by_judge"]) for row in rows)
        fastest, slowest = (statistics.median(rows[0][name]) for name in ("fastest", "slowest"))
        cells = [f"{speed:.0e}", f"{zero:.0e}", f"{fastest:.2g}", f"{slowest:.2g}", f"{max(rows[0]['slowest']):.1g}"]
        lines.append(" | ".join([str(outputs), *cells]))
    heads = "outputs | largest velocity | largest entry of $J_{DD}$, $J_{GD}$ | most negative eigenvalue, median"
    return table(f"{heads} | nearest to 0, median | nearest to 0, all", lines)


def table_of_scales(document: dict[str, Any]) -> str:
    rows = document["scales"]
    lines = [f"{row['scale']:g} | {row['fastest']:.2g} | {row['slowest']:.2g}" for row in rows]
    return table("last layer times | most negative eigenvalue | nearest to 0", lines)


def table_of_descents(document: dict[str, Any]) -> str:
    lines = []
    for repulsion in REPULSIONS:
        cells = []
        for size in MOVED_BY:
            runs = [row for row in document["descents"] if (row["repulsion"], row["moved_by"]) == (repulsion, size)]
            back = sum(run["distance_left"] < RETURNED for run in runs)
            moved = statistics.median(run["judge_moved"] for run in runs)
            cells += [f"{back} of {len(runs)}", f"{moved:.2g}"]
        lines.append(" | ".join([f"{repulsion:g}", *cells]))
    heads = [f"moved by {size:.0%}: returned | discriminator moved" for size in MOVED_BY]
    return table(" | ".join(["$\\lambda$", *heads]), lines)


def table_of_layers(document: dict[str, Any]) -> str:
    lines = []
    for name, large in (("larger than the kernel", True), ("not larger than the kernel", False)):
        rows = [row for row in document["layers"] if (row["map"] > row["kernel"]) == large and row["kernel"] > 1]
        ratios = [row["ratio"] for row in rows]
        below = sum(row["ratio"] < 1 - NOTHING for row in rows)
        above = sum(row["ratio"] > row["bound"] * (1 + NOTHING) for row in rows)
        lines.append(f"{name} | {len(rows)} | {min(ratios):.2f} to {max(ratios):.2f} | {below} | {above}")
    heads = "map | layers | $\\sigma_{\\text{PICO}} / \\sigma_{\\text{PIM}}$ | below 1 | above the bound"
    return table(heads, lines)


TABLES = (table_of_equilibria, table_of_scales, table_of_descents, table_of_layers)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--tables", action="store_true")
    torch.set_num_threads(1)
    if not words.parse_args().tables:
        document = {
            "passport": {"versions": current_versions(), "commit": git_commit(), "rate": RATE, "steps": STEPS},
            "equilibria": equilibria(),
            "scales": scaled(),
            "descents": descents(),
            "layers": layers(),
        }
        write_text_atomically(DATA, json.dumps(document, indent=1) + "\n")
    document = json.loads(DATA.read_text(encoding="utf-8"))
    print(*(each(document) for each in TABLES), sep="\n\n")


if __name__ == "__main__":
    main()
