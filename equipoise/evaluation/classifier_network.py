"""The layers of the classifiers, and the recipes by which they are built and trained."""

import hashlib
import itertools
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from equipoise.common.random import stream
from equipoise.common.transfer import unfilled


@dataclass(frozen=True)
class ClassifierRecipe:
    """How a classifier is built and trained; part of the key under which it is kept.

    Attributes:
        channels: output channels of each stage (3x3 convolution, 2x2 max pooling, batch norm, ReLU).
        features: width of the penultimate layer.
        epochs: passes over the training images.
        batch_size: images per step.
        learning_rate: Adam's first learning rate; it falls to 0 along a cosine.
        weight_decay: decoupled weight decay.
        seed: of the first weights and of the order.
    """

    channels: tuple[int, ...] = (16, 32)
    features: int = 128
    epochs: int = 4
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    seed: int = 0


DIGITS_RECIPE = ClassifierRecipe(channels=(32, 64), features=64, epochs=15, batch_size=64, learning_rate=5e-3)
"""For 8x8 images; a few seconds on one core."""
MNIST_RECIPE = ClassifierRecipe()
"""For 28x28 grey images; about a minute on one core."""
COLOUR_RECIPE = ClassifierRecipe(channels=(32, 64, 128), features=256, epochs=10)
"""For 32x32 colour images, as in CIFAR-10."""


def recipe_for(shape: tuple[int, int, int]) -> ClassifierRecipe:
    """The recipe that suits images of this shape (channels, height, width)."""
    channels, height, width = shape
    if min(height, width) < 16:
        return DIGITS_RECIPE
    return MNIST_RECIPE if channels == 1 and max(height, width) <= 32 else COLOUR_RECIPE


class ConvolutionalClassifier(nn.Module):
    """Images [batch, channels, height, width] in [0, 1] to logits [batch, classes]."""

    def __init__(self, shape: tuple[int, int, int], classes: int, recipe: ClassifierRecipe) -> None:
        """Build the layers; the weights are whatever torch gives, `train_classifier` draws its own."""
        super().__init__()
        widths = (shape[0], *recipe.channels)
        self.stages = nn.Sequential(*(_stage(a, b) for a, b in itertools.pairwise(widths)))
        height, width = (side >> len(recipe.channels) for side in shape[1:])
        if min(height, width) < 1:
            raise ValueError(f"images of {shape[1]}x{shape[2]} are too small for {len(recipe.channels)} poolings.")
        self.penultimate = nn.Linear(widths[-1] * height * width, recipe.features)
        self.last = nn.Linear(recipe.features, classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The penultimate layer after its ReLU, [batch, features]."""
        return functional.relu(self.penultimate(self.stages(2 * images - 1).flatten(1)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits [batch, classes]."""
        logits: torch.Tensor = self.last(self.features(images))
        return logits


def fresh_network(
    shape: tuple[int, int, int], classes: int, recipe: ClassifierRecipe, device: torch.device | str
) -> ConvolutionalClassifier:
    """A network with weights from the recipe's own stream; torch's global generator is not used."""
    network = unfilled(partial(ConvolutionalClassifier, shape, classes, recipe))
    generator = stream(recipe.seed, "classifier/weights")
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        elif isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for weight in network.stages.parameters():
        if weight.ndim == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)  # twice as fast on a CPU
    return network.to(device)


def hash_of_weights(module: nn.Module) -> str:
    """SHA-256 over the names, shapes, types and bytes of a module's weights and buffers."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        whole = value.detach().cpu().contiguous()
        digest.update(f"{name}\x1f{tuple(whole.shape)}\x1f{whole.dtype}\x1e".encode())
        digest.update(whole.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _stage(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, _Pooling(), nn.BatchNorm2d(outputs), nn.ReLU())


class _Pooling(nn.Module):
    """2x2 max pooling; without gradients by three maxima, the same numbers three to nine times as fast on a CPU."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        if values.requires_grad or values.device.type != "cpu":
            return functional.max_pool2d(values, 2)
        height, width = (side // 2 * 2 for side in values.shape[-2:])
        rows = torch.maximum(values[..., :height:2, :width], values[..., 1:height:2, :width])
        return torch.maximum(rows[..., ::2], rows[..., 1::2])
