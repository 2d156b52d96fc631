"""BEGAN's and EBGAN's generators and auto-encoders.

The words are explained in tests/networks/test_layers.py.
"""

import pytest

BEGAN_DECODER = """dense(64>8192) shape
    conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s1,p1) elu up
    conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s1,p1) elu up
    conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s1,p1) elu up
    conv(128>128,3x3,s1,p1) elu conv(128>128,3x3,s1,p1) elu
    conv(128>3,3x3,s1,p1)"""

# (kind, options, table, hand-computed or published number of parameters)
TABLES = [
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
]  # fmt: skip
