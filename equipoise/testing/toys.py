"""One table of toy experiments: every algorithm, and every variant that the engine could get wrong, has an entry.

Nearly all of them train on 66 random grey images of 4x4, in batches of 16, with tiny networks. A new algorithm of the
package joins here; a method author calls `toy(...)`, and `equipoise.testing.check_algorithm` tests what it returns.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from equipoise.algorithms.adaptive_bounds import AdaptiveBounds
from equipoise.algorithms.adaptive_hinge import AdaptiveHinge
from equipoise.algorithms.ali import ALI
from equipoise.algorithms.began import BEGAN
from equipoise.algorithms.drifting import Drifting
from equipoise.algorithms.ebgan import EBGAN
from equipoise.algorithms.gan import GAN
from equipoise.algorithms.gmmn import GMMN
from equipoise.algorithms.magan import MAGAN
from equipoise.algorithms.mdgan import MDGAN
from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.algorithms.penalties import Penalty
from equipoise.algorithms.reg_gan import RegGAN
from equipoise.algorithms.relativistic import RelativisticGAN
from equipoise.algorithms.vaegan import VAEGAN
from equipoise.augmentation import Augment
from equipoise.constraints import SpectralNorm, WeightClip
from equipoise.data.data_set import DataSet
from equipoise.data.store import Store, held
from equipoise.experiments.experiment import Experiment, NetworkConfig, Player, network
from equipoise.training.average import Average
from equipoise.training.draw import Latent
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import SGD, Adam, Adamax, Optimiser, RMSprop
from equipoise.training.schedules import Cosine, Halving, LinearDecay, WarmUpThenDecay

_SHAPE = (1, 4, 4)
_COUNT = 66  # two more than whole batches, so that every pass leaves another rest


@dataclass(frozen=True)
class ToyImages(DataSet):
    """66 random images of 4 classes in place of a data set; `shape` is that of one image."""

    shape: tuple[int, ...] = _SHAPE

    @property
    def name(self) -> str:
        """The word for it in reports."""
        return "toy"

    @property
    def item_shape(self) -> tuple[int, ...]:
        """(channels, height, width)."""
        return self.shape

    def load(self, root: Any = None, seed: int = 0) -> Store:
        """The same images whatever the folder and the seed."""
        generator = torch.Generator().manual_seed(7)
        images = torch.randint(0, 256, (_COUNT, *self.shape), generator=generator, dtype=torch.uint8)
        return held(images, torch.arange(_COUNT) % 4, classes=4)


def toy(algorithm: Algorithm, players: dict[str, Player], **changes: Any) -> Experiment:
    """A toy experiment with this algorithm and these players; `changes` are other fields of `Experiment`."""
    fixed: dict[str, Any] = {"name": "toy", "data": ToyImages(), "value_range": "unit", "batch_size": 16}
    return Experiment(**(fixed | {"latent": Latent(3), "players": players, "algorithm": algorithm} | changes))


def generator(**options: Any) -> NetworkConfig:
    """A tiny generator of toy images from 3 latents; `options` are those of "mlp-generator"."""
    fixed = {"latent_size": 3, "image_shape": _SHAPE, "hidden": (8,), "output_activation": "sigmoid"}
    return network("mlp-generator", **(fixed | options))


def discriminator(**options: Any) -> NetworkConfig:
    """A tiny discriminator of toy images; `options` are those of "mlp-discriminator"."""
    return network("mlp-discriminator", **({"image_shape": _SHAPE, "hidden": (8,)} | options))


def autoencoder() -> NetworkConfig:
    """A tiny auto-encoder of toy images, for algorithms whose discriminator is one."""
    return network("dense-autoencoder", image_shape=_SHAPE, encoder_sizes=(8, 4))


def two(
    generator_network: NetworkConfig,
    discriminator_network: NetworkConfig,
    optimiser: Optimiser | None = None,
    **discriminator_fields: Any,
) -> dict[str, Player]:
    """The players "generator" and "discriminator" with one optimiser, by default Adam with learning rate 0.01.

    `discriminator_fields` are further fields of the discriminator's `Player`, such as its constraint.
    """
    optimiser = optimiser or Adam(lr=1e-2)
    return {
        "generator": Player(network=generator_network, optimiser=optimiser),
        "discriminator": Player(network=discriminator_network, optimiser=optimiser, **discriminator_fields),
    }


def _gan(**options: Any) -> Experiment:
    return toy(GAN(**({"iterations": 5} | options)), two(generator(), discriminator()))


def _gan_with_everything() -> Experiment:
    """Batch norm, dropout, a moving average and a falling learning rate at once."""
    players = two(
        generator(batch_norm=True),
        discriminator(dropout=0.5),
        Adam(lr=1e-2, schedule=LinearDecay(end=20)),
    )
    return toy(GAN(iterations=14, discriminator_steps=2), players, average=Average(half_life_images=50))


def _gan_optimisers() -> Experiment:
    players = two(generator(), discriminator())
    players["generator"] = replace(players["generator"], optimiser=RMSprop(lr=1e-3, schedule=Halving(every=4)))
    players["discriminator"] = replace(players["discriminator"], optimiser=SGD(lr=1e-2, momentum=0.9))
    return toy(GAN(epochs=3, loss="hinge"), players)


def _energy(algorithm: Algorithm) -> Experiment:
    return toy(algorithm, two(generator(), autoencoder(), Adamax(lr=1e-2)))


def image_networks() -> dict[str, NetworkConfig]:
    """Networks that exist for square images only, at their smallest size."""
    size = {"image_size": 8, "channels": 1}
    return {
        "generator": network("dcgan-generator", latent_size=3, width=2, output_activation="sigmoid", **size),
        "encoder": network("variational-encoder", latent_size=3, width=2, **size),
        "pairs": network("joint-discriminator", latent_size=3, width=2, joint_width=4, dropout=0.3, **size),
    }


def _dcgan() -> Experiment:
    """Batch normalisation on both sides: a frozen discriminator's statistics must stand still."""
    players = two(
        image_networks()["generator"],
        network("dcgan-discriminator", image_size=8, channels=1, width=2, batch_norm=True),
    )
    return toy(GAN(iterations=5), players, data=ToyImages((1, 8, 8)))


