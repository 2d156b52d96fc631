"""The small networks for pictures of one's own: a narrow DCGAN whose generator doubles its maps by nearest neighbours.

The words are explained in tests/networks/test_layers.py.
"""

import pytest

# (kind, options, table, hand-computed number of parameters)
TABLES = [
    pytest.param(
        "picture-generator",
        {},
        """project(64>128,4x4,nobias) bn(128) relu up conv(128>64,3x3,s1,p1,nobias) bn(64) relu
        up conv(64>32,3x3,s1,p1,nobias) bn(32) relu up conv(32>16,3x3,s1,p1,nobias) bn(16) relu
        conv(16>3,3x3,s1,p1) tanh""",
        64 * 128 * 16 + 9 * (128 * 64 + 64 * 32 + 32 * 16 + 16 * 3) + 3 + 2 * (128 + 64 + 32 + 16),
        id="pictures-32-G",
    ),
    pytest.param(
        "picture-discriminator",
        {},
        """conv(3>16,3x3,s1,p1) lrelu(0.1) conv(16>32,4x4,s2,p1) lrelu(0.1) conv(32>64,4x4,s2,p1) lrelu(0.1)
        conv(64>128,4x4,s2,p1) lrelu(0.1) flat dense(2048>1)""",
        9 * 3 * 16 + 16 * (16 * 32 + 32 * 64 + 64 * 128) + 2048 + 1 + 16 + 32 + 64 + 128,
        id="pictures-32-D",
    ),
    pytest.param(
        "picture-discriminator",
        {"image_size": 28, "channels": 1, "width": 8, "largest_width": 16, "classes": 10},
        """conv(1>8,3x3,s1,p1) lrelu(0.1) conv(8>16,4x4,s2,p1) lrelu(0.1) conv(16>16,4x4,s2,p1) lrelu(0.1) flat
        dense(784>11)""",
        9 * 8 + 8 + 16 * (8 * 16 + 16 * 16) + 32 + 11 * 785,
        id="pictures-28-D-classes",
    ),
]
