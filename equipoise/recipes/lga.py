"""The experiments of the spatially decomposed hinge loss with its local gradient amplifier (LGA), Tables 1 and 2.

The paper names its base networks ("WGAN-GP based", "ResNet based SNGAN") and Adam's betas. Widths, learning rates,
batch sizes and discriminator steps are those of the base networks' own code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from equipoise.algorithms.dequantise import Dequantisation
from equipoise.algorithms.gan import GAN
from equipoise.algorithms.penalties import Penalty
from equipoise.constraints import SpectralNorm, WeightClip
from equipoise.data.celeba import CelebA
from equipoise.data.cifar10 import Cifar10
from equipoise.data.data_set import DataSet
from equipoise.data.lsun import LsunBedroom
from equipoise.data.stl10 import Stl10
from equipoise.experiments.experiment import Experiment, NetworkConfig, Watch, network, two_players
from equipoise.training.draw import Latent
from equipoise.training.optimisers import Adam, RMSprop
from equipoise.training.schedules import Constant, LinearDecay, Schedule


@dataclass(frozen=True)
class _Setting:
    """One data set's column of Table 1: the data, the networks' kind, the length, and the base code's numbers.

    With its 32x32 networks that code adds noise within one level to the images and lets the learning rate fall to 0
    over 100,000 iterations, in every row here but GeoGAN's; with those of 64x64 it does neither.
    """

    data: DataSet
    kind: str
    epochs: int
    lr: float
    generator_batches: int
    dequantisation: Dequantisation = "none"
    schedule: Schedule = field(default_factory=Constant)


_SETTINGS: Mapping[str, _Setting] = {
    "cifar10": _Setting(Cifar10(), "wgan-gp-resnet", 100, 2e-4, 2, "symmetric", LinearDecay(end=100_000)),
    "stl10": _Setting(Stl10(resolution=32), "wgan-gp-resnet", 100, 2e-4, 2, "symmetric", LinearDecay(end=100_000)),
    "celeba": _Setting(CelebA(crop="dcgan"), "wgan-gp-resnet64", 50, 1e-4, 1),
    "lsun": _Setting(LsunBedroom(), "wgan-gp-resnet64", 2, 1e-4, 1),
}
_REAL = {"stl10": 5_000}
"""Real images that FID is taken with, where the paper says another number than 10,000."""
_BATCH = 64
_CLIP = 0.01
_LIGHT = (Penalty("wgan-gp", 1.0),)
"""The penalty of every row but WGAN-GP's own."""
_SNGAN_ITERATIONS = 50_000
"""Over which the learning rate falls to 0, on both data sets; on STL-10 the paper stops long before."""
_SNGAN_STL10_ITERATIONS = 10_000


def table1(method: str, data: str) -> Experiment:
    """One cell of Table 1: a row ("geogan", "wgan-gp", "hinge-gp", "lga4", "zero-lga4", "lga8") on one data set.

    FID in the paper (10,000 real against 10,000 generated images; STL-10: 5,000 real):

                   CIFAR-10  STL-10  CelebA   LSUN
        geogan        36.14   49.95   13.96  48.58
        wgan-gp       22.59   55.40   11.15  64.01
        hinge-gp      23.30   69.72   16.07  57.12
        lga4          19.31   43.41   18.85  53.46
        zero-lga4     20.20   45.61    8.59  52.08
        lga8          16.61   35.83    7.68  42.17

    The amplifier is "magnitude" (for zero-lga4 "zero"), the printed one with its sign put right; the other repair is
    `--set algorithm.amplifier=margin`.
    Run:  equipoise train lga8-cifar10        100 epochs (CelebA 50, LSUN 2); best on a GPU
    """
    return _ROWS[method](_SETTINGS[data])