def _map(kind: str = "wgan-gp-resnet", map_size: int = 4, constraint: Any = None, **options: Any) -> Experiment:
    """The spatial loss needs a map of scores."""
    size = {"image_size": 16, "channels": 1, "width": 2}
    players = two(
        network(f"{kind}-generator", latent_size=3, **size),
        network(f"{kind}-discriminator", map_size=map_size, **size),
        constraint=constraint,
    )
    fixed: dict[str, Any] = {"iterations": 4, "loss": "hinge", "amplifier": "magnitude"}
    return toy(GAN(**(fixed | options)), players, data=ToyImages((1, 16, 16)), value_range="symmetric")


def _spectral(algorithm: Algorithm, method: Any, **options: Any) -> Experiment:
    players = two(
        network("mmd-generator", latent_size=3, image_size=8, channels=1, width=2),
        network("mmd-discriminator", image_size=8, channels=1, width=2, **options),
        constraint=SpectralNorm(method, scale=1.5),
    )
    return toy(algorithm, players, data=ToyImages((1, 8, 8)), value_range="symmetric")


def _mmd(**options: Any) -> Experiment:
    return toy(MMDGAN(**({"iterations": 5} | options)), two(generator(), discriminator(output_size=3)))


def _mmd_classes() -> Experiment:
    """The generator is asked for the classes of the real batch."""
    players = two(generator(latent_size=7), discriminator(output_size=3))
    algorithm = MMDGAN(iterations=5, bounds=(0.25, 4.0), update="alternating")
    return toy(algorithm, players, latent=Latent(7, classes=4))


def _alone(algorithm: Algorithm) -> Experiment:
    """A generator without an adversary."""
    return toy(algorithm, {"generator": Player(network=generator(batch_norm=True), optimiser=Adam(lr=1e-2))})


def _with_encoder(algorithm: Algorithm, *names: str) -> Experiment:
    """Generator with batch statistics of its own for encoded batches, encoder, and discriminators of these names."""
    adam = Adam(lr=1e-2)
    encoder = network("mlp-encoder", image_shape=_SHAPE, latent_size=3, hidden=(8,), output_activation="none")
    players = {
        "generator": Player(network=generator(batch_norm=True, batch_kinds=("noise", "encoded")), optimiser=adam),
        "encoder": Player(network=encoder, optimiser=adam),
    }
    return toy(
        algorithm, players | {name: Player(network=discriminator(dropout=0.2), optimiser=adam) for name in names}
    )


def _ali() -> Experiment:
    adam, networks = Adam(lr=1e-2), image_networks()
    players = {
        "generator": Player(network=networks["generator"], optimiser=adam),
        "encoder": Player(network=networks["encoder"], optimiser=adam),
        "discriminator": Player(network=networks["pairs"], optimiser=adam),
    }
    return toy(ALI(iterations=5), players, data=ToyImages((1, 8, 8)))


