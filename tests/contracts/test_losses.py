"""One table of all losses. A new public name must join it, and passes every contract below.

Each row holds a loss against a reference that shares nothing with it: plain Python loops over float64 numbers.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from equipoise import losses

# ---------------------------------------------------------------- references: one number at a time, no torch


def mean_of(function: Callable[[float], float], *arrays: np.ndarray) -> float:
    values = [function(*map(float, row)) for row in zip(*(a.ravel() for a in arrays), strict=True)]
    return math.fsum(values) / len(values)


def soft(value: float) -> float:
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def cross_entropy(real: np.ndarray, fake: np.ndarray) -> float:
    return mean_of(lambda s: soft(-s), real) + mean_of(soft, fake)


def energies(images: np.ndarray, others: np.ndarray, kind: str = "squared") -> np.ndarray:
    result = []
    for image, other in zip(images, others, strict=True):
        errors = [float(a) - float(b) for a, b in zip(image.ravel(), other.ravel(), strict=True)]
        squares = math.fsum(e * e for e in errors)
        result.append(
            {
                "squared": squares,
                "norm": math.sqrt(squares),
                "mean_absolute": math.fsum(map(abs, errors)) / len(errors),
                "mean": squares / len(errors),
            }[kind]
        )
    return np.array(result)


def margin_rule(margin: float, real: float, fake: float, before: float) -> float:
    if before <= fake and real < margin and real < fake:
        return float(real)
    return float(margin)


def mean_squared_cosine(codes: np.ndarray) -> float:
    rows = [row.ravel() for row in codes]
    total, pairs = 0.0, 0
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            if i != j:
                dot, lengths = sum(a * b), math.sqrt(sum(a * a) * sum(b * b))
                total, pairs = total + (dot / lengths) ** 2, pairs + 1
    return total / pairs


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return math.fsum((float(p) - float(q)) ** 2 for p, q in zip(a, b, strict=True))


def all_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.array([[distance(p, q) for q in b] for p in a])


def gaussian(squared: float, bandwidths: tuple[float, ...]) -> float:
    return math.fsum(math.exp(-squared / (2 * s * s)) for s in bandwidths)


def rational(squared: float, alphas: tuple[float, ...]) -> float:
    return math.fsum((1 + squared / (2 * a)) ** -a for a in alphas)


def elementwise(function: Callable[[float], float], array: np.ndarray) -> np.ndarray:
    return np.array([function(float(v)) for v in array.ravel()]).reshape(array.shape)


def pair_mean(a: np.ndarray, b: np.ndarray, kernel: Callable[[float], float], unbiased: bool) -> float:
    values = [kernel(distance(p, q)) for i, p in enumerate(a) for j, q in enumerate(b) if i != j or not unbiased]
    return math.fsum(values) / len(values)


def mmd(real: np.ndarray, fake: np.ndarray, kernel: Callable[[float], float], unbiased: bool = True) -> float:
    within = pair_mean(real, real, kernel, unbiased) + pair_mean(fake, fake, kernel, unbiased)
    return within - 2 * pair_mean(real, fake, kernel, unbiased)


def mmd_critic(
    real: np.ndarray,
    fake: np.ndarray,
    repulsion: float,
    bounds: tuple[float, float] | None = None,
    code_compat: bool = False,
) -> float:
    def bounded(side: str) -> Callable[[float], float]:
        if bounds is None or side == "free":
            return lambda d: gaussian(d, (1.0,))
        if side == "pulled":
            return lambda d: gaussian(max(d, bounds[0]), (1.0,))
        return lambda d: gaussian(min(d, bounds[1]), (1.0,))

    real_side, cross_side, fake_side = "pushed", "pushed", "pulled"
    if repulsion < 0:
        real_side = "pulled"
    if repulsion > 1 or code_compat:
        cross_side = "free"
    return (
        repulsion * pair_mean(real, real, bounded(real_side), True)
        - (repulsion - 1) * pair_mean(real, fake, bounded(cross_side), True)
        - pair_mean(fake, fake, bounded(fake_side), True)
    )


AMPLIFICATION: dict[str, Callable[[float], float]] = {
    "magnitude": lambda y: abs(min(y, 1)),
    "literal": lambda y: min(y, 1),
    "zero": lambda y: max(-y, 0),
    "zero-literal": lambda y: min(y, 0),
    "margin": lambda y: 1 + max(1 - y, 0),
}
# Functions of one score whose slope is -A(y): a loss that holds A constant has their gradient.
POTENTIAL: dict[str, Callable[[float], float]] = {
    "magnitude": lambda y: y * y / 2 if y < 0 else (-y * y / 2 if y < 1 else 0.5 - y),
    "literal": lambda y: -y * y / 2 if y < 1 else 0.5 - y,
    "zero": lambda y: y * y / 2 if y < 0 else 0.0,
    "zero-literal": lambda y: -y * y / 2 if y < 0 else 0.0,
    "margin": lambda y: -y + max(1 - y, 0) ** 2 / 2,
}

# ---------------------------------------------------------------- arguments, always float64


def draw(*shapes: tuple[int, ...], scale: float = 1.5) -> Callable[[], tuple[torch.Tensor, ...]]:
    """Normal numbers of these shapes, the same at every call."""

    def arguments() -> tuple[torch.Tensor, ...]:
        generator = torch.Generator().manual_seed(7)
        return tuple(scale * torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)

    return arguments


def positive(*shapes: tuple[int, ...]) -> Callable[[], tuple[torch.Tensor, ...]]:
    return lambda: tuple(value.abs() for value in draw(*shapes)())


def numbers(*values: float) -> Callable[[], tuple[torch.Tensor, ...]]:
    return lambda: tuple(torch.tensor(value, dtype=torch.float64) for value in values)


@dataclass(frozen=True)
class Contract:
    """One row: a loss with its options, arguments, its reference and calls that must be refused."""

    public: str
    arguments: Callable[[], tuple[torch.Tensor, ...]]
    reference: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)
    potential: Callable[..., float] | None = None
    has_gradient: bool = True
    has_batch: bool = True
    refused: tuple[dict[str, Any], ...] = ()
    variant: str = ""

    def call(self, *arguments: torch.Tensor, **options: Any) -> Any:
        function = getattr(losses, self.public)
        if inspect.isclass(function):
            return function(**{**self.options, **options})(*arguments)
        return function(*arguments, **{**self.options, **options})

    def names(self) -> list[str]:
        """The names of the tensor arguments."""
        function = getattr(losses, self.public)
        signature = inspect.signature(function.__call__ if inspect.isclass(function) else function)
        names = [name for name in signature.parameters if name != "self"]
        return names[: len(self.arguments())]


PAIR, MAPS = draw((6,), (6,)), draw((3, 4, 4), (3, 4, 4))
FEATURES = draw((6, 3), (6, 3), scale=0.8)
IMAGES = ((5, 2, 3, 3), (5, 2, 3, 3))
MODES = draw((5,), *IMAGES)


def halved_square(target: float) -> Callable[[float], float]:
    return lambda s: (s - target) ** 2 / 2


def geometric(images: np.ndarray, others: np.ndarray, kind: str = "mean") -> float:
    return float(np.mean(energies(images, others, kind)))


def encoder(scores: np.ndarray, images: np.ndarray, others: np.ndarray) -> float:
    return 0.3 * geometric(images, others) + 0.7 * mean_of(lambda s: soft(-s), scores)


REG_WEIGHTS = {"geometric_weight": 0.3, "mode_weight": 0.7}
REG_REFUSED = ({"geometric_weight": -1.0}, {"mode_weight": math.nan}, {"reduction": "median"})
ONE, FIVE, ALPHAS = (1.0,), (1.0, 2**0.5, 2.0, 2**1.5, 4.0), (0.2, 0.5, 1.0, 2.0, 5.0)
WIDTHS_REFUSED = tuple({"bandwidths": widths} for widths in [(), (0.0,), (1.0, -1.0), (math.inf,)])
ALPHAS_REFUSED = tuple({"alphas": widths} for widths in [(), (0.0,), (1.0, -1.0), (math.nan,)])
BOUNDS_REFUSED = tuple({"bounds": bounds} for bounds in [(-1.0, 4.0), (4.0, 0.25), (1.0, 1.0)])


def spatial(amplifier: str) -> Contract:
    return Contract(
        "spatial_generator_loss",
        draw((3, 4, 4), scale=2.0),
        lambda y: -mean_of(lambda s: s * AMPLIFICATION[amplifier](s), y),
        {"amplifier": amplifier},
        potential=lambda y: mean_of(POTENTIAL[amplifier], y),
        refused=({"amplifier": "loud"},),
        variant=amplifier,
    )


def critic(repulsion: float, bounds: tuple[float, float] | None, code_compat: bool = False) -> Contract:
    return Contract(
        "mmd_discriminator_loss",
        FEATURES,
        partial(mmd_critic, repulsion=repulsion, bounds=bounds, code_compat=code_compat),
        {"repulsion": repulsion, "bounds": bounds, "code_compat": code_compat},
        refused=({"repulsion": math.nan}, *BOUNDS_REFUSED),
        variant=f"{repulsion} {bounds}{' as in the code' if code_compat else ''}",
    )


def estimator(public: str, kernel: Any, reference: Callable[[float], float], unbiased: bool, variant: str) -> Contract:
    return Contract(
        public,
        FEATURES,
        partial(mmd, kernel=reference, unbiased=unbiased),
        {"kernel": kernel, "unbiased": unbiased},
        variant=variant,
    )


TABLE = [
    Contract("minimax_discriminator_loss", PAIR, cross_entropy),
    Contract("minimax_discriminator_loss", MAPS, cross_entropy, variant="map"),
    Contract("minimax_generator_loss", draw((6,)), lambda y: -mean_of(soft, y)),
    Contract("non_saturating_generator_loss", draw((6, 1)), lambda y: mean_of(lambda s: soft(-s), y)),
    *(
        Contract(
            "hinge_discriminator_loss",
            arguments,
            lambda x, y: mean_of(lambda s: max(0, 1 - s), x) + mean_of(lambda s: max(0, 1 + s), y),
            variant=variant,
        )
        for arguments, variant in ((PAIR, ""), (MAPS, "map"))
    ),
    Contract("hinge_generator_loss", draw((6,)), lambda y: mean_of(lambda s: -s, y)),
    Contract("wasserstein_discriminator_loss", PAIR, lambda x, y: mean_of(lambda s: s, y) - mean_of(lambda s: s, x)),
    Contract("wasserstein_generator_loss", draw((6,)), lambda y: mean_of(lambda s: -s, y)),
    Contract(
        "least_squares_discriminator_loss",
        PAIR,
        lambda x, y: mean_of(halved_square(1), x) + mean_of(halved_square(0), y),
    ),
    Contract("least_squares_generator_loss", draw((6,)), lambda y: mean_of(halved_square(1), y)),
    *(
        Contract(
            "reconstruction_energy",
            draw(*IMAGES),
            partial(energies, kind=kind),
            {"kind": kind},
            refused=({"kind": "cosine"},),
            variant=kind,
        )
        for kind in ("squared", "norm", "mean_absolute")
    ),
    *(
        Contract(
            "energy_discriminator_loss",
            positive((6,), (6,)),
            lambda x, y, m=margin: mean_of(lambda e: e, x) + mean_of(lambda e: max(0, m - e), y),
            {"margin": margin},
            refused=({"margin": -0.1}, {"margin": math.nan}, {"margin": torch.tensor(-0.1)}, {"margin": torch.ones(6)}),
            variant=f"margin {margin}",
        )
        for margin in (0.0, 1.3)
    ),
    Contract("energy_generator_loss", positive((6,)), lambda y: mean_of(lambda e: e, y)),
    *(
        Contract(
            "adapted_margin", numbers(*values), margin_rule, has_gradient=False, has_batch=False, variant=str(values)
        )
        for values in (
            (5.0, 3.0, 4.0, 3.5),
            (5.0, 3.0, 4.0, 4.0),
            (5.0, 3.0, 4.0, math.inf),
            (5.0, 6.0, 7.0, 1.0),
            (5.0, 4.0, 3.0, 1.0),
            (5.0, 5.0, 7.0, 1.0),
            (5.0, 4.0, 4.0, 1.0),
        )
    ),
    Contract("pulling_away", draw((5, 4)), mean_squared_cosine),
    Contract("pulling_away", draw((4, 3, 2, 2)), mean_squared_cosine, variant="map"),
    Contract(
        "boundary_equilibrium_losses",
        positive((6,), (6,)),
        lambda x, y: (mean_of(lambda e: e, x) - 0.4 * mean_of(lambda e: e, y), mean_of(lambda e: e, y)),
        {"balance": 0.4},
        refused=({"balance": -0.1}, {"balance": torch.tensor(math.nan)}),
    ),
    *(
        Contract(
            "updated_balance",
            lambda k=balance: (*numbers(k)(), *positive((6,), (6,))()),
            lambda k, x, y, g=gamma: min(
                1.0, max(0.0, float(k) + 0.2 * (g * mean_of(lambda e: e, x) - mean_of(lambda e: e, y)))
            ),
            {"gamma": gamma, "rate": 0.2},
            has_gradient=False,
            refused=({"gamma": 0.0}, {"rate": -1.0}),
            variant=f"{balance} {gamma}",
        )
        for balance, gamma in ((0.5, 0.5), (0.0, 0.3), (1.0, 9.0))
    ),
    Contract(
        "convergence_measure",
        positive((6,), (6,)),
        lambda x, y: mean_of(lambda e: e, x) + abs(0.7 * mean_of(lambda e: e, x) - mean_of(lambda e: e, y)),
        {"gamma": 0.7},
        has_gradient=False,
        refused=({"gamma": -1.0},),
    ),
    *(spatial(amplifier) for amplifier in AMPLIFICATION),
    Contract("squared_distances", draw((5, 3), (5, 3)), all_distances),
    *(
        Contract(
            "gaussian_kernel",
            positive((5, 5)),
            lambda d, s=sigmas: elementwise(lambda v: gaussian(v, s), d),
            {"bandwidths": sigmas},
            refused=WIDTHS_REFUSED,
            variant=f"{len(sigmas)}",
        )
        for sigmas in (ONE, FIVE, (0.7, 3.0))
    ),
    Contract(
        "GaussianKernel",
        positive((5, 5)),
        lambda d: elementwise(lambda v: gaussian(v, FIVE), d),
        {"bandwidths": FIVE},
        refused=WIDTHS_REFUSED,
    ),
    Contract(
        "rational_quadratic_kernel",
        positive((5, 5)),
        lambda d: elementwise(lambda v: rational(v, ALPHAS), d),
        {"alphas": ALPHAS},
        refused=ALPHAS_REFUSED,
    ),
    Contract(
        "RationalQuadraticKernel",
        positive((5, 5)),
        lambda d: elementwise(lambda v: rational(v, ALPHAS), d),
        {"alphas": ALPHAS},
        refused=ALPHAS_REFUSED,
    ),
    *(
        estimator("squared_mmd", kernel, reference, unbiased, f"{variant} {'unbiased' if unbiased else 'biased'}")
        for kernel, reference, variant in (
            (losses.GaussianKernel(ONE), partial(gaussian, bandwidths=ONE), "gaussian"),
            (losses.GaussianKernel(FIVE), partial(gaussian, bandwidths=FIVE), "gaussian mixture"),
            (losses.RationalQuadraticKernel(ALPHAS), partial(rational, alphas=ALPHAS), "rational quadratic"),
            (lambda d: torch.exp(-d.clamp(min=1e-9).sqrt()), lambda d: math.exp(-math.sqrt(max(d, 1e-9))), "your own"),
        )
        for unbiased in (True, False)
    ),
    estimator("mmd_generator_loss", losses.GaussianKernel(FIVE), partial(gaussian, bandwidths=FIVE), True, ""),
    *(critic(repulsion, bounds) for repulsion in (-1.0, -0.5, 0.0, 0.5, 1.0, 2.0) for bounds in (None, (0.25, 1.5))),
    *(critic(repulsion, (0.25, 1.5), code_compat=True) for repulsion in (-1.0, 0.5, 1.0, 2.0)),
    Contract("mode_regulariser", draw((5,)), lambda s: mean_of(lambda v: soft(-v), s)),
    *(
        Contract(
            "geometric_regulariser",
            draw(*IMAGES),
            partial(geometric, kind=kind),
            {"reduction": reduction},
            refused=({"reduction": "median"},),
            variant=reduction,
        )
        for reduction, kind in (("mean", "mean"), ("sum", "squared"))
    ),
    Contract("reg_gan_encoder_loss", MODES, encoder, REG_WEIGHTS, refused=REG_REFUSED),
    Contract(
        "reg_gan_generator_loss",
        draw((5,), (5,), *IMAGES),
        lambda fake, scores, images, others: mean_of(lambda s: soft(-s), fake) + encoder(scores, images, others),
        REG_WEIGHTS,
        refused=REG_REFUSED,
    ),
    Contract("manifold_discriminator_loss", PAIR, cross_entropy),
    Contract(
        "manifold_generator_loss",
        MODES,
        lambda s, x, r: geometric(x, r, "squared") + 0.6 * mean_of(lambda v: soft(-v), s),
        {"adversarial_weight": 0.6, "reduction": "sum"},
        refused=({"adversarial_weight": -0.5}, {"reduction": "median"}),
    ),
    Contract("diffusion_discriminator_loss", PAIR, cross_entropy),
    Contract("diffusion_generator_loss", draw((6,)), lambda y: mean_of(lambda s: soft(-s), y)),
]
every_row = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.public}-{row.variant}".strip("-"))

# ---------------------------------------------------------------- the contracts


def stacked(result: Any) -> torch.Tensor:
    """A result that may be a pair of losses, as one tensor."""
    return torch.stack(result) if isinstance(result, tuple) else result


def deviation_from_reference(row: Contract) -> float:
    """The largest difference from the reference, relative to 1 + |reference|."""
    arguments = row.arguments()
    expected = np.array(row.reference(*(value.numpy() for value in arguments)))
    found = stacked(row.call(*arguments)).numpy()
    assert found.shape == expected.shape
    return float(np.max(np.abs(found - expected) / (1 + np.abs(expected))))


def test_the_table_has_every_public_name_and_no_other() -> None:
    assert {row.public for row in TABLE} == set(losses.__all__)


@every_row
def test_it_equals_its_reference(row: Contract) -> None:
    assert deviation_from_reference(row) < 1e-12


@every_row
def test_its_gradient_is_that_of_its_values(row: Contract) -> None:
    arguments = tuple(value.requires_grad_() for value in row.arguments())
    if not row.has_gradient:
        assert not stacked(row.call(*arguments)).requires_grad
    elif row.potential is None:
        assert torch.autograd.gradcheck(lambda *values: row.call(*values), arguments)
    else:
        (found,) = torch.autograd.grad(row.call(*arguments), arguments)
        np.testing.assert_allclose(found.numpy(), finite_differences(row.potential, arguments[0]), atol=1e-8)


def finite_differences(function: Callable[[np.ndarray], float], at: torch.Tensor, step: float = 1e-6) -> np.ndarray:
    point = at.detach().numpy().copy()
    slopes = np.empty_like(point)
    for index in np.ndindex(point.shape):
        above, below = point.copy(), point.copy()
        above[index] += step
        below[index] -= step
        slopes[index] = (function(above) - function(below)) / (2 * step)
    return slopes


@every_row
def test_float32_agrees_with_float64(row: Contract) -> None:
    double, single = row.arguments(), tuple(value.float() for value in row.arguments())
    found = stacked(row.call(*single))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), stacked(row.call(*double)), rtol=1e-5, atol=1e-5)


@every_row
def test_bfloat16_stays_finite_and_near(row: Contract) -> None:
    double, narrow = row.arguments(), tuple(value.bfloat16() for value in row.arguments())
    found = stacked(row.call(*narrow)).double()
    torch.testing.assert_close(found, stacked(row.call(*double)), rtol=0.04, atol=0.04)


@every_row
def test_the_order_of_the_batch_does_not_matter(row: Contract) -> None:
    if not row.has_batch:
        pytest.skip("it takes numbers, not a batch")
    arguments = row.arguments()
    count = max(value.shape[0] for value in arguments if value.ndim)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(3))
    before = stacked(row.call(*arguments))
    after = stacked(row.call(*(value[order] if value.ndim else value for value in arguments)))
    per_sample = {"reconstruction_energy": 1, "gaussian_kernel": 1, "rational_quadratic_kernel": 1}
    if row.public in per_sample or row.public.endswith("Kernel"):
        before = before[order]
    elif row.public == "squared_distances":
        before = before[order][:, order]
    torch.testing.assert_close(after, before, rtol=1e-13, atol=1e-13)


@every_row
def test_bad_tensors_are_refused_by_name(row: Contract) -> None:
    arguments = row.arguments()
    for position, name in enumerate(row.names()):
        value = arguments[position]
        spoiled = [torch.full_like(value, math.nan), torch.zeros(value.shape, dtype=torch.int64), [1.0, 2.0]]
        spoiled += [value[:0]] if value.ndim else [value.reshape(1)]
        for bad in spoiled:
            with pytest.raises(ValueError, match=rf"^(each of )?{name} (must|of shape)"):
                row.call(*arguments[:position], bad, *arguments[position + 1 :])


@every_row
def test_shapes_that_do_not_match_are_refused(row: Contract) -> None:
    arguments = row.arguments()
    batches = [i for i, value in enumerate(arguments) if value.ndim]
    if len(batches) < 2 or row.public == "squared_distances":
        pytest.skip("it takes one batch, or batches of any two sizes")
    last = batches[-1]
    for bad in (arguments[last][:-1], arguments[last][..., None]):
        with pytest.raises(ValueError, match=rf"{row.names()[last]} must .* got (shape )?\("):
            row.call(*arguments[:last], bad, *arguments[last + 1 :])


@every_row
def test_bad_options_are_refused_by_name(row: Contract) -> None:
    for options in row.refused:
        (name,) = options
        with pytest.raises(ValueError, match=name):
            row.call(*row.arguments(), **options)
