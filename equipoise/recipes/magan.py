"""The experiments of "MAGAN: Margin Adaptation for Generative Adversarial Networks" (Wang et al. 2017)."""

from dataclasses import replace
from typing import Any

from equipoise.algorithms.ali import ALI
from equipoise.algorithms.began import BEGAN
from equipoise.algorithms.ebgan import EBGAN
from equipoise.algorithms.magan import MAGAN
from equipoise.data.celeba import CelebA
from equipoise.data.cifar10 import Cifar10
from equipoise.data.mnist import Mnist
from equipoise.experiments.experiment import Experiment, Player, Watch, network, two_players
from equipoise.training.draw import Latent
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import Adam, Adamax
from equipoise.training.schedules import Halving

MNIST_EPOCHS, CIFAR_EPOCHS, CELEBA_EPOCHS = 200, 200, 50
"""Those of the authors' code; the paper gives none."""
COLOUR_MARGIN = 20.0
"""EBGAN's margin on CelebA (Zhao et al. 2017); MAGAN's paper gives none for colour images."""
_ADAMAX = Adamax(lr=5e-4, betas=(0.5, 0.999))


def magan_mnist() -> Experiment:
    """MAGAN on MNIST (Wang et al. 2017, Figure 3).

    Classifier inception score in the paper: 7.52 ± 0.03, real data 9.09 ± 0.08 (with the paper's own classifier).
    Run:  equipoise train magan-mnist        200 epochs
    """
    generator = network(
        "magan-generator", latent_size=50, image_size=28, channels=1, widths=(128, 64), output_activation="sigmoid"
    )
    return Experiment(
        name="magan-mnist",
        data=Mnist(),
        value_range="unit",
        batch_size=64,
        latent=Latent(50),
        players=two_players(generator, network("dense-autoencoder"), _ADAMAX),
        algorithm=MAGAN(epochs=MNIST_EPOCHS),
        watch=Watch(sample_grids=20),
    )


def ebgan_mnist(margin: float = 10.0) -> Experiment:
    """EBGAN with a fixed margin on MNIST (Wang et al. 2017, Figure 3: margins 10, 5 and 1.08).

    The paper shows that the energies of real and generated images diverge; it gives no score for these runs.
    Run:  equipoise train ebgan-mnist        200 epochs
    """
    return replace(magan_mnist(), name="ebgan-mnist", algorithm=EBGAN(margin=margin, epochs=MNIST_EPOCHS))


def ebgan_mnist_code() -> Experiment:
    """EBGAN as in the code that MAGAN is scored against on MNIST (Wang et al. 2017, section 4.1).

    That code is buriburisuri/ebgan as it stood from 2016-09-18 to 2017-04-04: an image's energy is its mean squared
    error, the margin is 1, and 0.1 times a pulling-away term on the generated images joins the generator's loss. First
    weights, batch normalisation and the optimiser (Adamax without momentum) are the defaults of its library. It leaves
    5,000 training images out; here are all 60,000.
    Classifier inception score in the paper: 7.14 ± 0.04 (with the paper's own classifier).
    Run:  equipoise train ebgan-mnist-code        30 epochs
    """
    optimiser = Adamax(lr=1e-3, betas=(0.0, 0.99))
    return replace(
        magan_mnist(),
        name="ebgan-mnist-code",
        batch_size=32,
        latent=Latent(50, "unit"),
        players=two_players(network("ebgan-generator"), network("ebgan-autoencoder"), optimiser),
        algorithm=EBGAN(
            margin=1.0, energy="mean_squared", pulling_away_weight=0.1, pulling_away_of="images", epochs=30
        ),
    )


def magan_cifar10() -> Experiment:
    """MAGAN on CIFAR-10 (Wang et al. 2017, Table 1), with the networks of appendix B.2.1.

    Inception score in the paper: 6.40 ± 0.03, real data 11.24 ± 0.12.
    Run:  equipoise train magan-cifar10        200 epochs; best on a GPU
    """
    return _colour("magan-cifar10", Cifar10(), 320, "magan-cifar", MAGAN(epochs=CIFAR_EPOCHS))


def magan_cifar10_code() -> Experiment:
    """MAGAN on CIFAR-10 with the networks of the released code, which are not the paper's.

    Inception score in the paper: 6.40 ± 0.03; it does not say of which networks.
    Run:  equipoise train magan-cifar10-code        200 epochs; best on a GPU
    """
    return _colour("magan-cifar10-code", Cifar10(), 320, "magan-cifar-code", MAGAN(epochs=CIFAR_EPOCHS))


