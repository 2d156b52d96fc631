"""The default for pictures of one's own: small networks, many small steps, relativistic pairing with R1 and R2.

The recipe is a place to start that was measured on one core (see docs/tutorials/my_pictures.md): a narrow DCGAN whose
generator doubles its maps by nearest neighbours, batches of 16, Adam with betas 0 and 0.99, a rate that warms up over
100 steps and falls to a tenth over the second half, exact penalties in every fourth step whose weight follows how sure
the discriminator is, and a moving average.
"""

import math
from dataclasses import dataclass

from equipoise.algorithms.relativistic import RelativisticGAN
from equipoise.augmentation import Augment
from equipoise.data.data_set import DataSet
from equipoise.data.folder import Folder
from equipoise.experiments.experiment import Experiment, Watch, network, two_players
from equipoise.training.average import Average
from equipoise.training.draw import Latent
from equipoise.training.optimisers import Adam
from equipoise.training.schedules import WarmUpThenDecay

BATCH = 16
"""Many small steps teach more than few large ones, in the same time."""
_NOISE, _RATE, _WARM_UP, _DECAY = 64, 1e-3, 100, 0.998
_WIDEST = 256
_SURE = 0.4
"""How sure the discriminator may be before the penalties grow: no single gamma suits photographs and drawings."""
FEW, MANY = 1_000, 20_000
"""Below so many pictures the augmentation is always on; from so many on it is off; between the two it adapts."""
_TARGET = 0.85
"""Far above what `_SURE` allows: pictures are changed only where heavier penalties are not enough."""
OPERATIONS = ("colour", "translation", "cutout")
"""What changes the pictures where they are few."""


def pictures(
    data: DataSet,
    size: int,
    channels: int,
    iterations: int,
    width: int = 16,
    classes: int = 0,
    augment: Augment | None = None,
) -> Experiment:
    """The default experiment on this data.

    Args:
        data: square pictures of `size` and `channels`.
        size: their side, a power of two times 4 to 7.
        channels: 1 for grey, 3 for colour, 4 for colour with transparency.
        iterations: steps of both networks.
        width: channels of the largest maps of both networks.
        classes: how many classes both networks are told; 0 for none.
        augment: what changes the pictures that the discriminator sees, or None.
    """
    schedule = WarmUpThenDecay(end=iterations, start=iterations // 2, warm_up=min(_WARM_UP, iterations // 10))
    sides = {"image_size": size, "channels": channels, "width": width, "largest_width": _WIDEST}
    return Experiment(
        name="relativistic-folder",
        data=data,
        value_range="symmetric",
        batch_size=BATCH,
        latent=Latent(_NOISE + classes, classes=classes),
        players=two_players(
            network("picture-generator", latent_size=_NOISE + classes, **sides),
            network("picture-discriminator", classes=classes or None, **sides),
            Adam(lr=_RATE, betas=(0.0, 0.99), schedule=schedule),
        ),
        algorithm=RelativisticGAN(gamma=1.0, gamma_target=_SURE, augment=augment, iterations=iterations),
        average=Average(BATCH * math.log(0.5) / math.log(_DECAY), warm_up=True),
        watch=Watch(sample_grids=20),
    )


def relativistic_folder(path: str = "pictures") -> Experiment:
    """The default for a folder of pictures, at 32x32 for ten minutes of one core. No published figure.

    `equipoise train FOLDER` chooses size, networks, length and augmentation for the folder and the machine; this recipe
    is where it starts.
    Run:  equipoise train relativistic-folder --set data.path=FOLDER        10 minutes of one core
    """
    return pictures(Folder(path, resolution=32), size=32, channels=3, iterations=8_000)


@dataclass(frozen=True)
class Augmentation:
    """What the rule chose, and why.

    Attributes:
        augment: for the algorithm.
        why: in words.
    """

    augment: Augment | None
    why: str


def augmentation_for(word: str, count: int, sides_are_alike: bool) -> Augmentation:
    """What `--augment WORD` means.

    Args:
        word: "auto" for the rule by the number of pictures, "off", or names of operations with commas between them.
        count: how many pictures there are.
        sides_are_alike: whether left and right can be exchanged: not so for letters and digits.
    """
    if word != "auto":
        return Augmentation(None if word == "off" else Augment(operations=tuple(word.split(","))), "as asked for")
    flips = ("x-flip",) if sides_are_alike else ()
    if count < FEW:
        chosen = Augment(operations=OPERATIONS, always=flips)
        return Augmentation(chosen, f"{count:,} pictures are few, so every picture is changed each time")
    if count < MANY:
        chosen = Augment(operations=OPERATIONS, strength=0.0, target=_TARGET, always=flips)
        return Augmentation(chosen, f"with {count:,} pictures only mirrored, unless heavier penalties are not enough")
    why = f"{count:,} pictures are enough"
    return Augmentation(
        Augment(operations=flips) if flips else None, f"{why}, so they are mirrored only" if flips else why
    )
