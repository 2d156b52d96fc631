"""Small experiments on scikit-learn's bundled digits: real data, no download, seconds to a minute on one core."""

from typing import Any

from equipoise.algorithms.adaptive_bounds import AdaptiveBounds
from equipoise.algorithms.adaptive_hinge import AdaptiveHinge
from equipoise.algorithms.ebgan import EBGAN
from equipoise.algorithms.gan import GAN
from equipoise.algorithms.magan import MAGAN
from equipoise.constraints import SpectralNorm
from equipoise.data.digits import Digits
from equipoise.experiments.experiment import Experiment, NetworkConfig, Player, Watch, network, two_players
from equipoise.training.draw import Latent
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import Adam, Adamax

_EPOCHS = 200
_SHAPE = (1, 8, 8)


def magan_digits() -> Experiment:
    """MAGAN on scikit-learn's digits.

    Run:  equipoise train magan-digits --seed 0        about half a minute on one core
    No published figure. Ours: results/studies/magan-digits, five seeds.
    """
    return _energy_experiment("magan-digits", MAGAN(epochs=_EPOCHS))


def ebgan_digits(margin: float = 10.0) -> Experiment:
    """EBGAN with a fixed margin on scikit-learn's digits.

    Run:  equipoise train ebgan-digits --set algorithm.margin=5        about half a minute on one core
    No published figure. Ours: results/studies/magan-digits, five seeds.
    """
    return _energy_experiment("ebgan-digits", EBGAN(margin=margin, epochs=_EPOCHS))


def gan_digits() -> Experiment:
    """Non-saturating GAN on scikit-learn's digits.

    Run:  equipoise train gan-digits --seed 0        about half a minute on one core
    """
    return scored_digits("gan-digits", GAN(loss="non-saturating", epochs=_EPOCHS))


def adaptive_hinge_digits() -> Experiment:
    """Hinge with an adaptive margin on scikit-learn's digits, under spectral normalisation.

    Run:  equipoise train adaptive-hinge-digits --set algorithm.adaptive=false        for a fixed margin
    No published figure.
    """
    return scored_digits("adaptive-hinge-digits", AdaptiveHinge(epochs=_EPOCHS), SpectralNorm())


def adaptive_bounds_digits() -> Experiment:
    """Repulsive MMD-GAN with adaptive bounds on scikit-learn's digits, under spectral normalisation.

    Run:  equipoise train adaptive-bounds-digits --set algorithm.adaptive=false        for rep-b
    No published figure.
    """
    return scored_digits("adaptive-bounds-digits", AdaptiveBounds(epochs=_EPOCHS), SpectralNorm(), output_size=16)


def scored_digits(
    name: str, algorithm: Algorithm, constraint: SpectralNorm | None = None, lr: float = 2e-4, **options: Any
) -> Experiment:
    """An experiment on digits whose discriminator gives scores or features; `options` are those of its network."""
    options = {"image_shape": _SHAPE, "hidden": (256, 128), **options}
    discriminator = network("mlp-discriminator", **options)
    adam = Adam(lr=lr, betas=(0.5, 0.999))
    return on_digits(name, algorithm, two_players(digits_generator(), discriminator, adam, constraint=constraint))


def _energy_experiment(name: str, algorithm: Algorithm) -> Experiment:
    """The one setting that MAGAN and EBGAN share, so that only the margin differs."""
    discriminator = network("dense-autoencoder", image_shape=_SHAPE, encoder_sizes=(128, 32))
    adamax = Adamax(lr=1e-3, betas=(0.5, 0.999))
    return on_digits(name, algorithm, two_players(digits_generator(), discriminator, adamax))


def on_digits(name: str, algorithm: Algorithm, players: dict[str, Player], batch_size: int = 64) -> Experiment:
    """What every experiment with `digits_generator` has in common."""
    return Experiment(
        name=name,
        data=Digits(),
        value_range="unit",
        batch_size=batch_size,
        latent=Latent(16),
        players=players,
        algorithm=algorithm,
        watch=Watch(sample_grids=20),
    )


def digits_generator() -> NetworkConfig:
    """The generator of every recipe on digits."""
    return network(
        "mlp-generator",
        latent_size=16,
        image_shape=_SHAPE,
        hidden=(128, 256),
        output_activation="sigmoid",
        weights="magan",
    )
