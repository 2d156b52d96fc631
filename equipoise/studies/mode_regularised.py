"""The tables and figures of mode-regularised GANs (Che et al. 2017). Torch-free."""

import itertools
from functools import partial

from equipoise.studies.study import CPU, SMOKE, Measure, Order, Published, Row, Scale, Sentence, Study, Variant

_study = partial(Study, paper="Che et al. 2017")
_MODE_SCORES = (
    Measure("inception-score", "MODE score as printed (inception score)", same=False),
    Measure("mode-score", "MODE score, marginal form"),
    Measure("modes-covered", "classes covered"),
)
_SETS = (1, 2, 3, 4)
_MISSING = {"dcgan": (204.7, 204.3, 103.4, 89.3), "reg-dcgan": (32.1, 71.5, 42.7, 31.6)}
_DIVERGENCE = {"dcgan": (77.9, 60.2, 75.9, 77.8), "reg-dcgan": (62.3, 58.9, 68.4, 67.8)}
_TITLES = {"dcgan": "DCGAN", "reg-dcgan": "Reg-DCGAN"}
_FACES = {
    "dcgan-celeba-100": ("DCGAN, 100", 5463, 590),
    "dcgan-celeba-200": ("DCGAN, 200", 17089, 15832),
    "reg-dcgan-celeba-100": ("Reg-GAN, 100", 754, 42),
    "reg-dcgan-celeba-200": ("Reg-GAN, 200", 3644, 391),
    "mdgan-celeba-200": ("MDGAN, 200", 74, 13),
    "vaegan-celeba-128": ("VAEGAN (Table 4)", 9720, 5862),
}
_OPTIMISERS = {
    "SGD": "{{kind: sgd, lr: {lr}}}",
    "Adam": "{{kind: adam, lr: {lr}, betas: [0.5, 0.999]}}",
}


def figure_3() -> Study:
    """The grid search on MNIST: 2,592 cells for each of two methods."""
    gan = Row("GAN", "gan-mnist-grid", variants=_grid(encoder=False))
    reg_gan = Row("Reg-GAN", "reg-gan-mnist-grid", variants=_grid(encoder=True))
    return _study(
        name="mode-figure-3",
        title="GAN and Reg-GAN over a grid of networks and settings on MNIST",
        place="Figure 3",
        introduction=(
            "Both methods have the same grid of layers, widths, dropout, optimisers and learning rates. The paper "
            "shows histograms of its MODE score, which as printed equals the inception score. The form that detects "
            "missing classes is shown too. Below the paper's budget, only a part of the grid is trained."
        ),
        rows=(gan, reg_gan),
        measures=_MODE_SCORES,
        orders=(Order("inception-score", "Reg-GAN", "GAN"),),
        summary="all runs",
        scales={
            "smoke": SMOKE,
            "cpu": Scale(seeds=1, samples=10_000, variants=48),
            "paper": Scale(seeds=1, samples=10_000),
        },
    )


def figure_4() -> Study:
    """Both weights of Reg-GAN varied together on one architecture."""
    weights = ("0.01", "0.1", "0.2", "0.5", "1")
    return _study(
        name="mode-figure-4",
        title="Reg-GAN on MNIST by the weight lambda1 = lambda2",
        place="Figure 4",
        introduction=(
            "The paper shows samples of one network under five weights, without scores, and names the weights only in "
            "the picture. Here the weights are our choice, for the network in the middle of the grid, next to a GAN "
            "with the same network. The paper's best samples are those of the best variants of mode-figure-3."
        ),
        rows=(
            Row("GAN", "gan-mnist-grid"),
            *(Row(f"lambda {weight}", f"reg-gan-mnist-lambda-{weight}") for weight in weights),
        ),
        measures=_MODE_SCORES,
        scales={"smoke": SMOKE, "cpu": CPU, "paper": Scale(seeds=3, samples=10_000)},
    )


def table_2() -> Study:
    """Missing numbers on compositional MNIST."""
    rows = tuple(
        Row(
            _TITLES[method],
            f"{method}-compositional-mnist-{number}",
            f"set {number}",
            published={
                "modes-missing": Published(_MISSING[method][number - 1]),
                "modes-kl": Published(_DIVERGENCE[method][number - 1] / 100, source="printed a hundred times larger"),
            },
        )
        for number in _SETS
        for method in _TITLES
    )
    return _study(
        name="mode-table-2",
        title="Numbers that are never generated, of 1,000",
        place="Table 2",
        introduction=(
            "Three digits side by side. A classifier reads each digit in 25,600 samples. The paper does not state its "
            "four distributions and the number of samples, so only the order can be compared. Its divergences cannot "
            "be nats; we assume hundredths of a nat."
        ),
        rows=rows,
        measures=(
            Measure("modes-missing", "numbers missing", same=False),
            Measure("modes-kl", "KL, nats", same=False),
        ),
        sentences=tuple(
            Sentence(text, metric, "Reg-DCGAN", "below", "DCGAN", f"set {number}")
            for number in _SETS
            for metric, text in (
                ("modes-missing", "the regularisers find numbers that DCGAN never generates"),
                ("modes-kl", "the divergence drops in all sets (hardly so in set 2 of its own table)"),
            )
        ),
        scales={"smoke": SMOKE, "cpu": CPU, "paper": Scale(seeds=3, samples=25_600)},
    )


