"""DCGAN, its encoders, the judge of pairs of image and code, and the small networks of stacked MNIST.

The words are explained in tests/networks/test_layers.py.
"""

import pytest

DCGAN_MIRROR = """
    conv(3>64,4x4,s2,p1,nobias) bn(64) relu conv(64>128,4x4,s2,p1,nobias) bn(128) relu
    conv(128>256,4x4,s2,p1,nobias) bn(256) relu conv(256>512,4x4,s2,p1,nobias) bn(512) relu"""

# (kind, options, table, hand-computed or published number of parameters)
TABLES = [
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
]  # fmt: skip
