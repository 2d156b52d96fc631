"""The experiments of "Improving MMD-GAN training with repulsive loss function" (Wang et al. 2019).

Every score of the paper is the best of sixteen pairs of learning rates. Here each recipe has one pair: on CIFAR-10 the
best one of that loss in the authors' raw results, elsewhere the one in the authors' script for the data set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from equipoise.algorithms.gan import GAN
from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.constraints import SpectralNorm
from equipoise.data.catalogue import DataSet
from equipoise.data.celeba import CelebA
from equipoise.data.cifar10 import Cifar10
from equipoise.data.folder import Folder
from equipoise.data.lsun import LsunBedroom
from equipoise.data.stl10 import Stl10
from equipoise.experiments.experiment import Experiment, Watch, network
from equipoise.losses.kernels import GAUSSIAN_MIXTURE, RATIONAL_QUADRATIC_MIXTURE
from equipoise.recipes.parts import two_players
from equipoise.training.draw import Latent
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import Adam

ITERATIONS = 100_000
BOUNDS = (0.25, 4.0)
SCALE = 1 / 0.55
"""C of the main text, on every layer."""
_FEATURES = 16
_Rates = tuple[float, float]
"""Learning rates of discriminator and generator."""


@dataclass(frozen=True)
class _Setting:
    """One data set: images' side, how many weighted layers the discriminator has, and the script's learning rates."""

    data: DataSet
    image_size: int
    layers: int
    rates: _Rates


_SETTINGS: Mapping[str, _Setting] = {
    "cifar10": _Setting(Cifar10(), 32, 8, (5e-4, 2e-4)),
    "stl10": _Setting(Stl10(resampling="lanczos"), 48, 8, (2e-4, 2e-4)),
    "celeba": _Setting(CelebA(crop="mmd", resampling="lanczos"), 64, 10, (1e-4, 2e-4)),
    "lsun": _Setting(LsunBedroom(resampling="lanczos"), 64, 10, (2e-4, 1e-4)),
}
_CIFAR_RATES: Mapping[str, _Rates] = {
    "rbf": (1e-4, 2e-4),
    "rq": (1e-4, 2e-4),
    "rbf-b": (1e-4, 2e-4),
    "rep-b": (1e-3, 5e-4),
}

LOSSES: Mapping[str, Callable[[], Algorithm]] = {
    "non-saturating": lambda: GAN(loss="non-saturating", update="simultaneous", iterations=ITERATIONS),
    "hinge": lambda: GAN(loss="hinge", update="simultaneous", iterations=ITERATIONS),
    "rbf": lambda: MMDGAN(repulsion=-1.0, widths=GAUSSIAN_MIXTURE, iterations=ITERATIONS),
    "rq": lambda: MMDGAN(
        repulsion=-1.0, kernel="rational-quadratic", widths=RATIONAL_QUADRATIC_MIXTURE, iterations=ITERATIONS
    ),
    "rbf-b": lambda: MMDGAN(repulsion=-1.0, bounds=BOUNDS, iterations=ITERATIONS),
    "rep": lambda: MMDGAN(repulsion=1.0, iterations=ITERATIONS),
    "rep-b": lambda: MMDGAN(repulsion=1.0, bounds=BOUNDS, iterations=ITERATIONS),
}


def table1(loss: str, data: str) -> Experiment:
    """One cell of Table 1: a loss on one data set, spectrally normalised by PICO with C = 1/0.55.

    Inception score and FID, or FID and MS-SSIM, in the paper:

                          CIFAR-10       STL-10         CelebA         LSUN
        real data       11.31   2.09   26.37   2.10   1.09 0.2678   1.24 0.0915
        non-saturating   7.39  23.23    8.25  48.53  10.64 0.2895  23.66 0.1027
        hinge            7.33  23.46    8.24  49.44   8.60 0.2894  16.73 0.0946
        rbf              7.05  28.38    8.13  57.52  13.03 0.2937    diverged
        rq               7.22  27.00    8.11  54.05  12.74 0.2935    diverged
        rbf-b            7.18  25.25    8.07  51.86  10.09 0.3090  32.29 0.1001
        rep              7.99  16.65    9.36  36.67   7.20 0.2761  16.91 0.0901
        rep-b            8.29  16.21    9.34  37.63   6.79 0.2659  12.52 0.0908

    Run:  equipoise train mmd-rep-b-cifar10        100,000 iterations; best on a GPU
    """
    return _experiment(loss, _SETTINGS[data])


def table_s3(loss: str, data: str, gain: int | None) -> Experiment:
    """One cell of Table S3: PICO with C^K = gain, or PIM (with C = 1, as the paper does not say) without a gain.

    FID in the paper, PIM and PICO:

                      CIFAR-10      STL-10       CelebA        LSUN
        hinge (128)  23.60 22.89  47.10 47.24  10.02  9.08  27.38 17.20
        rbf (128)    26.56 26.50  53.17 54.23  13.06 12.81     diverged
        rep (64)     19.98 17.00  40.40 37.15   8.51  6.81  74.03 16.01
        rep-b (64)   18.24 16.65  39.78 37.31   7.09  6.42  20.12 11.22

    The other gains are those of the authors' raw results on CIFAR-10.
    Run:  equipoise train mmd-rep-cifar10-pico-64        100,000 iterations; best on a GPU
    """
    setting = _SETTINGS[data]
    if gain is None:
        return _experiment(loss, setting, SpectralNorm("matrix", scale=1.0))
    return _experiment(loss, setting, SpectralNorm("convolution", scale=gain ** (1 / setting.layers)))


def figure3(repulsion: float, bounded: bool) -> Experiment:
    """The general lambda on CIFAR-10 (Figure 3): -1 is the attractive loss, 1 the repulsive one.

    The paper finds lambda >= 0 good, 0.5 to 1 best, more divergence the larger it is, and the bounded kernel to rescue
    most of that; it prints no number.
    Run:  equipoise train mmd-lambda-0.5-cifar10        100,000 iterations; best on a GPU
    """
    algorithm = MMDGAN(repulsion=repulsion, bounds=BOUNDS if bounded else None, iterations=ITERATIONS)
    return replace(_experiment("rep", _SETTINGS["cifar10"]), algorithm=algorithm)


def table_s4(method: str) -> Experiment:
    """The gradient penalties of Table S4 on CIFAR-10, one feature.

    Inception score and FID in the paper: SMMD-GAN 7.0 and 31.5, SN-SMMD-GAN 7.3 and 25.0 (from Arbel et al. 2018, who
    took 150,000 generator steps), the repulsive loss 7.26 and 23.01.
    Run:  equipoise train mmd-rep-gp-cifar10        100,000 iterations; best on a GPU
    """
    return _S4[method]()


def table_s5(size: int) -> Experiment:
    """The repulsive loss with other numbers of features on CIFAR-10 (Table S5), each at the scale reported there.

    Inception score and FID in the paper: 1 feature 7.43 and 22.43, 4 7.81 and 17.87, 16 8.20 and 16.99, 64 8.08 and
    15.65, 256 7.96 and 16.61.
    Run:  equipoise train mmd-rep-cifar10-features-64        100,000 iterations; best on a GPU
    """
    gain = 64 if size < _FEATURES else 32
    constraint = SpectralNorm("convolution", scale=gain ** (1 / _SETTINGS["cifar10"].layers))
    return _experiment("rep", _SETTINGS["cifar10"], constraint, features=size)


def folder(loss: str, path: str = "images") -> Experiment:
    """The networks and settings of CIFAR-10 on a folder of images, at 32x32. No published figure.

    Run:  equipoise train mmd-rep-b-folder --set data.path=PATH        100,000 iterations; best on a GPU
    """
    experiment = _experiment(loss, _SETTINGS["cifar10"], rates=_rates(loss))
    return replace(experiment, name="mmd-folder", data=Folder(path, resolution=32))


def _experiment(
    loss: str,
    setting: _Setting,
    constraint: SpectralNorm | None = SpectralNorm("convolution", scale=SCALE),  # noqa: B008
    features: int = _FEATURES,
    rates: _Rates | None = None,
) -> Experiment:
    """The losses on scores have one per image; the MMD losses have features."""
    algorithm = LOSSES[loss]()
    discriminator_rate, generator_rate = rates or (_rates(loss) if setting.image_size == 32 else setting.rates)
    output_size = features if isinstance(algorithm, MMDGAN) else None
    return Experiment(
        name="mmd",
        data=setting.data,
        value_range="symmetric",
        batch_size=64,
        latent=Latent(128),
        players=two_players(
            network("mmd-generator", image_size=setting.image_size),
            network("mmd-discriminator", image_size=setting.image_size, output_size=output_size),
            Adam(lr=generator_rate),
            Adam(lr=discriminator_rate),
            constraint=constraint,
        ),
        algorithm=algorithm,
        watch=Watch(sample_grids=20),
    )


def _rates(loss: str) -> _Rates:
    return _CIFAR_RATES.get(loss, _SETTINGS["cifar10"].rates)


def _scaled_mmd(constraint: SpectralNorm | None) -> Experiment:
    """The settings of Arbel et al. 2018: five discriminator steps, weight 10, learning rate 1e-4, betas 0.5 and 0.9."""
    base = _experiment("rbf", _SETTINGS["cifar10"], constraint, features=1)
    adam = Adam(lr=1e-4, betas=(0.5, 0.9))
    algorithm = MMDGAN(
        repulsion=-1.0,
        widths=GAUSSIAN_MIXTURE,
        scale="scaled-mmd",
        scale_weight=10.0,
        update="alternating",
        discriminator_steps=5,
        iterations=150_000,
    )
    players = {name: replace(player, optimiser=adam) for name, player in base.players.items()}
    return replace(base, players=players, algorithm=algorithm)


def _repulsive_penalty() -> Experiment:
    base = _experiment("rep", _SETTINGS["cifar10"], constraint=None, features=1)
    return replace(base, algorithm=MMDGAN(scale="scaled-repulsive", scale_weight=0.1, iterations=ITERATIONS))


_S4: Mapping[str, Callable[[], Experiment]] = {
    "mmd-smmd": lambda: _scaled_mmd(None),
    "mmd-sn-smmd": lambda: _scaled_mmd(SpectralNorm("matrix", scale=1.0)),
    "mmd-rep-gp": _repulsive_penalty,
}
