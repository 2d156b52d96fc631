"""The experiments of "The GAN is dead; long live the GAN!" (Huang et al. 2024, "R3GAN"), config E.

From the released code are the networks, the learning rate (2e-4 to 5e-5), Adam's betas (0, 0.9 to 0.99), gamma, the
average's half-life (0 to its last value), and the augmentation's strength, each along half a cosine over 20 million
images. Other than there: both players see the same real images, and what is augmented is colour, place,
cutout and mirror images, without rotations and scales.
"""

from dataclasses import dataclass

from equipoise.algorithms.relativistic import RelativisticGAN
from equipoise.augmentation import Augment
from equipoise.data.cifar10 import Cifar10
from equipoise.data.data_set import DataSet
from equipoise.data.folder import Folder
from equipoise.data.stacked_mnist import StackedMnist
from equipoise.experiments.experiment import Experiment, Watch, network, two_players
from equipoise.training.average import Average
from equipoise.training.draw import Latent
from equipoise.training.optimisers import Adam
from equipoise.training.schedules import Constant, Cosine

_NOISE, _DECAY_IMAGES = 64, 20_000_000
_OPERATIONS = ("x-flip", "colour", "translation", "cutout")


@dataclass(frozen=True)
class _Setting:
    """What differs between data sets; the images are counted in millions.

    Attributes:
        gamma: at the start; a tenth of it at the end.
        augmentation: the last strength, 0 for none.
        half_life: of the average, at the end.
        length: of the training.
    """

    gamma: float
    augmentation: float
    half_life: float
    length: float
    batch_size: int
    classes: int = 0


def r3gan_stacked_mnist() -> Experiment:
    """R3GAN on stacked MNIST, at 32x32.

    Paper: 1000 of 1000 modes, KL 0.029. Its code has no setting for these data: this is CIFAR-10's without classes and
    augmentation, with gamma from 1 to 0.1 and a shorter half-life and length.
    Run:  equipoise train r3gan-stacked-mnist --budget cpu        best on a GPU at its full size
    """
    return _r3gan("r3gan-stacked-mnist", StackedMnist(resolution=32), _Setting(1.0, 0.0, 0.5, 25, 512))


def r3gan_cifar10() -> Experiment:
    """R3GAN on CIFAR-10, with classes (Huang et al. 2024).

    Paper: FID 1.96 after 250 million images on 8 GPUs.
    Run:  equipoise train r3gan-cifar10 --budget cpu        best on GPUs at its full size
    """
    return _r3gan("r3gan-cifar10", Cifar10(), _Setting(0.05, 0.55, 5, 250, 512, classes=10))


def r3gan_folder(path: str = "pictures", size: int = 64) -> Experiment:
    """R3GAN on a folder of pictures, 64x64, with the code's setting for FFHQ. Its length is ours.

    Gamma belongs to the size: the code has 2 at 64 pixels and 150 at 256.
    Run:  equipoise train r3gan-folder --set data.path=FOLDER --budget cpu
    """
    return _r3gan("r3gan-folder", Folder(path, resolution=size), _Setting(2.0, 0.3, 0.5, 50, 256))


def _r3gan(name: str, data: DataSet, setting: _Setting) -> Experiment:
    end, latent = _DECAY_IMAGES // setting.batch_size, _NOISE + setting.classes
    rising, falling, options = Cosine(end, 0.0, 1.0), Cosine(end, last=0.1), {"image_size": data.item_shape[1]}
    classes = setting.classes or None
    return Experiment(
        name=name,
        data=data,
        value_range="symmetric",
        batch_size=setting.batch_size,
        latent=Latent(latent, classes=setting.classes),
        players=two_players(
            network("r3gan-generator", latent_size=latent, classes=classes, **options),
            network("r3gan-discriminator", classes=classes, **options),
            Adam(lr=2e-4, betas=(0.0, 0.9), schedule=Cosine(end, last=0.25), beta2_schedule=falling),
        ),
        algorithm=RelativisticGAN(
            gamma=setting.gamma,
            penalty_every=1,
            augment=Augment(_OPERATIONS, setting.augmentation) if setting.augmentation else None,
            iterations=round(setting.length * 1e6) // setting.batch_size,
            gamma_schedule=falling,
            augment_schedule=rising if setting.augmentation else Constant(),
        ),
        average=Average(setting.half_life * 1e6, schedule=rising),
        watch=Watch(sample_grids=20),
    )
