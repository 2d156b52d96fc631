"""Draw the figures of docs/losses/: every loss and its gradient, computed by the library itself.

Run from anywhere: python -m measurements.figures.losses
"""

from collections.abc import Callable
from functools import partial

import matplotlib
import torch

from measurements import FIGURES_FOLDER, take_no_words

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from equipoise import losses
from equipoise.losses.kernels import GAUSSIAN_MIXTURE

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
Curve = Callable[[torch.Tensor], torch.Tensor]


def sampled(function: Curve, at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The function at each point by itself, and its derivative there."""
    values, slopes = [], []
    for point in at:
        argument = point.reshape(1).clone().requires_grad_()
        value = function(argument)
        (slope,) = torch.autograd.grad(value, argument)
        values.append(value.detach())
        slopes.append(slope[0])
    return torch.stack(values), torch.stack(slopes)


def draw(axis: Axes, curves: dict[str, Curve], at: torch.Tensor, what: str, sign: int = -1) -> None:
    """One line per curve: its "value", or its "slope" times the sign."""
    for position, (name, function) in enumerate(curves.items()):
        values, slopes = sampled(function, at)
        style = ["-", "--", "-.", ":", (0, (5, 1, 1, 1))][position % 5]
        line = values if what == "value" else sign * slopes
        axis.plot(at, line, label=name, color=COLOURS[position % 6], linestyle=style, linewidth=2)
    axis.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axis.grid(alpha=0.25)


def spatial_loss(score: torch.Tensor, amplifier: str) -> torch.Tensor:
    return losses.spatial_generator_loss(score.reshape(1, 1, 1), amplifier)


def figure(panels: int) -> tuple[Figure, list[Axes]]:
    layout = ConstrainedLayoutEngine(w_pad=0.15)
    drawn, axes = plt.subplots(1, panels, figsize=(4.1 * panels, 4.2), layout=layout)
    return drawn, list(axes)


def titled(axis: Axes, title: str, across: str, up: str = "") -> None:
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(across)
    axis.set_ylabel(up)
    axis.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2))


def save(drawn: Figure, name: str) -> None:
    drawn.savefig(FIGURES_FOLDER / f"losses_{name}.png", dpi=80, metadata={"Software": None})
    plt.close(drawn)


def adversarial() -> None:
    at = torch.linspace(-4, 4, 161)
    zero = torch.zeros(1)
    discriminator: dict[str, Curve] = {
        "minimax": lambda s: losses.minimax_discriminator_loss(s, zero) - losses.minimax_generator_loss(zero).abs(),
        "hinge": lambda s: losses.hinge_discriminator_loss(s, -torch.ones(1)),
        "Wasserstein": lambda s: losses.wasserstein_discriminator_loss(s, zero),
        "least squares": lambda s: losses.least_squares_discriminator_loss(s, zero),
    }
    generator: dict[str, Curve] = {
        "minimax": losses.minimax_generator_loss,
        "hinge, Wasserstein": losses.hinge_generator_loss,
        "non-saturating": losses.non_saturating_generator_loss,
        "least squares": losses.least_squares_generator_loss,
    }
    drawn, axes = figure(3)
    draw(axes[0], discriminator, at, "value")
    titled(axes[0], "Discriminator: loss of one real score", "score s(x)", "loss")
    draw(axes[1], generator, at, "value")
    titled(axes[1], "Generator: loss of one fake score", "score s(G(z))", "loss")
    draw(axes[2], generator, at, "slope")
    titled(axes[2], "Generator: push on that score", "score s(G(z))", "-dL / ds")
    save(drawn, "adversarial")


def energy() -> None:
    at = torch.linspace(0, 8, 161)
    zero = torch.zeros(1)
    curves: dict[str, Curve] = {
        "discriminator, margin 5": lambda e: losses.energy_discriminator_loss(zero, e, 5.0),
        "discriminator, margin 2": lambda e: losses.energy_discriminator_loss(zero, e, 2.0),
        "BEGAN discriminator, k = 0.4": lambda e: losses.boundary_equilibrium_losses(zero, e, 0.4)[0],
        "generator": losses.energy_generator_loss,
    }
    drawn, axes = figure(3)
    draw(axes[0], curves, at, "value")
    titled(axes[0], "Loss of one generated image", "energy D(G(z))", "loss")
    draw(axes[1], curves, at, "slope")
    titled(axes[1], "Push on its energy", "energy D(G(z))", "-dL / dD")
    angles = torch.linspace(0, 180, 181)
    rays: dict[str, Curve] = {
        "pulling_away": lambda a: losses.pulling_away(
            torch.stack([torch.tensor([1.0, 0.0]), torch.cat([torch.cos(a.deg2rad()), torch.sin(a.deg2rad())])])
        )
    }
    draw(axes[2], rays, angles, "value")
    titled(axes[2], "EBGAN's pulling-away term of two codes", "angle between them, degrees")
    save(drawn, "energy")


def spatial() -> None:
    names = ["literal", "magnitude", "zero-literal", "zero", "margin"]
    at = torch.linspace(-3, 3, 241)
    drawn, axes = figure(2)
    curves: dict[str, Curve] = {name: partial(spatial_loss, amplifier=name) for name in names}
    draw(axes[0], curves, at, "slope")
    titled(axes[0], "Push on the score of one position", "score Y", "-dL / dY = A(Y)")
    for position, name in enumerate(names):
        style = ["-", "--", "-.", ":", (0, (5, 1, 1, 1))][position]
        axes[1].plot(means_under_descent(name), label=name, color=COLOURS[position], linestyle=style, linewidth=2)
    axes[1].axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axes[1].grid(alpha=0.25)
    axes[1].set_ylim(-8, 5)
    titled(axes[1], "Descent on a free 4 x 4 map of scores", "step", "mean score")
    save(drawn, "spatial")


def means_under_descent(amplifier: str, steps: int = 30) -> list[float]:
    """The mean score of a map that starts between -2 and 0.5 and follows the gradient, with step 0.1 x 16 positions."""
    score_map = torch.linspace(-2, 0.5, 16).reshape(1, 4, 4)
    means = [score_map.mean().item()]
    for _ in range(steps):
        score_map = score_map.detach().requires_grad_()
        (slope,) = torch.autograd.grad(losses.spatial_generator_loss(score_map, amplifier), score_map)
        score_map = score_map.detach() - 1.6 * slope
        means.append(score_map.mean().item())
    return means


def mmd() -> None:
    at = torch.linspace(0, 5, 201)
    kernels: dict[str, Curve] = {
        "Gaussian, sigma 1": lambda d: losses.gaussian_kernel(d**2, (1.0,)).sum(),
        "Gaussian, five sigmas / 5": lambda d: losses.gaussian_kernel(d**2, GAUSSIAN_MIXTURE).sum() / 5,
        "rational quadratic, five alphas / 5": lambda d: losses.RationalQuadraticKernel()(d**2).sum() / 5,
    }
    drawn, axes = figure(3)
    draw(axes[0], kernels, at, "value")
    titled(axes[0], "Kernels", "distance of two samples", "k")
    draw(axes[1], kernels, at, "slope", sign=1)
    titled(axes[1], "Their slopes", "distance of two samples", "dk / d distance")
    pushes: dict[str, Curve] = {
        "attractive: real pair, fake pair": lambda d: pair_loss(d, -1.0, None),
        "repulsive: real pair": lambda d: pair_loss(d, 1.0, None),
        "attractive, bounded": lambda d: pair_loss(d, -1.0, (0.25, 4.0)),
        "repulsive real pair, bounded": lambda d: pair_loss(d, 1.0, (0.25, 4.0)),
    }
    draw(axes[2], pushes, at[1:], "slope")
    titled(axes[2], "Discriminator: push on two samples", "distance of two samples", "-dL / d distance")
    save(drawn, "mmd")


def pair_loss(apart: torch.Tensor, repulsion: float, bounds: tuple[float, float] | None) -> torch.Tensor:
    """The discriminator's loss of two real samples at a distance, with two fake ones far away."""
    real = torch.cat([torch.zeros(1), apart]).reshape(2, 1)
    fake = torch.tensor([[1e3], [2e3]])
    return losses.mmd_discriminator_loss(real, fake, repulsion, bounds)


def modes() -> None:
    at = torch.linspace(-5, 5, 161)
    curves: dict[str, Curve] = {
        "mode_regulariser: -log D": losses.mode_regulariser,
        "as printed: +log D": lambda s: -losses.mode_regulariser(s),
    }
    drawn, axes = figure(3)
    draw(axes[0], curves, at, "value")
    titled(axes[0], "Loss of one reconstruction's score", "logit of G(E(x))", "loss")
    draw(axes[1], curves, at, "slope")
    titled(axes[1], "Push on that score", "logit of G(E(x))", "-dL / ds")
    image = torch.zeros(1, 16)
    distances: dict[str, Curve] = {
        "reduction='mean'": lambda e: losses.geometric_regulariser(image, e.expand(1, 16)),
        "reduction='sum'": lambda e: losses.geometric_regulariser(image, e.expand(1, 16), "sum"),
    }
    draw(axes[2], distances, torch.linspace(-1, 1, 101), "value")
    titled(axes[2], "geometric_regulariser, 16 pixels", "error of every pixel", "loss")
    save(drawn, "modes")


if __name__ == "__main__":
    take_no_words(__doc__)
    for part in (adversarial, energy, spatial, mmd, modes):
        part()