def sngan(data: str, map_size: int | None = None, whole: bool = False) -> Experiment:
    """SNGAN, or with a map of scores SNGAN + LGA (Table 2), on "cifar10" or "stl10".

    Inception score and FID in the paper: CIFAR-10 8.3 and 17.33, with LGA 8.5 and 18.16; STL-10 7.2 and 36.05, with
    LGA 7.3 and 34.02. The learning rate falls to 0 over 50,000 iterations. On STL-10 the paper stops after 10,000 of
    them; `whole` goes to their end, as its Figure 6 does, where SNGAN collapses after 20,000.
    Run:  equipoise train sngan-lga4-cifar10        50,000 iterations (STL-10 10,000); best on a GPU
          equipoise train sngan-stl10-whole         50,000 iterations
    """
    iterations = _SNGAN_STL10_ITERATIONS if data == "stl10" and not whole else _SNGAN_ITERATIONS
    adam = Adam(lr=2e-4, betas=(0.0, 0.9), schedule=LinearDecay(end=_SNGAN_ITERATIONS))
    discriminator = network("sngan-discriminator", map_size=map_size)
    return Experiment(
        name="sngan",
        data=_SETTINGS[data].data,
        value_range="symmetric",
        batch_size=_BATCH,
        latent=Latent(128),
        players=two_players(network("sngan-generator"), discriminator, adam, constraint=SpectralNorm("matrix")),
        algorithm=GAN(
            loss="hinge",
            amplifier="none" if map_size is None else "magnitude",
            discriminator_steps=5,
            first="generator",
            generator_batches=2,
            dequantisation="symmetric",
            iterations=iterations,
        ),
        watch=_watch(_SETTINGS[data].data),
    )


def _watch(data: DataSet) -> Watch:
    return Watch(sample_grids=20, real=_REAL.get(data.name))


def _wgan_gp(setting: _Setting) -> Experiment:
    return _experiment(
        setting,
        network(f"{setting.kind}-discriminator"),
        GAN(loss="wasserstein", penalties=(Penalty("wgan-gp", 10.0),), epochs=setting.epochs),
    )


def _hinge_gp(setting: _Setting) -> Experiment:
    base = _wgan_gp(setting)
    algorithm = GAN(loss="hinge", penalties=_LIGHT, epochs=setting.epochs)
    return replace(base, algorithm=_paced(algorithm, setting))


def _lga4(setting: _Setting) -> Experiment:
    algorithm = GAN(loss="hinge", amplifier="magnitude", penalties=_LIGHT, epochs=setting.epochs)
    return _experiment(setting, network(f"{setting.kind}-discriminator", map_size=4), algorithm)


def _zero_lga4(setting: _Setting) -> Experiment:
    algorithm = GAN(loss="hinge", amplifier="zero", penalties=_LIGHT, epochs=setting.epochs)
    return _experiment(setting, network(f"{setting.kind}-discriminator", map_size=4), algorithm)


def _lga8(setting: _Setting) -> Experiment:
    algorithm = GAN(loss="hinge", amplifier="magnitude", penalties=_LIGHT, epochs=setting.epochs)
    return _experiment(setting, network(f"{setting.kind}-discriminator", map_size=8), algorithm)


def _geogan(setting: _Setting) -> Experiment:
    """Clip, C = 1 and learning rate are those of the Geometric GAN's code; so is one step each, its default.

    Its commands for pictures make ten generator steps for each of the discriminator's, with 100 latent dimensions.
    """
    base = _wgan_gp(setting)
    size = {"image_size": 64 if setting.kind.endswith("64") else 32}
    players = two_players(
        network("dcgan-generator", latent_size=128, **size),
        network("dcgan-discriminator", **size),
        RMSprop(lr=2e-4),
        constraint=WeightClip(_CLIP, except_last=True),
    )
    algorithm = GAN(loss="hinge", head_decay=1 / _BATCH, epochs=setting.epochs)
    return replace(base, players=players, algorithm=algorithm)


def _experiment(setting: _Setting, discriminator: NetworkConfig, algorithm: GAN) -> Experiment:
    adam = Adam(lr=setting.lr, betas=(0.0, 0.9), schedule=setting.schedule)
    return Experiment(
        name="lga",
        data=setting.data,
        value_range="symmetric",
        batch_size=_BATCH,
        latent=Latent(128),
        players=two_players(network(f"{setting.kind}-generator"), discriminator, adam),
        algorithm=_paced(algorithm, setting),
        watch=_watch(setting.data),
    )


def _paced(algorithm: GAN, setting: _Setting) -> GAN:
    """Five discriminator steps per generator step; where the base code does so, the latter sees a double batch."""
    return replace(
        algorithm,
        discriminator_steps=5,
        generator_batches=setting.generator_batches,
        dequantisation=setting.dequantisation,
    )


_ROWS = {
    "geogan": _geogan,
    "wgan-gp": _wgan_gp,
    "hinge-gp": _hinge_gp,
    "lga4": _lga4,
    "zero-lga4": _zero_lga4,
    "lga8": _lga8,
}