def table_3() -> Study:
    """Test images on missing modes of CelebA."""
    rows = tuple(
        Row(
            label,
            recipe,
            published={"missing-modes-3.5": Published(low), "missing-modes-4": Published(high)},
        )
        for recipe, (label, low, high) in _FACES.items()
    )
    return _study(
        name="mode-table-3",
        title="Test images on missing modes of CelebA",
        place="Tables 3 and 4",
        introduction=(
            "A new discriminator, trained on noisy images, counts the test images that it considers never generated, "
            "out of 19,962. It has the architecture and the training of the run's own discriminator. The paper states "
            "neither the threshold (here 0.9; the passports contain others) nor the unit of the noise (here for images "
            "in [-1, 1]), so only the order can be compared."
        ),
        rows=rows,
        measures=(
            Measure("missing-modes-3.5", "missing, noise 3.5", same=False),
            Measure("missing-modes-4", "missing, noise 4", same=False),
        ),
        sentences=tuple(
            Sentence(text, metric, better, "below", worse)
            for metric in ("missing-modes-3.5", "missing-modes-4")
            for text, better, worse in (
                ("regularised, fewer images are missed than by DCGAN", "Reg-GAN, 100", "DCGAN, 100"),
                ("regularised, fewer images are missed than by DCGAN", "Reg-GAN, 200", "DCGAN, 200"),
                ("MDGAN misses fewest", "MDGAN, 200", "Reg-GAN, 100"),
                ("MDGAN misses fewest", "MDGAN, 200", "Reg-GAN, 200"),
                ("MDGAN misses fewest", "MDGAN, 200", "VAEGAN (Table 4)"),
            )
        ),
        scales={"smoke": SMOKE, "cpu": CPU, "paper": Scale(seeds=3, samples=20_000)},
    )


def ring() -> Study:
    """Six Gaussians in a ring."""
    return _study(
        name="mode-ring",
        title="Modes covered on six Gaussians in a ring",
        place="appendix C, Figure 9",
        introduction=(
            "The paper shows pictures, without numbers, in which Reg-GAN finds all modes and GAN does not. With the "
            "published weights and learning rate, twelve thousand iterations are far too few, so our settings are "
            "shown too. The paper trains MDGAN on faces only, so it makes no claim about that row."
        ),
        rows=(
            Row("GAN", "gan-ring"),
            Row("Reg-GAN", "reg-gan-ring"),
            Row("Reg-GAN, published settings", "reg-gan-ring-paper"),
            Row("MDGAN", "mdgan-ring"),
        ),
        measures=(
            Measure("modes-covered-loosely", "modes within 10 deviations"),
            Measure("modes-covered", "modes within 3 deviations"),
            Measure("share-near", "share within 3 deviations"),
        ),
        orders=tuple(Order("modes-covered-loosely", row, "GAN") for row in ("Reg-GAN", "Reg-GAN, published settings")),
        sentences=tuple(
            Sentence("Reg-GAN finds all six modes", "modes-covered-loosely", row, "about", 6)
            for row in ("Reg-GAN", "Reg-GAN, published settings")
        ),
        summary="all runs",
        scales={
            "smoke": SMOKE,
            "cpu": Scale(seeds=3, samples=10_000),
            "paper": Scale(seeds=10, samples=10_000),
        },
    )


def _grid(encoder: bool) -> tuple[Variant, ...]:
    """The cells of Table 1 of the paper, the smallest networks first."""
    return tuple(
        _cell(encoder, *cell)
        for cell in itertools.product(
            (2, 3, 4),
            (2, 3, 4),
            (400, 800, 1600, 3200),
            (256, 512, 1024),
            (False, True),
            ("Adam", "SGD"),
            ("Adam", "SGD"),
            ("0.001", "0.01", "0.0001"),
        )
    )


def _cell(
    encoder: bool,
    layers_g: int,
    layers_d: int,
    size_g: int,
    size_d: int,
    dropout: bool,
    optimiser_g: str,
    optimiser_d: str,
    lr: str,
) -> Variant:
    """One cell; the encoder mirrors the generator and learns as it does."""
    hidden = f"{[size_g] * (layers_g - 1)}"
    learns = _OPTIMISERS[optimiser_g].format(lr=lr)
    changes = [
        f"players.generator.network.hidden={hidden}",
        f"players.generator.optimiser={learns}",
        f"players.discriminator.network.hidden={[size_d] * (layers_d - 1)}",
        f"players.discriminator.network.dropout={0.5 if dropout else 0.0}",
        f"players.discriminator.optimiser={_OPTIMISERS[optimiser_d].format(lr=lr)}",
    ]
    if encoder:
        changes += [f"players.encoder.network.hidden={hidden}", f"players.encoder.optimiser={learns}"]
    words = f"G {layers_g}x{size_g} {optimiser_g}, D {layers_d}x{size_d} {optimiser_d}"
    return Variant(f"{words}{', dropout' if dropout else ''}, lr {lr}", tuple(changes))
