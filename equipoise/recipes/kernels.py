"""Kernels without an adversary (GMMN, drifting), and MMD-GAN beside them, on the ring and on digits.

No paper has figures for these data. Widths, batch and rates were chosen as docs/algorithms/kernels.md tells.
"""

from equipoise.algorithms.drifting import Drifting
from equipoise.algorithms.gmmn import GMMN
from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.constraints import SpectralNorm
from equipoise.data.folder import Folder
from equipoise.data.ring import Ring
from equipoise.experiments.experiment import Experiment, NetworkConfig, Player, Watch, network, two_players
from equipoise.recipes.digits import digits_generator, on_digits
from equipoise.training.draw import Latent
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import Adam

_ITERATIONS = 4_000
_BATCH, _PICTURES_BATCH = 128, 32
_ADAM = Adam(lr=1e-3, betas=(0.5, 0.999))
_FASTER = Adam(lr=3e-3, betas=(0.5, 0.999))
"""Of a generator without an adversary on the ring."""
_RING_WIDTHS, _DIGITS_WIDTHS = (1.0, 10.0), (0.5, 1.0, 2.0)


def gmmn_ring() -> Experiment:
    """Generative moment matching on six Gaussians in a ring, with the distance kernel.

    Run:  equipoise train gmmn-ring --set algorithm.kernel=gaussian        under a minute on one core
    No published figure. Ours: results/kernels/ring-2.json.
    """
    return _ring("gmmn-ring", GMMN(kernel="distance", widths=(1.0,), iterations=_ITERATIONS))


def gmmn_digits() -> Experiment:
    """Generative moment matching on scikit-learn's digits, in pixels, with the distance kernel.

    Run:  equipoise train gmmn-digits        under a minute on one core
    No published figure. Ours: results/kernels/digits-2.json.
    """
    return _digits("gmmn-digits", GMMN(kernel="distance", widths=(1.0,), iterations=_ITERATIONS))


def gmmn_folder(path: str = "pictures", size: int = 32) -> Experiment:
    """Generative moment matching on a folder of pictures, in pixels or in EfficientNet-Lite0's features.

    Run:  equipoise train gmmn-folder --set data.path=FOLDER --set algorithm.features=symmetric --budget cpu
    No published figure. Ours: results/kernels/pictures-150.json.
    """
    generator = network("picture-generator", image_size=size)
    return Experiment(
        name="gmmn-folder",
        data=Folder(path, resolution=size),
        value_range="symmetric",
        batch_size=_PICTURES_BATCH,
        latent=Latent(64),
        players={"generator": Player(network=generator, optimiser=_ADAM)},
        algorithm=GMMN(kernel="distance", widths=(1.0,), iterations=_ITERATIONS),
        watch=Watch(sample_grids=20),
    )


def drifting_ring() -> Experiment:
    """Drifting on six Gaussians in a ring.

    Run:  equipoise train drifting-ring --set algorithm.repulsion=0        collapses: repulsion is needed
    No published figure. Ours: results/kernels/ring-2.json.
    """
    return _ring("drifting-ring", Drifting(widths=_RING_WIDTHS, iterations=_ITERATIONS))


def drifting_digits() -> Experiment:
    """Drifting on scikit-learn's digits, in pixels.

    Run:  equipoise train drifting-digits        under a minute on one core
    No published figure. Ours: results/kernels/digits-2.json.
    """
    return _digits("drifting-digits", Drifting(widths=_DIGITS_WIDTHS, iterations=_ITERATIONS))


def mmd_rep_ring() -> Experiment:
    """Repulsive MMD-GAN on six Gaussians in a ring, under spectral normalisation.

    Run:  equipoise train mmd-rep-ring        a minute on one core
    No published figure. Ours: results/kernels/ring-2.json.
    """
    return _ring("mmd-rep-ring", MMDGAN(iterations=_ITERATIONS), network("mlp-discriminator", output_size=16))


def mmd_rep_digits() -> Experiment:
    """Repulsive MMD-GAN on scikit-learn's digits, under spectral normalisation.

    Run:  equipoise train mmd-rep-digits        a minute on one core
    No published figure. Ours: results/kernels/digits-2.json.
    """
    discriminator = network("mlp-discriminator", image_shape=(1, 8, 8), hidden=(256, 128), output_size=16)
    return _digits("mmd-rep-digits", MMDGAN(iterations=_ITERATIONS), discriminator)


def _ring(name: str, algorithm: Algorithm, discriminator: NetworkConfig | None = None) -> Experiment:
    return Experiment(
        name=name,
        data=Ring(),
        value_range="unit",
        batch_size=_BATCH,
        latent=Latent(3, "unit"),
        players=_players(network("mlp-generator"), discriminator, _FASTER),
        algorithm=algorithm,
    )


def _digits(name: str, algorithm: Algorithm, discriminator: NetworkConfig | None = None) -> Experiment:
    return on_digits(name, algorithm, _players(digits_generator(), discriminator, _ADAM), _BATCH)


def _players(generator: NetworkConfig, discriminator: NetworkConfig | None, alone: Adam) -> dict[str, Player]:
    """With an adversary, or without."""
    if discriminator is None:
        return {"generator": Player(network=generator, optimiser=alone)}
    return two_players(generator, discriminator, _ADAM, constraint=SpectralNorm())
