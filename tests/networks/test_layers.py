"""Every network against its table: each layer's kernel, stride, padding and activation, and the number of parameters.

The tables are written by hand from the papers' appendices and the baselines' code. Words: `conv(in>out,kernel,stride,
padding)`, `deconv` its transpose (`+1` is output padding), `project` a transposed convolution of the latent vector,
`dense`, `bn`, `ln`, activations, `mean(n)` and `sum` pooling, `[ path | shortcut ]` a residual block.
"""

import pytest

MAGAN_CELEBA_DECODER = """
    deconv(512>256,4x4,s2,p1) {act} deconv(256>128,4x4,s2,p1) {act} deconv(128>64,4x4,s2,p1) {act}
    deconv(64>3,4x4,s2,p1) tanh"""
MAGAN_CIFAR_DECODER = """
    deconv(512>256,3x3,s2,p1,+1) {act} deconv(256>256,3x3,s1,p1) {act}
    deconv(256>128,3x3,s2,p1,+1) {act} deconv(128>128,3x3,s1,p1) {act}
    deconv(128>64,3x3,s2,p1,+1) {act} deconv(64>3,3x3,s1,p1) tanh"""
BEGAN_DECODER = """dense(64>8192) shape
    conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s1,p1) elu up
    conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s1,p1) elu up
    conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s1,p1) elu up
    conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s1,p1) elu
    conv(128>3,3x3,s1,p1)"""
DCGAN_MIRROR = """
    conv(3>64,4x4,s2,p1,nobias) bn(64) relu conv(64>128,4x4,s2,p1,nobias) bn(128) relu
    conv(128>256,4x4,s2,p1,nobias) bn(256) relu conv(256>512,4x4,s2,p1,nobias) bn(512) relu"""
UP = """[ bn({w}) relu up conv({w}>{w},3x3,s1,p1) bn({w}) relu conv({w}>{w},3x3,s1,p1) | conv({w}>{w},1x1,s1,p0) up ]"""
RESNET_BODY = """
    [ conv(3>128,3x3,s1,p1) relu conv(128>128,3x3,s1,p1) mean(2) | mean(2) conv(3>128,1x1,s1,p0) ]
    [ relu conv(128>128,3x3,s1,p1) relu conv(128>128,3x3,s1,p1) mean(2) | mean(2) conv(128>128,1x1,s1,p0) ]
    [ relu conv(128>128,3x3,s1,p1) relu conv(128>128,3x3,s1,p1) | ]
    [ relu conv(128>128,3x3,s1,p1) relu conv(128>128,3x3,s1,p1) | ] relu"""
WGAN_CONV_BODY = """conv(3>128,5x5,s2,p2) lrelu(0.2) conv(128>256,5x5,s2,p2) lrelu(0.2)
    conv(256>512,5x5,s{last},p2) lrelu(0.2)"""


def up64(ins: int, outs: int) -> str:
    return (
        f"[ bn({ins}) relu up conv({ins}>{outs},3x3,s1,p1,nobias) bn({outs}) relu conv({outs}>{outs},3x3,s1,p1) "
        f"| conv({ins}>{outs},1x1,s1,p0) up ]"
    )


def down64(ins: int, outs: int) -> str:
    return (
        f"[ ln({ins}) relu conv({ins}>{ins},3x3,s1,p1,nobias) ln({ins}) relu conv({ins}>{outs},3x3,s1,p1) mean(2) "
        f"| mean(2) conv({ins}>{outs},1x1,s1,p0) ]"
    )


LAST64 = "[ ln(512) relu conv(512>512,3x3,s1,p1,nobias) ln(512) relu conv(512>512,3x3,s1,p1) | ]"

