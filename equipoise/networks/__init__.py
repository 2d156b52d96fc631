"""Every generator, discriminator, auto-encoder and encoder of the papers. Imports only `equipoise.common`.

Names are loaded when they are first used, so that `equipoise.networks.catalogue` does not import torch.
`equipoise.networks.initialise` is the module of that name; its function is imported from there.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import homes, lazy_names
from equipoise.networks.catalogue import NETWORKS

if TYPE_CHECKING:
    from equipoise.networks.autoencoder import DenseAutoEncoder as DenseAutoEncoder
    from equipoise.networks.began import BEGANAutoEncoder as BEGANAutoEncoder
    from equipoise.networks.began import BEGANGenerator as BEGANGenerator
    from equipoise.networks.dcgan import DCGANDiscriminator as DCGANDiscriminator
    from equipoise.networks.dcgan import DCGANGenerator as DCGANGenerator
    from equipoise.networks.dropout import Dropout as Dropout
    from equipoise.networks.ebgan import EBGANAutoEncoder as EBGANAutoEncoder
    from equipoise.networks.ebgan import EBGANGenerator as EBGANGenerator
    from equipoise.networks.encoder import DCGANEncoder as DCGANEncoder
    from equipoise.networks.encoder import VariationalEncoder as VariationalEncoder
    from equipoise.networks.encoder import reparameterised as reparameterised
    from equipoise.networks.initialise import build as build
    from equipoise.networks.joint import JointDiscriminator as JointDiscriminator
    from equipoise.networks.magan import MaganAutoEncoder as MaganAutoEncoder
    from equipoise.networks.magan import MaganGenerator as MaganGenerator
    from equipoise.networks.magan_cifar import MaganCifarAutoEncoder as MaganCifarAutoEncoder
    from equipoise.networks.magan_cifar import MaganCifarCodeAutoEncoder as MaganCifarCodeAutoEncoder
    from equipoise.networks.magan_cifar import MaganCifarCodeGenerator as MaganCifarCodeGenerator
    from equipoise.networks.magan_cifar import MaganCifarGenerator as MaganCifarGenerator
    from equipoise.networks.mlp import MLPDiscriminator as MLPDiscriminator
    from equipoise.networks.mlp import MLPEncoder as MLPEncoder
    from equipoise.networks.mlp import MLPGenerator as MLPGenerator
    from equipoise.networks.mmd_gan import MMDDiscriminator as MMDDiscriminator
    from equipoise.networks.mmd_gan import MMDGenerator as MMDGenerator
    from equipoise.networks.network import AutoEncoder as AutoEncoder
    from equipoise.networks.network import Discriminator as Discriminator
    from equipoise.networks.network import Encoder as Encoder
    from equipoise.networks.network import Generator as Generator
    from equipoise.networks.network import Network as Network
    from equipoise.networks.normalisation import BatchNorm as BatchNorm
    from equipoise.networks.patch import PatchDiscriminator as PatchDiscriminator
    from equipoise.networks.pictures import PictureDiscriminator as PictureDiscriminator
    from equipoise.networks.pictures import PictureGenerator as PictureGenerator
    from equipoise.networks.r3gan import R3GANDiscriminator as R3GANDiscriminator
    from equipoise.networks.r3gan import R3GANGenerator as R3GANGenerator
    from equipoise.networks.resnet import SNGANDiscriminator as SNGANDiscriminator
    from equipoise.networks.resnet import SNGANGenerator as SNGANGenerator
    from equipoise.networks.resnet import WGANGPResNetDiscriminator as WGANGPResNetDiscriminator
    from equipoise.networks.resnet import WGANGPResNetGenerator as WGANGPResNetGenerator
    from equipoise.networks.stacked_mnist import StackedMnistDiscriminator as StackedMnistDiscriminator
    from equipoise.networks.stacked_mnist import StackedMnistGenerator as StackedMnistGenerator
    from equipoise.networks.wgan_gp import WGANGPConvDiscriminator as WGANGPConvDiscriminator
    from equipoise.networks.wgan_gp import WGANGPConvGenerator as WGANGPConvGenerator
    from equipoise.networks.wgan_gp import WGANGPResNet64Discriminator as WGANGPResNet64Discriminator
    from equipoise.networks.wgan_gp import WGANGPResNet64Generator as WGANGPResNet64Generator

_HOMES = homes(
    __name__,
    dropout="Dropout",
    encoder="reparameterised",
    initialise="build",
    network="AutoEncoder Discriminator Encoder Generator Network",
    normalisation="BatchNorm",
) | {name: home for home, _, name in (str(entry.place).partition(":") for entry in NETWORKS.values())}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
