"""R3GAN (Huang et al. 2024, config E, and its code); the words are explained in tests/networks/test_layers.py."""

import pytest

_BLOCK = (
    "[ conv({0}>{1},1x1,s1,p0) lrelu(0.2) conv({1}>{1},3x3,s1,p1,g{2}) lrelu(0.2) conv({1}>{0},1x1,s1,p0,nobias) | ]"
)
_UP, _DOWN = "up mean(2,s1,p1) mean(2,s1,p0)", "mean(2,s1,p1) mean(2,s1,p0) mean(2)"


def _block(width: int) -> str:
    return _BLOCK.format(width, 2 * width, 2 * width // 16)


def _parameters(width: int) -> int:
    return 2 * width * width * 2 + 2 * width * 16 * 9 + 4 * width


# (kind, options, table, hand-computed number of parameters)
TABLES = [
    pytest.param(
        "r3gan-generator",
        {"width": 32, "image_size": 64},
        f"""dense(64>32,nobias) shape deconv(32>32,4x4,s1,p0,g32,nobias) {2 * (_block(32) + " ")}
        {3 * (_UP + " " + 2 * (_block(32) + " "))} conv(32>16,1x1,s1,p0,nobias) {_UP} {2 * (_block(16) + " ")}
        conv(16>3,1x1,s1,p0,nobias)""",
        64 * 32 + 32 * 16 + 8 * _parameters(32) + 32 * 16 + 2 * _parameters(16) + 16 * 3,
        id="r3gan-64-G",
    ),
    pytest.param(
        "r3gan-discriminator",
        {"width": 32, "image_size": 64, "blocks": 1, "classes": 10},
        f"""conv(3>16,1x1,s1,p0,nobias) {_block(16)} {_DOWN} conv(16>32,1x1,s1,p0,nobias)
        {3 * (_block(32) + " " + _DOWN + " ")} {_block(32)} conv(32>32,4x4,s1,p0,g32,nobias) flat dense(32>32,nobias)
        conv(10>32,1x1,s1,p0,nobias)""",
        3 * 16 + _parameters(16) + 16 * 32 + 4 * _parameters(32) + 32 * 16 + 32 * 32 + 10 * 32,
        id="r3gan-64-D-classes",
    ),
]
