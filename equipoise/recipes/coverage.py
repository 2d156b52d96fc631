"""Mode coverage with R1 and R2: one setting for several methods on Gaussians in the plane, and encoders on R3GAN's
residual networks (Huang et al. 2024, Che et al. 2017, Wang et al. 2019). docs/ring.md tells how the setting was chosen.
"""

from collections.abc import Mapping
from typing import Any, Literal

from equipoise.algorithms.gan import GAN
from equipoise.algorithms.mdgan import MDGAN
from equipoise.algorithms.mmd_gan import MMDGAN
from equipoise.algorithms.penalties import Penalty
from equipoise.algorithms.reg_gan import RegGAN
from equipoise.algorithms.relativistic import RelativisticGAN
from equipoise.data.data_set import DataSet
from equipoise.data.digits import Digits
from equipoise.data.grid import Grid
from equipoise.data.ring import Ring
from equipoise.experiments.experiment import Experiment, NetworkConfig, Player, Watch, network
from equipoise.training.draw import Latent
from equipoise.training.game import Algorithm
from equipoise.training.optimisers import Adam

Method = Literal["r3gan", "gan", "reg-gan", "mdgan", "mmd-rep-b"]
"""The methods that share the setting."""
_ITERATIONS = 2_000
_PENALTIES = (Penalty("r1", 1.0), Penalty("r2", 1.0))
_ADAM = Adam(lr=1e-3, betas=(0.0, 0.99))
_WEIGHTS: Mapping[str, Any] = {"geometric_weight": 0.1, "mode_weight": 0.1, "reduction": "sum"}
"""Of Reg-GAN, as in reg-gan-ring."""
_RESIDUAL_ITERATIONS, _RESIDUAL_WIDTH = 600, 16


def points(method: Method = "r3gan", data: Literal["ring", "grid"] = "ring") -> Experiment:
    """A method on six Gaussians in a ring or 25 in a grid, with R1 + R2 at weight 1.

    Only R3GAN on the ring was measured.
    Run:  equipoise train r3gan-ring        under a minute on one core
    No published figure. Ours: results/ring/r3gan-ring-runs.json, of R3GAN on the ring.
    """
    chosen: DataSet = Ring() if data == "ring" else Grid()
    judge = network("mlp-discriminator", hidden=(128, 128), output_size=16 if method == "mmd-rep-b" else None)
    name = f"{method}-{data}" if method == "r3gan" else f"{method}-r1r2-{data}"
    return Experiment(
        name=name,
        data=chosen,
        value_range="unit",
        batch_size=128,
        latent=Latent(3, "unit"),
        players=_players(_algorithm(method), network("mlp-generator"), judge, network("mlp-encoder"), _ADAM),
        algorithm=_algorithm(method),
    )


def residual_digits(method: Literal["reg-gan", "mdgan"] = "reg-gan") -> Experiment:
    """Reg-GAN or MDGAN with R3GAN's residual networks and R1 + R2, on scikit-learn's digits.

    Run:  equipoise train reg-gan-residual-digits        length not measured
    No published figure: the paper's networks are DCGAN's.
    """
    size: dict[str, Any] = {"image_size": 8, "channels": 1}
    residual = {"width": _RESIDUAL_WIDTH, "blocks": 1, **size}
    lengths: dict[str, Any] = {"iterations": _RESIDUAL_ITERATIONS, "penalties": _PENALTIES}
    algorithm = RegGAN(**lengths) if method == "reg-gan" else MDGAN(**lengths)
    return Experiment(
        name=f"{method}-residual-digits",
        data=Digits(),
        value_range="symmetric",
        batch_size=64,
        latent=Latent(16),
        players=_players(
            algorithm,
            network("r3gan-generator", latent_size=16, **residual),
            network("r3gan-discriminator", **residual),
            network("dcgan-encoder", latent_size=16, width=_RESIDUAL_WIDTH, **size),
            _ADAM,
        ),
        algorithm=algorithm,
        watch=Watch(sample_grids=20),
    )


def _algorithm(method: Method) -> Algorithm:
    length: dict[str, Any] = {"iterations": _ITERATIONS}
    made: dict[Method, Algorithm] = {
        "r3gan": RelativisticGAN(gamma=1.0, penalty_every=1, **length),
        "gan": GAN(penalties=_PENALTIES, **length),
        "reg-gan": RegGAN(penalties=_PENALTIES, **_WEIGHTS, **length),
        "mdgan": MDGAN(penalties=_PENALTIES, reduction="sum", **length),
        "mmd-rep-b": MMDGAN(bounds=(0.25, 4.0), penalties=_PENALTIES, update="alternating", **length),
    }
    return made[method]


def _players(
    algorithm: Algorithm, generator: NetworkConfig, judge: NetworkConfig, encoder: NetworkConfig, adam: Adam
) -> dict[str, Player]:
    """Every player that the algorithm expects; each one that judges has the discriminator's network."""
    known = {"generator": generator, "encoder": encoder}
    return {name: Player(network=known.get(name, judge), optimiser=adam) for name in algorithm.players}
