"""Fully connected networks: the ring of Gaussians (Che et al. 2017, appendix C) and the MNIST grid search (4.1.1)."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

from torch import nn

from equipoise.networks.blocks import Activation, OutputActivation, Stack, activation
from equipoise.networks.dropout import Dropout
from equipoise.networks.network import Discriminator, Encoder, Generator, score_shape
from equipoise.networks.normalisation import BatchNorm

MLPScheme = Literal["default", "dcgan", "magan", "glorot", "he-uniform"]
"""The schemes that suit dense networks."""


def dense(sizes: Sequence[int], between: Callable[[int], list[nn.Module]]) -> list[nn.Module]:
    """Linear layers through these sizes, each followed by `between(size)`."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), *between(outputs)]
    return layers


class MLPGenerator(Generator):
    """latent -> hidden layers -> points or images.

    The defaults are those of the ring: 3 -> 128 -> 128 -> 2, ReLU, linear output. The digits' generator is
    `MLPGenerator(latent_size=16, image_shape=(1, 8, 8), hidden=(128, 256), output_activation="sigmoid")`.

    Args:
        latent_size: size of the latent vector.
        image_shape: shape of one output, (2,) or (channels, height, width).
        hidden: widths of the hidden layers.
        activation_name: activation of the hidden layers.
        output_activation: activation of the output.
        batch_norm: whether the hidden layers are batch-normalised before their activation.
        batch_kinds: kinds of batch with running statistics of their own.
        weights: scheme of the first weights.
    """

    dense_widths = ("hidden",)

    def __init__(
        self,
        latent_size: int = 3,
        image_shape: tuple[int, ...] = (2,),
        hidden: tuple[int, ...] = (128, 128),
        activation_name: Activation = "relu",
        output_activation: OutputActivation = "none",
        batch_norm: bool = False,
        batch_kinds: tuple[str, ...] = ("noise",),
        weights: MLPScheme = "default",
    ) -> None:
        super().__init__()
        self.latent_size, self.image_shape, self.scheme = latent_size, tuple(image_shape), weights

        def between(size: int) -> list[nn.Module]:
            return ([BatchNorm(size, batch_kinds)] if batch_norm else []) + activation(activation_name)

        sizes = (latent_size, *hidden)
        self.layers = Stack(
            [
                *dense(sizes, between),
                nn.Linear(sizes[-1], math.prod(image_shape)),
                *activation(output_activation),
                nn.Unflatten(1, self.image_shape),
            ]
        )


class MLPDiscriminator(Discriminator):
    """points or images -> hidden layers -> scores. The defaults are those of the ring: 2 -> 128 -> 1, ReLU.

    Args:
        image_shape: shape of one input, (2,) or (channels, height, width).
        hidden: widths of the hidden layers.
        activation_name: activation of the hidden layers.
        dropout: probability of dropout after each hidden activation.
        output_size: scores [batch, output_size]; None for [batch].
        weights: scheme of the first weights.
    """

    dense_widths = ("hidden",)

    def __init__(
        self,
        image_shape: tuple[int, ...] = (2,),
        hidden: tuple[int, ...] = (128,),
        activation_name: Activation = "relu",
        dropout: float = 0.0,
        output_size: int | None = None,
        weights: MLPScheme = "default",
    ) -> None:
        super().__init__()
        self.image_shape, self.scheme = tuple(image_shape), weights

        def between(size: int) -> list[nn.Module]:
            return activation(activation_name) + ([Dropout(dropout)] if dropout else [])

        sizes = (math.prod(image_shape), *hidden)
        self.body = nn.Sequential(nn.Flatten(1), *dense(sizes, between))
        self.head = nn.Sequential(nn.Linear(sizes[-1], output_size or 1), score_shape(output_size))


class MLPEncoder(Encoder):
    """points or images -> hidden layers -> latent vectors. The defaults are those of the ring: 2 -> 128 -> 128 -> 3.

    Args:
        image_shape: shape of one input.
        latent_size: size of the latent vector.
        hidden: widths of the hidden layers.
        activation_name: activation of the hidden layers.
        output_activation: the support of the prior: "sigmoid" for U(0, 1), "tanh" for U(-1, 1), "none" for N(0, 1).
        weights: scheme of the first weights.
    """

    dense_widths = ("hidden",)

    def __init__(
        self,
        image_shape: tuple[int, ...] = (2,),
        latent_size: int = 3,
        hidden: tuple[int, ...] = (128, 128),
        activation_name: Activation = "relu",
        output_activation: OutputActivation = "sigmoid",
        weights: MLPScheme = "default",
    ) -> None:
        super().__init__()
        self.image_shape, self.latent_size, self.scheme = tuple(image_shape), latent_size, weights
        sizes = (math.prod(image_shape), *hidden)
        self.layers = nn.Sequential(
            nn.Flatten(1),
            *dense(sizes, lambda size: activation(activation_name)),
            nn.Linear(sizes[-1], latent_size),
            *activation(output_activation),
        )
