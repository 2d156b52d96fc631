"""Every generator, discriminator, auto-encoder and encoder of the papers. Imports only `equipoise.common`."""

from equipoise.networks.autoencoder import DenseAutoEncoder
from equipoise.networks.initialise import build, initialise
from equipoise.networks.magan import MaganAutoEncoder, MaganGenerator
from equipoise.networks.mlp import MLPDiscriminator, MLPEncoder, MLPGenerator
from equipoise.networks.network import AutoEncoder, Discriminator, Encoder, Generator, Network

__all__ = [
    "AutoEncoder",
    "DenseAutoEncoder",
    "Discriminator",
    "Encoder",
    "Generator",
    "MLPDiscriminator",
    "MLPEncoder",
    "MLPGenerator",
    "MaganAutoEncoder",
    "MaganGenerator",
    "Network",
    "build",
    "initialise",
]
