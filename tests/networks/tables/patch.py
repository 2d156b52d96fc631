"""PatchGAN and its multi-scale form, without normalisation.

The words are explained in tests/networks/test_layers.py.
"""

import pytest

LAYERS = "conv(3>64,4x4,s2,p1) lrelu(0.2) conv(64>128,4x4,s2,p1) lrelu(0.2) conv(128>256,3x3,s1,p1) lrelu(0.2)"
OF_ONE_SCALE = 16 * (3 * 64 + 64 * 128) + 9 * 128 * 256 + 64 + 128 + 256 + 257

# (kind, options, table, hand-computed number of parameters)
TABLES = [
    pytest.param("patch-discriminator", {}, f"{LAYERS} conv(256>1,1x1,s1,p0) map", OF_ONE_SCALE, id="patch"),
    pytest.param(
        "patch-discriminator",
        {"scales": 3},
        f"{LAYERS} mean(2) {LAYERS} up mean(4) {LAYERS} up(4) conv(768>3,1x1,s1,p0,g3)",
        3 * OF_ONE_SCALE,
        id="patch-3-scales",
    ),
]
