"""Mode coverage with R1 and R2: R3GAN's loss on Gaussians in the plane, and encoders on R3GAN's
residual networks (Huang et al. 2024, Che et al. 2017, Wang et al. 2019). docs/ring.md tells how the setting was chosen.
"""

from typing import Any, Literal

from equipoise.algorithms.mdgan import MDGAN
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

_ITERATIONS = 2_000
_PENALTIES = (Penalty("r1", 1.0), Penalty("r2", 1.0))
_ADAM = Adam(lr=1e-3, betas=(0.0, 0.99))
_RESIDUAL_ITERATIONS, _RESIDUAL_WIDTH = 600, 16


def points(data: Literal["ring", "grid"] = "ring") -> Experiment:
    """R3GAN's loss on six Gaussians in a ring or 25 in a grid, with R1 + R2 at weight 1.

    Only the ring was measured.
    Run:  equipoise train r3gan-ring        under a minute on one core
    No published figure. Ours: results/ring/search-runs.json.
    """
    chosen: DataSet = Ring() if data == "ring" else Grid()
    algorithm = RelativisticGAN(gamma=1.0, penalty_every=1, iterations=_ITERATIONS)
    networks = {"generator": network("mlp-generator"), "discriminator": network("mlp-discriminator", hidden=(128, 128))}
    return Experiment(
        name=f"r3gan-{data}",
        data=chosen,
        value_range="unit",
        batch_size=128,
        latent=Latent(3, "unit"),
        players={name: Player(network=each, optimiser=_ADAM) for name, each in networks.items()},
        algorithm=algorithm,
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
        ),
        algorithm=algorithm,
        watch=Watch(sample_grids=20),
    )


def _players(
    algorithm: Algorithm, generator: NetworkConfig, judge: NetworkConfig, encoder: NetworkConfig
) -> dict[str, Player]:
    """Every player that the algorithm expects; each one that judges has the discriminator's network."""
    known = {"generator": generator, "encoder": encoder}
    return {name: Player(network=known.get(name, judge), optimiser=_ADAM) for name in algorithm.players}
