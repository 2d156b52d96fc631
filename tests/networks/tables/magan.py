"""MAGAN's generators and auto-encoders.

The words are explained in tests/networks/test_layers.py.
"""

import pytest

MAGAN_CELEBA_DECODER = """
    deconv(512>256,4x4,s2,p1) {act} deconv(256>128,4x4,s2,p1) {act} deconv(128>64,4x4,s2,p1) {act}
    deconv(64>3,4x4,s2,p1) tanh"""
MAGAN_CIFAR_DECODER = """
    deconv(512>256,3x3,s2,p1,+1) {act} deconv(256>256,3x3,s1,p1) {act}
    deconv(256>128,3x3,s2,p1,+1) {act} deconv(128>128,3x3,s1,p1) {act}
    deconv(128>64,3x3,s2,p1,+1) {act} deconv(64>3,3x3,s1,p1) tanh"""

# (kind, options, table, hand-computed or published number of parameters)
TABLES = [
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
]  # fmt: skip
