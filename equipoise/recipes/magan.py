"""The experiments of "MAGAN: Margin Adaptation for Generative Adversarial Networks" (Wang et al. 2017)."""

from equipoise.algorithms.ebgan import EBGAN
from equipoise.algorithms.magan import MAGAN
from equipoise.data.mnist import Mnist
from equipoise.experiments.experiment import Experiment, Player, Watch, network
from equipoise.training.draw import Latent
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import Adamax

MNIST_EPOCHS = 200
"""The authors' code trains 200 epochs; the paper gives no number."""


def magan_mnist() -> Experiment:
    """MAGAN on MNIST (Wang et al. 2017, Figure 3).

    Classifier inception score in the paper: 7.52 ± 0.03, real data 9.09 ± 0.08 (with the paper's own classifier).
    Run:  equipoise train magan-mnist        about 50 s an epoch on one core; 200 epochs
    """
    return _mnist("magan-mnist", MAGAN(epochs=MNIST_EPOCHS))


def ebgan_mnist(margin: float = 10.0) -> Experiment:
    """EBGAN with a fixed margin on MNIST (Wang et al. 2017, Figure 3: margins 10, 5 and 1.08).

    Classifier inception score in the paper: 7.14 ± 0.04, of another EBGAN implementation.
    Run:  equipoise train ebgan-mnist        about 50 s an epoch on one core; 200 epochs
    """
    return _mnist(f"ebgan-mnist-{margin:g}", EBGAN(margin=margin, epochs=MNIST_EPOCHS))


def _mnist(name: str, algorithm: Algorithm) -> Experiment:
    adamax = Adamax(lr=5e-4, betas=(0.5, 0.999))
    generator = network(
        "magan-generator", latent_size=50, image_size=28, channels=1, widths=(128, 64), output_activation="sigmoid"
    )
    return Experiment(
        name=name,
        data=Mnist(),
        value_range="unit",
        batch_size=64,
        latent=Latent(50),
        players={
            "generator": Player(network=generator, optimiser=adamax),
            "discriminator": Player(network=network("dense-autoencoder"), optimiser=adamax),
        },
        algorithm=algorithm,
        watch=Watch(sample_grids=20),
    )
