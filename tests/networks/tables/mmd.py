"""The networks of MMD-GAN, Tables S1 and S2.

The words are explained in tests/networks/test_layers.py.
"""

import pytest

# (kind, options, table, hand-computed or published number of parameters)
TABLES = [
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
]  # fmt: skip
