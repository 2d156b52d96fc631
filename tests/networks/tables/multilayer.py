"""Multilayer perceptrons: points, digits, and the grid search on MNIST.

The words are explained in tests/networks/test_layers.py.
"""

import pytest

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
]  # fmt: skip
