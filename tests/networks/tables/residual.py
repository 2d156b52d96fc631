"""WGAN-GP's residual and convolutional networks, and SNGAN's.

The words are explained in tests/networks/test_layers.py.
"""

import pytest

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