# (kind, options, table, hand-computed or published number of parameters)
TABLES = [
    pytest.param("mlp-generator", {}, "dense(3>128) relu dense(128>128) relu dense(128>2) shape", 17_282, id="ring-G"),
    pytest.param("mlp-discriminator", {}, "flat dense(2>128) relu dense(128>1) scalar", 3 * 128 + 129, id="ring-D"),
    pytest.param(
        "mlp-encoder", {}, "flat dense(2>128) relu dense(128>128) relu dense(128>3) sigmoid", 17_283, id="ring-E"
    ),
    pytest.param(
        "mlp-generator",
        {"latent_size": 16, "image_shape": (1, 8, 8), "hidden": (128, 256), "output_activation": "sigmoid"},
        "dense(16>128) relu dense(128>256) relu dense(256>64) sigmoid shape",
        17 * 128 + 129 * 256 + 257 * 64,
        id="digits-G",
    ),
    pytest.param(
        "dense-autoencoder",
        {"image_shape": (1, 8, 8), "encoder_sizes": (128, 32)},
        "flat dense(64>128) relu dense(128>32) relu dense(32>64) sigmoid shape",
        65 * 128 + 129 * 32 + 33 * 64,
        id="digits-D",
    ),
    pytest.param(
        "mlp-generator",
        {
            "latent_size": 100,
            "image_shape": (1, 28, 28),
            "hidden": (400, 400, 400),
            "batch_norm": True,
            "output_activation": "tanh",
        },
        "dense(100>400) bn(400) relu dense(400>400) bn(400) relu dense(400>400) bn(400) relu dense(400>784) tanh shape",
        101 * 400 + 2 * 401 * 400 + 3 * 800 + 401 * 784,
        id="grid-G",
    ),
    pytest.param(
        "mlp-discriminator",
        {"image_shape": (1, 28, 28), "hidden": (256, 256), "dropout": 0.5},
        "flat dense(784>256) relu drop(0.5) dense(256>256) relu drop(0.5) dense(256>1) scalar",
        785 * 256 + 257 * 256 + 257,
        id="grid-D",
    ),
    pytest.param(
        "dense-autoencoder",
        {},
        "flat dense(784>256) relu dense(256>256) relu dense(256>784) sigmoid shape",
        468_240,
        id="magan-mnist-D",
    ),
    pytest.param(
        "magan-generator",
        {"latent_size": 50, "image_size": 28, "channels": 1, "widths": (128, 64), "output_activation": "sigmoid"},
        "project(50>128,7x7) relu deconv(128>64,4x4,s2,p1) relu deconv(64>1,4x4,s2,p1) sigmoid",
        445_889,
        id="magan-mnist-G",
    ),
    pytest.param(
        "magan-generator",
        {},
        "project(350>512,4x4) relu" + MAGAN_CELEBA_DECODER.format(act="relu"),
        16 * (350 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 512 + 256 + 128 + 64 + 3,
        id="magan-celeba-G",
    ),
    pytest.param(
        "magan-autoencoder",
        {},
        """conv(3>64,4x4,s2,p1) lrelu(0.2) conv(64>128,4x4,s2,p1) lrelu(0.2) conv(128>256,4x4,s2,p1) lrelu(0.2)
        conv(256>512,4x4,s2,p1) lrelu(0.2)"""
        + MAGAN_CELEBA_DECODER.format(act="lrelu(0.2)"),
        2 * 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 64 + 128 + 256 + 512 + 256 + 128 + 64 + 3,
        id="magan-celeba-D",
    ),
    pytest.param(
        "magan-cifar-generator",
        {},
        "project(320>512,4x4) relu" + MAGAN_CIFAR_DECODER.format(act="relu"),
        16 * 320 * 512
        + 9 * (512 * 256 + 256 * 256 + 256 * 128 + 128 * 128 + 128 * 64 + 64 * 3)
        + 512 + 256 + 256 + 128 + 128 + 64 + 3,
        id="magan-cifar-paper-G",
    ),
    pytest.param(
        "magan-cifar-autoencoder",
        {},
        """conv(3>64,3x3,s1,p1) lrelu(0.2) conv(64>128,3x3,s2,p1) lrelu(0.2)
        conv(128>128,3x3,s1,p1) lrelu(0.2) conv(128>256,3x3,s2,p1) lrelu(0.2)
        conv(256>256,3x3,s1,p1) lrelu(0.2) conv(256>512,3x3,s2,p1) lrelu(0.2)"""
        + MAGAN_CIFAR_DECODER.format(act="lrelu(0.2)"),
        2 * 9 * (3 * 64 + 64 * 128 + 128 * 128 + 128 * 256 + 256 * 256 + 256 * 512)
        + 64 + 128 + 128 + 256 + 256 + 512 + 256 + 256 + 128 + 128 + 64 + 3,
        id="magan-cifar-paper-D",
    ),
    pytest.param(
        "magan-cifar-code-generator",
        {},
        """project(320>512,4x4) relu deconv(512>256,4x4,s2,p1) relu deconv(256>128,4x4,s2,p1) relu
        deconv(128>3,4x4,s2,p1) tanh""",
        16 * (320 * 512 + 512 * 256 + 256 * 128 + 128 * 3) + 512 + 256 + 128 + 3,
        id="magan-cifar-code-G",
    ),
    pytest.param(
        "magan-cifar-code-autoencoder",
        {},
        """conv(3>128,4x4,s2,p1) lrelu(0.2) conv(128>256,4x4,s2,p1) lrelu(0.2) conv(256>512,4x4,s2,p1) lrelu(0.2)
        deconv(512>256,4x4,s2,p1) lrelu(0.2) deconv(256>128,4x4,s2,p1) lrelu(0.2) deconv(128>3,4x4,s2,p1) tanh""",
        2 * 16 * (3 * 128 + 128 * 256 + 256 * 512) + 128 + 256 + 512 + 256 + 128 + 3,
        id="magan-cifar-code-D",
    ),
    pytest.param(
        "began-generator",
        {},
        BEGAN_DECODER,
        65 * 8192 + 8 * (9 * 128 * 128 + 128) + 9 * 128 * 3 + 3,
        id="began-G",
    ),
    pytest.param(
        "began-autoencoder",
        {},
        """conv(3>128,3x3,s1,p1) elu
        conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s2,p1) elu
        conv(128>256,3x3,s1,p1) elu conv(256>256,3x3,s1,p1) elu conv(256>256,3x3,s2,p1) elu
        conv(256>384,3x3,s1,p1) elu conv(384>384,3x3,s1,p1) elu conv(384>384,3x3,s2,p1) elu
        conv(384>512,3x3,s1,p1) elu conv(512>512,3x3,s1,p1) elu flat dense(32768>64)"""
        + " "
        + BEGAN_DECODER,
        # encoder: 3n, then per stage n_in n_out, n_out^2 and the strided n_out^2 (none in the last stage)
        9 * (3 * 128 + 3 * 128**2 + 128 * 256 + 2 * 256**2 + 256 * 384 + 2 * 384**2 + 384 * 512 + 512**2)
        + 4 * 128 + 3 * 256 + 3 * 384 + 2 * 512
        + 32768 * 64 + 64
        + 65 * 8192 + 8 * (9 * 128 * 128 + 128) + 9 * 128 * 3 + 3,
        id="began-D",
    ),
    pytest.param(
        "ebgan-generator",
        {},
        """dense(50>1024,nobias) bn(1024) relu dense(1024>6272,nobias) bn(6272) relu shape
        deconv(128>64,4x4,s2,p1,nobias) bn(64) relu deconv(64>1,4x4,s2,p1) sigmoid""",
        50 * 1024 + 2 * 1024 + 1024 * 6272 + 2 * 6272 + 16 * 128 * 64 + 2 * 64 + 16 * 64 + 1,
        id="ebgan-G",
    ),
    pytest.param(
        "ebgan-autoencoder",
        {},
        """conv(1>64,4x4,s2,p1) lrelu(0.01) conv(64>128,4x4,s2,p1) lrelu(0.01)
        deconv(128>64,4x4,s2,p1) lrelu(0.01) deconv(64>1,4x4,s2,p1)""",
        2 * 16 * (64 + 64 * 128) + 64 + 128 + 64 + 1,
        id="ebgan-D",
    ),
    pytest.param(
        "dcgan-generator",
        {},
        """project(100>512,4x4,nobias) bn(512) relu deconv(512>256,4x4,s2,p1,nobias) bn(256) relu
        deconv(256>128,4x4,s2,p1,nobias) bn(128) relu deconv(128>64,4x4,s2,p1,nobias) bn(64) relu
        deconv(64>3,4x4,s2,p1,nobias) tanh""",
        3_576_704,
        id="dcgan-64-G",
    ),
    pytest.param(
        "dcgan-discriminator",
        {},
        """conv(3>64,4x4,s2,p1,nobias) lrelu(0.2) conv(64>128,4x4,s2,p1,nobias) bn(128) lrelu(0.2)
        conv(128>256,4x4,s2,p1,nobias) bn(256) lrelu(0.2) conv(256>512,4x4,s2,p1,nobias) bn(512) lrelu(0.2)
        conv(512>1,4x4,s1,p0,nobias) scalar""",
        2_765_568,
        id="dcgan-64-D",
    ),
    pytest.param(
        "dcgan-generator",
        {"image_size": 28, "channels": 1},
        """project(100>128,7x7,nobias) bn(128) relu deconv(128>64,4x4,s2,p1,nobias) bn(64) relu
        deconv(64>1,4x4,s2,p1,nobias) tanh""",
        100 * 128 * 49 + 256 + 16 * 128 * 64 + 128 + 16 * 64,
        id="dcgan-28-grey-G",
    ),
    pytest.param(
        "dcgan-discriminator",
        {"image_size": 32, "channels": 1, "batch_norm": False, "output_size": 8},
        """conv(1>64,4x4,s2,p1) lrelu(0.2) conv(64>128,4x4,s2,p1) lrelu(0.2) conv(128>256,4x4,s2,p1) lrelu(0.2)
        conv(256>8,4x4,s1,p0) flat""",
        16 * (64 + 64 * 128 + 128 * 256 + 256 * 8) + 64 + 128 + 256 + 8,
        id="dcgan-32-grey-D",
    ),
    pytest.param(
        "dcgan-encoder",
        {},
        DCGAN_MIRROR + " conv(512>100,4x4,s1,p0) flat",
        16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 100) + 2 * (64 + 128 + 256 + 512) + 100,
        id="dcgan-64-E",
    ),
    pytest.param(
        "dcgan-encoder",
        {"output_activation": "tanh", "latent_size": 200},
        DCGAN_MIRROR + " conv(512>200,4x4,s1,p0) flat tanh",
        16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 200) + 2 * (64 + 128 + 256 + 512) + 200,
        id="dcgan-64-E-tanh",
    ),
    pytest.param(
        "variational-encoder",
        {},
        DCGAN_MIRROR + " conv(512>200,4x4,s1,p0) flat",
        16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 200) + 2 * (64 + 128 + 256 + 512) + 200,
        id="vaegan-64-E",
    ),
    pytest.param(
        "joint-discriminator",
        {},
        """conv(3>64,4x4,s2,p1,nobias) lrelu(0.2) conv(64>128,4x4,s2,p1,nobias) bn(128) lrelu(0.2)
        conv(128>256,4x4,s2,p1,nobias) bn(256) lrelu(0.2) conv(256>256,4x4,s1,p0) flat lrelu(0.2)
        dense(64>256) lrelu(0.2) dense(256>256) lrelu(0.2)
        drop(0.2) dense(512>512) lrelu(0.2) drop(0.2) dense(512>1) scalar""",
        16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 256) + 2 * (128 + 256) + 256
        + 65 * 256 + 257 * 256 + 513 * 512 + 513,
        id="ali-D",
    ),
    pytest.param(
        "mmd-generator",
        {},
        """dense(128>8192) shape deconv(512>256,4x4,s2,p1,nobias) bn(256) relu deconv(256>128,4x4,s2,p1,nobias) bn(128)
        relu deconv(128>64,4x4,s2,p1,nobias) bn(64) relu conv(64>3,3x3,s1,p1) tanh""",
        129 * 8192 + 16 * (512 * 256 + 256 * 128 + 128 * 64) + 2 * (256 + 128 + 64) + 27 * 64 + 3,
        id="mmd-S1-32-G",
    ),
    pytest.param(
        "mmd-generator",
        {"image_size": 48, "normalise_first": True},
        """dense(128>18432,nobias) shape bn(512) relu deconv(512>256,4x4,s2,p1,nobias) bn(256) relu
        deconv(256>128,4x4,s2,p1,nobias) bn(128) relu deconv(128>64,4x4,s2,p1,nobias) bn(64) relu
        conv(64>3,3x3,s1,p1) tanh""",
        128 * 18432 + 16 * (512 * 256 + 256 * 128 + 128 * 64) + 2 * (512 + 256 + 128 + 64) + 27 * 64 + 3,
        id="mmd-S1-48-script-G",
    ),
    pytest.param(
        "mmd-discriminator",
        {},
        """conv(3>64,3x3,s1,p1) lrelu(0.1) conv(64>128,4x4,s2,p1) lrelu(0.1) conv(128>128,3x3,s1,p1) lrelu(0.1)
        conv(128>256,4x4,s2,p1) lrelu(0.1) conv(256>256,3x3,s1,p1) lrelu(0.1)
        conv(256>512,4x4,s2,p1) lrelu(0.1) conv(512>512,3x3,s1,p1) lrelu(0.1) flat dense(8192>16) flat""",
        9 * (3 * 64 + 128**2 + 256**2 + 512**2) + 16 * (64 * 128 + 128 * 256 + 256 * 512)
        + 64 + 2 * (128 + 256 + 512) + 8192 * 16 + 16,
        id="mmd-S1-32-D",
    ),
    pytest.param(
        "mmd-discriminator",
        {"image_size": 48, "output_size": None},
        """conv(3>64,3x3,s1,p1) lrelu(0.1) conv(64>128,4x4,s2,p1) lrelu(0.1) conv(128>128,3x3,s1,p1) lrelu(0.1)
        conv(128>256,4x4,s2,p1) lrelu(0.1) conv(256>256,3x3,s1,p1) lrelu(0.1)
        conv(256>512,4x4,s2,p1) lrelu(0.1) conv(512>512,3x3,s1,p1) lrelu(0.1) flat dense(18432>1) scalar""",
        9 * (3 * 64 + 128**2 + 256**2 + 512**2) + 16 * (64 * 128 + 128 * 256 + 256 * 512)
        + 64 + 2 * (128 + 256 + 512) + 18432 + 1,
        id="mmd-S1-48-D",
    ),
    pytest.param(
        "mmd-generator",
        {"image_size": 64},
        """dense(128>16384) shape deconv(1024>512,4x4,s2,p1,nobias) bn(512) relu deconv(512>256,4x4,s2,p1,nobias)
        bn(256) relu deconv(256>128,4x4,s2,p1,nobias) bn(128) relu deconv(128>64,4x4,s2,p1,nobias) bn(64) relu
        conv(64>3,3x3,s1,p1) tanh""",
        129 * 16384 + 16 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 64) + 2 * (512 + 256 + 128 + 64) + 27 * 64 + 3,
        id="mmd-S2-64-G",
    ),
    pytest.param(
        "mmd-discriminator",
        {"image_size": 64},
        """conv(3>64,3x3,s1,p1) lrelu(0.1) conv(64>128,4x4,s2,p1) lrelu(0.1) conv(128>128,3x3,s1,p1) lrelu(0.1)
        conv(128>256,4x4,s2,p1) lrelu(0.1) conv(256>256,3x3,s1,p1) lrelu(0.1)
        conv(256>512,4x4,s2,p1) lrelu(0.1) conv(512>512,3x3,s1,p1) lrelu(0.1)
        conv(512>1024,4x4,s2,p1) lrelu(0.1) conv(1024>1024,3x3,s1,p1) lrelu(0.1) flat dense(16384>16) flat""",
        9 * (3 * 64 + 128**2 + 256**2 + 512**2 + 1024**2) + 16 * (64 * 128 + 128 * 256 + 256 * 512 + 512 * 1024)
        + 64 + 2 * (128 + 256 + 512 + 1024) + 16384 * 16 + 16,
        id="mmd-S2-64-D",
    ),
    pytest.param(
        "stacked-mnist-generator",
        {},
        """dense(256>1024,nobias) shape bn(64) relu deconv(64>32,3x3,s2,p1,nobias) bn(32) relu
        deconv(32>16,3x3,s2,p1,+1,nobias) bn(16) relu deconv(16>8,3x3,s2,p1,+1,nobias) bn(8) relu
        conv(8>3,3x3,s1,p1) tanh""",
        256 * 1024 + 9 * (64 * 32 + 32 * 16 + 16 * 8 + 8 * 3) + 2 * (64 + 32 + 16 + 8) + 3,
        id="stacked-mnist-G",
    ),
    pytest.param(
        "stacked-mnist-discriminator",
        {},
        """conv(3>4,3x3,s2,p1) lrelu(0.2) conv(4>8,3x3,s2,p1,nobias) bn(8) lrelu(0.2)
        conv(8>16,3x3,s2,p1,nobias) bn(16) lrelu(0.2) flat dense(256>1) scalar""",
        9 * (3 * 4 + 4 * 8 + 8 * 16) + 4 + 2 * (8 + 16) + 257,
        id="stacked-mnist-D",
    ),
    pytest.param(
        "wgan-gp-resnet-generator",
        {},
        "dense(128>2048) shape " + 3 * (UP.format(w=128) + " ") + "bn(128) relu conv(128>3,3x3,s1,p1) tanh",
        129 * 2048 + 3 * (2 * (9 * 128**2 + 128) + 128**2 + 128 + 4 * 128) + 256 + 27 * 128 + 3,
        id="wgan-gp-resnet-G",
    ),
    pytest.param(
        "wgan-gp-resnet-discriminator",
        {},
        RESNET_BODY + " mean(8) flat dense(128>1) scalar",
        9 * (3 * 128 + 7 * 128**2) + 8 * 128 + 3 * 128 + 128**2 + 2 * 128 + 129,
        id="wgan-gp-resnet-D",
    ),
    pytest.param(
        "wgan-gp-resnet-discriminator",
        {"map_size": 8},
        RESNET_BODY + " conv(128>1,1x1,s1,p0) map",
        9 * (3 * 128 + 7 * 128**2) + 8 * 128 + 3 * 128 + 128**2 + 2 * 128 + 129,
        id="wgan-gp-resnet-8x8",
    ),
    pytest.param(
        "wgan-gp-resnet-discriminator",
        {"map_size": 4},
        RESNET_BODY + " mean(2) conv(128>1,1x1,s1,p0) map",
        9 * (3 * 128 + 7 * 128**2) + 8 * 128 + 3 * 128 + 128**2 + 2 * 128 + 129,
        id="wgan-gp-resnet-4x4",
    ),
    pytest.param(
        "sngan-generator",
        {},
        "dense(128>4096) shape " + 3 * (UP.format(w=256) + " ") + "bn(256) relu conv(256>3,3x3,s1,p1) tanh",
        129 * 4096 + 3 * (2 * (9 * 256**2 + 256) + 256**2 + 256 + 4 * 256) + 512 + 27 * 256 + 3,
        id="sngan-G",
    ),
    pytest.param(
        "sngan-discriminator",
        {},
        RESNET_BODY + " sum dense(128>1,nobias) scalar",
        9 * (3 * 128 + 7 * 128**2) + 8 * 128 + 3 * 128 + 128**2 + 2 * 128 + 128,
        id="sngan-D",
    ),
    pytest.param(
        "sngan-discriminator",
        {"map_size": 4},
        RESNET_BODY + " mean(2) times(64) conv(128>1,1x1,s1,p0,nobias) map",
        9 * (3 * 128 + 7 * 128**2) + 8 * 128 + 3 * 128 + 128**2 + 2 * 128 + 128,
        id="sngan-4x4",
    ),
    pytest.param(
        "wgan-gp-conv-generator",
        {},
        """dense(128>8192) bn(8192) relu shape deconv(512>256,5x5,s2,p2,+1) bn(256) relu
        deconv(256>128,5x5,s2,p2,+1) bn(128) relu deconv(128>3,5x5,s2,p2,+1) tanh""",
        129 * 8192 + 2 * 8192 + 25 * (512 * 256 + 256 * 128 + 128 * 3) + 3 * (256 + 128) + 3,
        id="wgan-gp-conv-G",
    ),
    pytest.param(
        "wgan-gp-conv-discriminator",
        {},
        WGAN_CONV_BODY.format(last=2) + " flat dense(8192>1) scalar",
        25 * (3 * 128 + 128 * 256 + 256 * 512) + 128 + 256 + 512 + 8193,
        id="wgan-gp-conv-D",
    ),
    pytest.param(
        "wgan-gp-conv-discriminator",
        {"map_size": 4},
        WGAN_CONV_BODY.format(last=2) + " conv(512>1,1x1,s1,p0) map",
        25 * (3 * 128 + 128 * 256 + 256 * 512) + 128 + 256 + 512 + 513,
        id="wgan-gp-conv-4x4",
    ),
    pytest.param(
        "wgan-gp-conv-discriminator",
        {"map_size": 8},
        WGAN_CONV_BODY.format(last=1) + " conv(512>1,1x1,s1,p0) map",
        25 * (3 * 128 + 128 * 256 + 256 * 512) + 128 + 256 + 512 + 513,
        id="wgan-gp-conv-8x8",
    ),
    pytest.param(
        "wgan-gp-resnet64-generator",
        {},
        f"dense(128>8192) shape {up64(512, 512)} {up64(512, 256)} {up64(256, 128)} {up64(128, 64)} "
        "bn(64) relu conv(64>3,3x3,s1,p1) tanh",
        129 * 8192
        + sum(
            9 * (i * o + o * o) + o + i * o + o + 2 * (i + o)
            for i, o in ((512, 512), (512, 256), (256, 128), (128, 64))
        )
        + 128 + 27 * 64 + 3,
        id="wgan-gp-64-G",
    ),
    pytest.param(
        "wgan-gp-resnet64-discriminator",
        {},
        f"conv(3>64,3x3,s1,p1) {down64(64, 128)} {down64(128, 256)} {down64(256, 512)} {down64(512, 512)} "
        "flat dense(8192>1) scalar",
        28 * 64
        + sum(9 * (i * i + i * o) + o + i * o + o + 4 * i for i, o in ((64, 128), (128, 256), (256, 512), (512, 512)))
        + 8193,
        id="wgan-gp-64-D",
    ),
    pytest.param(
        "wgan-gp-resnet64-discriminator",
        {"map_size": 8},
        f"conv(3>64,3x3,s1,p1) {down64(64, 128)} {down64(128, 256)} {down64(256, 512)} {LAST64} "
        "conv(512>1,1x1,s1,p0) map",
        28 * 64
        + sum(9 * (i * i + i * o) + o + i * o + o + 4 * i for i, o in ((64, 128), (128, 256), (256, 512)))
        + 18 * 512**2 + 512 + 4 * 512 + 513,
        id="wgan-gp-64-8x8",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "table", "parameters"), TABLES)