def magan_celeba() -> Experiment:
    """MAGAN on CelebA (Wang et al. 2017, Figure 2). The paper shows samples and gives no score.

    Run:  equipoise train magan-celeba        50 epochs; best on a GPU
    """
    return _colour("magan-celeba", CelebA(crop="magan"), 350, "magan", MAGAN(epochs=CELEBA_EPOCHS))


def ebgan_cifar10() -> Experiment:
    """EBGAN on CIFAR-10, with MAGAN's networks; the margin is our choice. No published figure.

    Run:  equipoise train ebgan-cifar10 --set algorithm.margin=20        200 epochs; best on a GPU
    """
    algorithm = EBGAN(margin=COLOUR_MARGIN, epochs=CIFAR_EPOCHS)
    return replace(magan_cifar10(), name="ebgan-cifar10", algorithm=algorithm)


def ebgan_celeba(pulling_away: float = 0.0) -> Experiment:
    """EBGAN on CelebA, with MAGAN's networks, with or without the pulling-away term. No published figure.

    Run:  equipoise train ebgan-pt-celeba        50 epochs; best on a GPU
    """
    algorithm = EBGAN(margin=COLOUR_MARGIN, pulling_away_weight=pulling_away, epochs=CELEBA_EPOCHS)
    return replace(magan_celeba(), name="ebgan-celeba", algorithm=algorithm)


def began_celeba() -> Experiment:
    """BEGAN on CelebA (compared in Wang et al. 2017, Figure 2), as in its widely used re-implementation. No score.

    The faces are its code's too: the training split, its box, and the nearest pixel of each.
    Run:  equipoise train began-celeba        500,000 iterations; best on a GPU
    """
    return _began(CelebA(split="train", crop="began", resampling="nearest"), image_size=64)


def began_cifar10() -> Experiment:
    """BEGAN on CIFAR-10 (compared in Wang et al. 2017, Table 1).

    Inception score in the paper: 5.62. Length and widths are those of CelebA, for want of others.
    Run:  equipoise train began-cifar10        500,000 iterations; best on a GPU
    """
    return _began(Cifar10(), image_size=32)


def began_mnist() -> Experiment:
    """BEGAN on MNIST. No published figure; length and widths are those of CelebA, for want of others.

    Run:  equipoise train began-mnist        500,000 iterations; best on a GPU
    """
    return _began(Mnist(), image_size=28, channels=1)


def ali_cifar10() -> Experiment:
    """Adversarially learned inference on CIFAR-10 (compared in Wang et al. 2017, Table 1).

    Inception score in the paper: 5.34 ± 0.05, of the published networks; these are smaller, and the optimiser and
    length are our choice.
    Run:  equipoise train ali-cifar10        200 epochs; best on a GPU
    """
    adam, size = Adam(lr=1e-4, betas=(0.5, 0.999)), {"image_size": 32, "latent_size": 64}
    players = {
        "generator": Player(network=network("dcgan-generator", **size), optimiser=adam),
        "encoder": Player(network=network("variational-encoder", **size), optimiser=adam),
        "discriminator": Player(network=network("joint-discriminator", **size), optimiser=adam),
    }
    return Experiment(
        name="ali-cifar10",
        data=Cifar10(),
        value_range="symmetric",
        batch_size=100,
        latent=Latent(64),
        players=players,
        algorithm=ALI(epochs=200),
    )


def _colour(name: str, data: Any, latent_size: int, kind: str, algorithm: Algorithm) -> Experiment:
    generator = network(f"{kind}-generator", latent_size=latent_size)
    return Experiment(
        name=name,
        data=data,
        value_range="symmetric",
        batch_size=64,
        latent=Latent(latent_size),
        players=two_players(generator, network(f"{kind}-autoencoder"), _ADAMAX),
        algorithm=algorithm,
        watch=Watch(sample_grids=20),
    )


def _began(data: Any, **size: int) -> Experiment:
    """As carpedm20/BEGAN-tensorflow has it since 2017-04-30: the rate is 8e-5 (1e-4 until 2017-04-15), at least 2e-5.

    Adam's betas are its defaults: those that the code's settings name never reach its optimiser.
    """
    adam = Adam(lr=8e-5, betas=(0.9, 0.999), schedule=Halving(every=100_000, least=0.25))
    return Experiment(
        name="began",
        data=data,
        value_range="symmetric",
        batch_size=16,
        latent=Latent(64, "uniform"),
        players=two_players(network("began-generator", **size), network("began-autoencoder", **size), adam),
        algorithm=BEGAN(iterations=500_000),
        watch=Watch(sample_grids=20),
    )