def _vaegan() -> Experiment:
    adam, networks = Adam(lr=1e-2), image_networks()
    options = dict(networks["generator"].options) | {"batch_kinds": ("noise", "encoded")}
    players = {
        "generator": Player(network=network("dcgan-generator", **options), optimiser=adam),
        "encoder": Player(network=networks["encoder"], optimiser=adam),
        "discriminator": Player(network=discriminator(image_shape=(1, 8, 8)), optimiser=adam),
    }
    return toy(VAEGAN(iterations=5), players, data=ToyImages((1, 8, 8)))


def _clipped(except_last: bool, **options: Any) -> Experiment:
    players = two(generator(), discriminator(), RMSprop(lr=1e-3), constraint=WeightClip(0.01, except_last=except_last))
    return toy(GAN(iterations=5, **options), players)


def _pictures(augment: Augment | None = None, classes: int = 0, **options: Any) -> Experiment:
    """The default for a folder of pictures at its smallest, with an average that warms up."""
    size = {"image_size": 8, "channels": 1, "width": 2}
    players = two(
        network("picture-generator", latent_size=3 + classes, **size),
        network("picture-discriminator", classes=classes or None, **size),
        Adam(lr=1e-2, betas=(0.0, 0.99), schedule=WarmUpThenDecay(end=5, start=2, warm_up=1)),
    )
    return toy(
        RelativisticGAN(augment=augment, **({"iterations": 5, "penalty_every": 2} | options)),
        players,
        data=ToyImages((1, 8, 8)),
        value_range="symmetric",
        latent=Latent(3 + classes, classes=classes),
        average=Average(half_life_images=100, warm_up=True),
    )


def _r3gan() -> Experiment:
    """R3GAN at its smallest: classes, augmentation, and a schedule wherever there can be one."""
    size = {"image_size": 8, "channels": 1, "width": 4, "blocks": 1, "group_width": 4, "classes": 4}
    course = Cosine(4, last=0.1)
    courses = {"gamma_schedule": course, "augment_schedule": Cosine(4, 0.0, 0.6)}
    base = _pictures(Augment(("x-flip", "colour")), classes=4, penalty_every=1, **courses)
    players = two(
        network("r3gan-generator", latent_size=7, **size),
        network("r3gan-discriminator", **size),
        Adam(lr=1e-2, betas=(0.0, 0.9), schedule=Cosine(4, last=0.25), beta2_schedule=course),
    )
    return replace(base, players=players, average=Average(100, schedule=Cosine(4, 0.0, 1.0)))


