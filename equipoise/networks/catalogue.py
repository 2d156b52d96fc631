"""Every network by name. Torch-free: a network's module is imported when the network is asked for."""

from equipoise.common.registry import Entry, Registry, Shape

_ROWS = (
    ("mlp-generator", "mlp:MLPGenerator", "fully connected generator of points or small images"),
    ("mlp-discriminator", "mlp:MLPDiscriminator", "fully connected discriminator of points or small images"),
    ("mlp-encoder", "mlp:MLPEncoder", "fully connected encoder of points or small images"),
    ("dense-autoencoder", "autoencoder:DenseAutoEncoder", "fully connected auto-encoder of small images"),
    ("magan-generator", "magan:MaganGenerator", "MAGAN's generator for MNIST and CelebA"),
    ("magan-autoencoder", "magan:MaganAutoEncoder", "MAGAN's auto-encoder for MNIST and CelebA"),
    ("magan-cifar-generator", "magan_cifar:MaganCifarGenerator", "MAGAN's generator for CIFAR-10, as in the paper"),
    (
        "magan-cifar-autoencoder",
        "magan_cifar:MaganCifarAutoEncoder",
        "MAGAN's auto-encoder for CIFAR-10, as in the paper",
    ),
    (
        "magan-cifar-code-generator",
        "magan_cifar:MaganCifarCodeGenerator",
        "MAGAN's generator for CIFAR-10, as in the released code",
    ),
    (
        "magan-cifar-code-autoencoder",
        "magan_cifar:MaganCifarCodeAutoEncoder",
        "MAGAN's auto-encoder for CIFAR-10, as in the released code",
    ),
    ("began-generator", "began:BEGANGenerator", "BEGAN's generator"),
    ("began-autoencoder", "began:BEGANAutoEncoder", "BEGAN's auto-encoder"),
    ("ebgan-generator", "ebgan:EBGANGenerator", "generator of the EBGAN code that MAGAN is scored against, 28x28"),
    (
        "ebgan-autoencoder",
        "ebgan:EBGANAutoEncoder",
        "auto-encoder of the EBGAN code that MAGAN is scored against, 28x28",
    ),
    ("dcgan-generator", "dcgan:DCGANGenerator", "DCGAN's generator"),
    ("dcgan-discriminator", "dcgan:DCGANDiscriminator", "DCGAN's discriminator"),
    ("dcgan-encoder", "encoder:DCGANEncoder", "DCGAN's generator reversed: images to latent vectors"),
    ("variational-encoder", "encoder:VariationalEncoder", "images to the mean and log variance of latent vectors"),
    ("joint-discriminator", "joint:JointDiscriminator", "scores of images and latent vectors together, for ALI"),
    ("picture-generator", "pictures:PictureGenerator", "small generator for pictures of one's own"),
    (
        "picture-discriminator",
        "pictures:PictureDiscriminator",
        "small discriminator for pictures of one's own, with or without classes",
    ),
    (
        "patch-discriminator",
        "patch:PatchDiscriminator",
        "scores of an image's patches, at one scale or several (PatchGAN, pix2pixHD)",
    ),
    ("r3gan-generator", "r3gan:R3GANGenerator", "R3GAN's generator: residual, without normalisation"),
    (
        "r3gan-discriminator",
        "r3gan:R3GANDiscriminator",
        "R3GAN's discriminator: residual, without normalisation, with or without classes",
    ),
    ("mmd-generator", "mmd_gan:MMDGenerator", "generator of the repulsive MMD-GAN"),
    ("mmd-discriminator", "mmd_gan:MMDDiscriminator", "discriminator of the repulsive MMD-GAN: features of images"),
    ("stacked-mnist-generator", "stacked_mnist:StackedMnistGenerator", "generator of the stacked MNIST experiment"),
    (
        "stacked-mnist-discriminator",
        "stacked_mnist:StackedMnistDiscriminator",
        "discriminator of the stacked MNIST experiment",
    ),
    ("wgan-gp-resnet-generator", "resnet:WGANGPResNetGenerator", "residual generator of WGAN-GP at 32x32"),
    ("wgan-gp-resnet-discriminator", "resnet:WGANGPResNetDiscriminator", "residual discriminator of WGAN-GP at 32x32"),
    ("wgan-gp-conv-generator", "wgan_gp:WGANGPConvGenerator", "convolutional generator of WGAN-GP"),
    (
        "wgan-gp-conv-discriminator",
        "wgan_gp:WGANGPConvDiscriminator",
        "convolutional discriminator of WGAN-GP, one score or a map of them",
    ),
    ("wgan-gp-resnet64-generator", "wgan_gp:WGANGPResNet64Generator", "residual generator of WGAN-GP at 64x64"),
    (
        "wgan-gp-resnet64-discriminator",
        "wgan_gp:WGANGPResNet64Discriminator",
        "residual discriminator of WGAN-GP at 64x64, one score or a map of them",
    ),
    ("sngan-generator", "resnet:SNGANGenerator", "residual generator of SNGAN"),
    ("sngan-discriminator", "resnet:SNGANDiscriminator", "residual discriminator of SNGAN, one score or a map of them"),
)
"""Name, place below `equipoise.networks`, and summary."""

NETWORKS: Registry[Entry] = Registry(
    "network",
    (Entry(name, summary, f"equipoise.networks.{place}") for name, place, summary in _ROWS),
    shape=Shape(
        "a class that derives from Generator, Discriminator, AutoEncoder or Encoder",
        lambda thing: isinstance(thing, type) and hasattr(thing, "forward") and hasattr(thing, "scheme"),
    ),
)
"""Each is a class, built from plain options."""