def test_layers_are_those_of_the_table(sketch, layer_words, parameter_count, kind, options, table, parameters):
    network = sketch(kind, **options)
    assert layer_words(network) == table.split()
    assert parameter_count(network) == parameters


def test_every_network_of_the_catalogue_has_a_table(catalogue_kinds):
    assert {case.values[0] for case in TABLES} == catalogue_kinds


def test_magan_parameter_counts_are_near_the_published_ones(sketch, parameter_count):
    """In millions: 5.51 and 5.62 on CelebA, 4.58 and 4.91 (paper) or 5.256 and 5.250 (code) on CIFAR-10."""
    published = {
        "magan-autoencoder": 5.51,
        "magan-generator": 5.62,
        "magan-cifar-autoencoder": 4.58,
        "magan-cifar-generator": 4.91,
        "magan-cifar-code-autoencoder": 5.256,
        "magan-cifar-code-generator": 5.250,
    }
    for kind, millions in published.items():
        assert parameter_count(sketch(kind)) / 1e6 == pytest.approx(millions, rel=1e-3), kind


def test_the_two_cifar_pairs_of_magan_differ_and_only_the_code_pair_is_balanced(sketch, parameter_count):
    """The paper's appendix and the released code disagree; 320 latent dimensions balance the pair of the code."""
    paper = [parameter_count(sketch(f"magan-cifar-{end}")) for end in ("generator", "autoencoder")]
    code = [parameter_count(sketch(f"magan-cifar-code-{end}")) for end in ("generator", "autoencoder")]
    assert abs(paper[0] / paper[1] - 1) > 0.05
    assert abs(code[0] / code[1] - 1) < 0.002


@pytest.mark.parametrize(("image_size", "layers"), [(32, 8), (48, 8), (64, 10)])
def test_mmd_discriminator_has_the_papers_number_of_constrained_layers(sketch, layer_words, image_size, layers):
    words = layer_words(sketch("mmd-discriminator", image_size=image_size))
    assert sum(word.startswith(("conv", "dense")) for word in words) == layers


def test_mmd_batch_norm_has_the_defaults_of_tensorflow(sketch):
    network = sketch("mmd-generator")
    norms = [layer for layer in network.layers if type(layer).__name__ == "BatchNorm"]
    assert [(norm.epsilon, norm.decay) for norm in norms] == 3 * [(1e-3, 0.99)]


def test_sngan_batch_norm_has_the_epsilon_of_chainer(sketch):
    network = sketch("sngan-generator")
    norms = [layer for layer in network.modules() if type(layer).__name__ == "BatchNorm"]
    assert [(norm.epsilon, norm.decay) for norm in norms] == 7 * [(2e-5, 0.9)]