TOY_EXPERIMENTS: dict[str, Callable[[], Experiment]] = {
    "gan": lambda: toy(GAN(epochs=3), two(generator(), discriminator())),
    "gan-hinge": lambda: _gan(loss="hinge"),
    "dcgan": _dcgan,
    "gan-simultaneous": lambda: _gan(update="simultaneous"),
    "gan-n-dis": lambda: toy(GAN(iterations=7, discriminator_steps=3), two(generator(), discriminator())),
    "gan-with-everything": _gan_with_everything,
    "gan-other-optimisers": _gan_optimisers,
    "relativistic": lambda: _pictures(),
    "relativistic-simultaneous": lambda: _pictures(update="simultaneous"),
    "relativistic-gamma": lambda: _pictures(gamma_target=0.5, penalty_every=1),
    "relativistic-every-step": lambda: _pictures(penalty_every=1),
    "relativistic-augmented": lambda: _pictures(Augment(("x-flip", "colour", "translation", "cutout"), strength=0.7)),
    "relativistic-adaptive": lambda: _pictures(Augment(strength=0.5, target=0.3, images_to_full=100)),
    "relativistic-classes": lambda: _pictures(Augment(("x-flip",)), classes=4),
    "r3gan": _r3gan,
    "adaptive-hinge": lambda: toy(
        AdaptiveHinge(epochs=5, margin=2.0, discriminator_steps=2), two(generator(), discriminator())
    ),
    "adaptive-bounds": lambda: toy(
        AdaptiveBounds(epochs=4, bounds=(0.01, 9.0)), two(generator(), discriminator(output_size=3))
    ),
    "ebgan": lambda: _energy(EBGAN(margin=3.0, epochs=3)),
    "magan": lambda: _energy(MAGAN(epochs=5, pretrain_epochs=2)),
    "ebgan-pulling-away": lambda: _energy(EBGAN(margin=3.0, epochs=2, pulling_away_weight=0.1)),
    "ebgan-code": lambda: _energy(
        EBGAN(margin=1.0, epochs=2, energy="mean_squared", pulling_away_weight=0.1, pulling_away_of="images")
    ),
    "began": lambda: _energy(BEGAN(epochs=2)),
    "gan-minimax": lambda: _gan(loss="minimax"),
    "gan-least-squares": lambda: _gan(loss="least-squares"),
    "gan-wgan-gp": lambda: _gan(
        loss="wasserstein", penalties=(Penalty("wgan-gp", 10.0),), first="generator", generator_batches=2
    ),
    "gan-generator-batches": lambda: toy(
        GAN(iterations=5, loss="hinge", generator_batches=3),
        two(generator(batch_norm=True), discriminator(dropout=0.3)),
    ),
    "gan-one-sided": lambda: _gan(
        loss="wasserstein", penalties=(Penalty("wgan-gp-one-sided", 10.0),), update="simultaneous"
    ),
    "gan-r1": lambda: _gan(penalties=(Penalty("r1", 10.0),)),
    "gan-r2": lambda: _gan(penalties=(Penalty("r2", 10.0),)),
    "gan-two-penalties": lambda: _gan(penalties=(Penalty("r1", 10.0), Penalty("r2", 5.0))),
    "gan-relativistic": lambda: _gan(
        loss="relativistic", penalties=(Penalty("r1-differences", 1.0, every=2), Penalty("r2", 1.0, every=3))
    ),
    "gan-dequantised": lambda: _gan(loss="wasserstein", penalties=(Penalty("wgan-gp", 10.0),), dequantisation="unit"),
    "wgan": lambda: _clipped(except_last=False, loss="wasserstein", discriminator_steps=2),
    "gan-clipped": lambda: _clipped(except_last=True, loss="hinge", head_decay=0.1),
    "gan-spectral-norm": lambda: _spectral(GAN(iterations=5, loss="hinge"), "matrix", output_size=None),
    "lga": lambda: _map(penalties=(Penalty("wgan-gp", 1.0),), discriminator_steps=2),
    "lga-wgan": lambda: _map(map_size=8, loss="wasserstein", amplifier="zero", constraint=WeightClip(0.01)),
    "lga-wgan-gp": lambda: _map(loss="wasserstein", penalties=(Penalty("wgan-gp", 10.0),), dequantisation="symmetric"),
    "lga-geogan": lambda: _map(amplifier="margin", head_decay=0.1, constraint=WeightClip(0.01, except_last=True)),
    "lga-sngan": lambda: _map("sngan", first="generator", generator_batches=2, constraint=SpectralNorm("matrix")),
    "mmd-repulsive": lambda: _mmd(),
    "mmd-bounded": lambda: _mmd(bounds=(0.25, 4.0)),
    "mmd-bounded-code": lambda: _mmd(repulsion=-0.5, bounds=(0.25, 4.0), code_compat=True),
    "mmd-lambda-alternating": lambda: _mmd(repulsion=0.5, update="alternating", discriminator_steps=2),
    "mmd-rational-quadratic": lambda: _mmd(repulsion=-1.0, kernel="rational-quadratic", widths=(0.2, 1.0)),
    "mmd-scaled": lambda: _mmd(scale="scaled-repulsive"),
    "mmd-scaled-attractive": lambda: _mmd(repulsion=-1.0, scale="scaled-mmd", update="alternating"),
    "mmd-classes": _mmd_classes,
    "mmd-penalty": lambda: _mmd(penalties=(Penalty("wgan-gp", 1.0),)),
    "mmd-spectral-norm": lambda: _spectral(MMDGAN(iterations=5), "convolution", output_size=3),
    "gmmn": lambda: _alone(GMMN(iterations=5, widths=(0.5, 1.0))),
    "gmmn-root": lambda: _alone(GMMN(epochs=2, kernel="distance", unbiased=False, root=True)),
    "drifting": lambda: _alone(Drifting(iterations=5, widths=(0.2, 1.0))),
    "drifting-joint": lambda: _alone(Drifting(epochs=2, kernel="gaussian", division="joint")),
    "reg-gan": lambda: _with_encoder(RegGAN(epochs=2), "discriminator"),
    "reg-gan-features": lambda: _with_encoder(
        RegGAN(
            epochs=2,
            similarity="features",
            reduction="sum",
            encoded_fakes=True,
            discriminator_steps=2,
            penalties=(Penalty("r1", 1.0), Penalty("r2", 1.0)),
        ),
        "discriminator",
    ),
    "mdgan": lambda: _with_encoder(
        MDGAN(iterations=4, penalties=(Penalty("r1", 1.0), Penalty("r2", 1.0, every=2))),
        "manifold-discriminator",
        "diffusion-discriminator",
    ),
    "vaegan": _vaegan,
    "ali": _ali,
    "magan-norm": lambda: _energy(MAGAN(epochs=4, pretrain_epochs=1, energy="norm")),
}
"""By name: every algorithm, and its settings that change what is computed."""
