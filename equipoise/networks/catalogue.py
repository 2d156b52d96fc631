"""Every network by name. Torch-free: a network's module is imported when the network is asked for."""

from equipoise.common.registry import Entry, Registry


def _entry(name: str, place: str, summary: str) -> Entry:
    return Entry(name, summary, f"equipoise.networks.{place}")


NETWORKS = Registry(
    "network",
    [
        _entry("mlp-generator", "mlp:MLPGenerator", "fully connected generator of points or small images"),
        _entry("mlp-discriminator", "mlp:MLPDiscriminator", "fully connected discriminator of points or small images"),
        _entry("mlp-encoder", "mlp:MLPEncoder", "fully connected encoder of points or small images"),
        _entry("dense-autoencoder", "autoencoder:DenseAutoEncoder", "fully connected auto-encoder of small images"),
        _entry("magan-generator", "magan:MaganGenerator", "MAGAN's generator for MNIST and CelebA"),
        _entry("magan-autoencoder", "magan:MaganAutoEncoder", "MAGAN's auto-encoder for MNIST and CelebA"),
        _entry(
            "magan-cifar-generator",
            "magan_cifar:MaganCifarGenerator",
            "MAGAN's generator for CIFAR-10, as in the paper",
        ),
        _entry(
            "magan-cifar-autoencoder",
            "magan_cifar:MaganCifarAutoEncoder",
            "MAGAN's auto-encoder for CIFAR-10, as in the paper",
        ),
        _entry(
            "magan-cifar-code-generator",
            "magan_cifar:MaganCifarCodeGenerator",
            "MAGAN's generator for CIFAR-10, as in the released code",
        ),
        _entry(
            "magan-cifar-code-autoencoder",
            "magan_cifar:MaganCifarCodeAutoEncoder",
            "MAGAN's auto-encoder for CIFAR-10, as in the released code",
        ),
        _entry("began-generator", "began:BEGANGenerator", "BEGAN's generator"),
        _entry("began-autoencoder", "began:BEGANAutoEncoder", "BEGAN's auto-encoder"),
        _entry(
            "ebgan-generator", "ebgan:EBGANGenerator", "generator of the EBGAN code that MAGAN is scored against, 28x28"
        ),
        _entry(
            "ebgan-autoencoder",
            "ebgan:EBGANAutoEncoder",
            "auto-encoder of the EBGAN code that MAGAN is scored against, 28x28",
        ),
        _entry("dcgan-generator", "dcgan:DCGANGenerator", "DCGAN's generator"),
        _entry("dcgan-discriminator", "dcgan:DCGANDiscriminator", "DCGAN's discriminator"),
        _entry("dcgan-encoder", "encoder:DCGANEncoder", "DCGAN's generator reversed: images to latent vectors"),
        _entry(
            "variational-encoder", "encoder:VariationalEncoder", "images to the mean and log variance of latent vectors"
        ),
        _entry(
            "joint-discriminator", "joint:JointDiscriminator", "scores of images and latent vectors together, for ALI"
        ),
        _entry("mmd-generator", "mmd_gan:MMDGenerator", "generator of the repulsive MMD-GAN"),
        _entry(
            "mmd-discriminator",
            "mmd_gan:MMDDiscriminator",
            "discriminator of the repulsive MMD-GAN: features of images",
        ),
        _entry(
            "stacked-mnist-generator",
            "stacked_mnist:StackedMnistGenerator",
            "generator of the stacked MNIST experiment",
        ),
        _entry(
            "stacked-mnist-discriminator",
            "stacked_mnist:StackedMnistDiscriminator",
            "discriminator of the stacked MNIST experiment",
        ),
        _entry("wgan-gp-resnet-generator", "resnet:WGANGPResNetGenerator", "residual generator of WGAN-GP at 32x32"),
        _entry(
            "wgan-gp-resnet-discriminator",
            "resnet:WGANGPResNetDiscriminator",
            "residual discriminator of WGAN-GP at 32x32",
        ),
        _entry("wgan-gp-conv-generator", "wgan_gp:WGANGPConvGenerator", "convolutional generator of WGAN-GP"),
        _entry(
            "wgan-gp-conv-discriminator",
            "wgan_gp:WGANGPConvDiscriminator",
            "convolutional discriminator of WGAN-GP, one score or a map of them",
        ),
        _entry(
            "wgan-gp-resnet64-generator", "wgan_gp:WGANGPResNet64Generator", "residual generator of WGAN-GP at 64x64"
        ),
        _entry(
            "wgan-gp-resnet64-discriminator",
            "wgan_gp:WGANGPResNet64Discriminator",
            "residual discriminator of WGAN-GP at 64x64, one score or a map of them",
        ),
        _entry("sngan-generator", "resnet:SNGANGenerator", "residual generator of SNGAN"),
        _entry(
            "sngan-discriminator",
            "resnet:SNGANDiscriminator",
            "residual discriminator of SNGAN, one score or a map of them",
        ),
    ],
)
"""Each is a class, built from plain options."""
