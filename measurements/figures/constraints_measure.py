"""Measures what the pages on constraints show, and writes it to results/constraints/.

python -m measurements.figures.constraints_measure           about two minutes on one core
"""

import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.common.random import stream
from equipoise.constraints import SpectralNorm, WeightClip, exact_spectral_norm, gradient_penalty, spectral_norms
from measurements import ROOT, take_no_words

RESULTS = ROOT / "results" / "constraints"
SEED = 0
LAYERS = [
    # input channels, output channels, kernel, stride, side of the map: the DCGAN discriminator for 32 x 32 pixels
    (3, 64, 3, 1, 32),
    (64, 128, 4, 2, 32),
    (128, 128, 3, 1, 16),
    (128, 256, 4, 2, 16),
    (256, 256, 3, 1, 8),
    (256, 512, 4, 2, 8),
    (512, 512, 3, 1, 4),
]


def main() -> None:
    torch.set_num_threads(1)
    rows = [norms_of(position, *layer, kind) for position, layer in enumerate(LAYERS) for kind in KERNELS]
    save("pico_against_pim.json", {"layers": rows})
    save("penalty_cost.json", penalty_cost())
    save("clipped_weights.json", {"critics": [clipped_critic(limit) for limit in (0.01, 0.03, 0.1, 0.3)]})


def norms_of(position: int, inputs: int, outputs: int, side: int, stride: int, size: int, kind: str) -> dict[str, Any]:
    layer = nn.utils.skip_init(nn.Conv2d, inputs, outputs, side, stride, 1, bias=False)
    generator = stream(SEED, f"kernel/{kind}", position)
    layer.weight.data = KERNELS[kind](outputs, inputs, side, generator)
    matrix = torch.linalg.matrix_norm(layer.weight.detach().double().flatten(1), 2).item()
    convolution = exact_spectral_norm(layer, (size, size)).item()
    return {
        "layer": f"{side}x{side} stride {stride}, {inputs} to {outputs}, map {size}x{size}",
        "kernels": kind,
        "sigma_matrix": matrix,
        "sigma_convolution": convolution,
        "ratio": convolution / matrix,
        "bound": -(-side // stride),
        "estimate_at_attach": estimate_at_attach(layer, (1, inputs, size, size), position) / convolution,
    }


def estimate_at_attach(layer: nn.Conv2d, shape: tuple[int, ...], position: int) -> float:
    player = nn.Sequential(layer)
    SpectralNorm("convolution").attach(player, torch.zeros(shape), stream(SEED, "power vectors", position))
    return spectral_norms(player)["0"].item()


def gaussian(outputs: int, inputs: int, side: int, generator: torch.Generator) -> Tensor:
    return torch.randn(outputs, inputs, side, side, generator=generator)


def constant_in_space(outputs: int, inputs: int, side: int, generator: torch.Generator) -> Tensor:
    return torch.randn(outputs, inputs, 1, 1, generator=generator).expand(-1, -1, side, side).clone()


KERNELS = {"gaussian": gaussian, "constant in space": constant_in_space}


def penalty_cost() -> dict[str, Any]:
    """Both routes through the WGAN-GP network with an 8x8 map: counted operations, and time in interleaved pairs."""
    critic, points = conv_critic(), torch.randn(8, 3, 32, 32, generator=stream(SEED, "points"))
    routes = {"double backward": double_backward, "constant masks": gradient_penalty_of_map}
    operations = {name: count_operations(partial(gradients, route, critic, points)) for name, route in routes.items()}
    seconds: dict[str, list[float]] = {name: [] for name in routes}
    for _ in range(15):
        for name, route in routes.items():
            start = time.process_time()
            gradients(route, critic, points)
            seconds[name].append(time.process_time() - start)
    pairs = [a / b for a, b in zip(seconds["double backward"], seconds["constant masks"], strict=True)]
    return {
        "network": "5x5 convolutions 3-128-256-512, strides 2, 2, 1, leaky ReLU, 1x1 to a map of 8x8; batch 8",
        "gflop": {name: count / 1e9 for name, count in operations.items()},
        "gflop_ratio": operations["double backward"] / operations["constant masks"],
        "median_cpu_seconds": {name: statistics.median(times) for name, times in seconds.items()},
        "median_ratio_of_pairs": statistics.median(pairs),
        "lowest_and_highest_ratio": [min(pairs), max(pairs)],
        "threads": 1,
    }


def conv_critic() -> nn.Module:
    layers = [
        nn.Conv2d(3, 128, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(128, 256, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(256, 512, 5, 1, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(512, 1, 1),
        nn.Flatten(1, 2),
    ]
    critic = nn.Sequential(*layers)
    for position, parameter in enumerate(critic.parameters()):
        nn.init.normal_(parameter, std=0.02, generator=stream(SEED, "weights", position))
    return critic


def gradient_penalty_of_map(critic: nn.Module, points: Tensor) -> Tensor:
    return gradient_penalty(critic, points)


def double_backward(critic: nn.Module, points: Tensor) -> Tensor:
    source = points.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(source).mean(dim=(1, 2)).sum(), source, create_graph=True)
    penalty: Tensor = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    return penalty


def gradients(route: Callable[[nn.Module, Tensor], Tensor], critic: nn.Module, points: Tensor) -> None:
    torch.autograd.grad(route(critic, points), list(critic.parameters()), allow_unused=True)


def clipped_critic(limit: float) -> dict[str, Any]:
    """A Wasserstein critic of three layers between two Gaussians, clipped after each of 1500 steps."""
    critic = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    for position, parameter in enumerate(critic.parameters()):
        nn.init.uniform_(parameter, -0.2, 0.2, generator=stream(SEED, "clip/weights", position))
    clip, optimiser = WeightClip(limit), torch.optim.RMSprop(critic.parameters(), lr=5e-4)
    for step in range(1500):
        fake, real = clouds(step)
        optimiser.zero_grad()
        (critic(fake).mean() - critic(real).mean()).backward()
        optimiser.step()
        clip.after_step(critic)
    points = torch.cat(clouds(1500)).requires_grad_()
    (slopes,) = torch.autograd.grad(critic(points).sum(), points)
    weights = torch.cat([parameter.detach().flatten() for parameter in critic.parameters()])
    return {
        "limit": limit,
        "share_at_the_limit": (weights.abs() >= 0.999 * limit).double().mean().item(),
        "mean_gradient_norm": slopes.norm(dim=1).mean().item(),
        "histogram": torch.histc(weights / limit, 21, -1, 1).int().tolist(),
    }


def clouds(step: int) -> tuple[Tensor, Tensor]:
    points = 0.5 * torch.randn(2, 128, 2, generator=stream(SEED, "clip/points", step))
    return points[0], points[1] + torch.tensor([2.0, 0.0])


class OperationCount(TorchDispatchMode):
    """Adds up what torch's own table says that each operator costs."""

    total = 0

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        result = function(*arguments, **(keywords or {}))
        cost = flop_registry.get(function._overloadpacket)
        self.total += cost(*arguments, **(keywords or {}), out_val=result) if cost else 0
        return result


def count_operations(work: Callable[[], None]) -> int:
    with OperationCount() as counter:
        work()
    return int(counter.total)


def save(name: str, content: dict[str, Any]) -> None:
    passport = {"seed": SEED, "torch": torch.__version__, "device": "cpu", "commit": git_commit()}
    write_text_atomically(RESULTS / name, json.dumps({"passport": passport, **content}, indent=1) + "\n")


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
