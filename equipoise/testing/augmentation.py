"""The contract of augmentations: each image changed by itself, by given numbers alone, with gradients.

`check_augmentation` runs all of `AUGMENTATION_CONTRACTS`.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from equipoise.augmentation import Operation
from equipoise.common.random import stream
from equipoise.testing.requirements import require, require_close, require_refusal, require_still_generator

_BATCH = 4
_SHAPES = ((3, 8, 8), (1, 7, 7), (4, 8, 6), (2, 6, 8))
"""(channels, height, width): colour, grey, and both with opacity; odd sides and rectangles too."""


def check_augmentation(operation: Operation) -> None:
    """Check an operation on images with every contract of `AUGMENTATION_CONTRACTS`.

    Raises:
        AssertionError: says what is broken, and for images of which shape.
    """
    for contract in AUGMENTATION_CONTRACTS:
        contract(operation)


def keeps_shape_and_type(operation: Operation) -> None:
    """Changed images have the shape and type of the given ones, which stay as they were, and finite numbers."""
    for shape in _SHAPES:
        for dtype in (torch.float32, torch.float64):
            images, chance = _given(operation, shape)
            images = images.to(dtype)
            before = images.clone()
            changed = operation(images, chance)
            what = f"images {shape} of {dtype}"
            require(changed.shape == images.shape, f"{what} come back with the shape {tuple(changed.shape)}.")
            require(changed.dtype == dtype, f"{what} come back as {changed.dtype}.")
            require(bool(torch.isfinite(changed).all()), f"{what} come back with numbers that are not finite.")
            require(torch.equal(images, before), f"{what}: the given images are changed in place.")


def is_the_same_under_autocast(operation: Operation) -> None:
    """A loop's autocast rounds no image, and no place to which a part of it goes."""
    for shape in _SHAPES:
        images, chance = _given(operation, shape)
        expected = operation(images.float(), chance)
        for dtype in (torch.bfloat16, torch.float16):
            with torch.autocast("cpu", dtype):
                found = operation(images.float(), chance)
            same = found.dtype == expected.dtype and torch.equal(found, expected)
            require(same, f"images {shape} are others under autocast to {dtype}.")


def changes_something(operation: Operation) -> None:
    """For some of many random numbers the images differ from the given ones."""
    for shape in _SHAPES:
        images, _ = _given(operation, shape)
        chances = (_given(operation, shape, place)[1] for place in range(20))
        changed = any(not torch.equal(operation(images, chance), images) for chance in chances)
        require(changed, f"images {shape} never change.")


def treats_images_one_by_one(operation: Operation) -> None:
    """Each image depends on itself and its own numbers alone: several processes need it."""
    for shape in _SHAPES:
        images, chance = _given(operation, shape)
        whole = operation(images, chance)
        for place in range(_BATCH):
            alone = operation(images[place : place + 1], chance[place : place + 1])
            require_close(alone[0], whole[place], f"image {place} of {shape} by itself", rtol=1e-12, atol=1e-12)


def passes_gradients(operation: Operation) -> None:
    """The gradient with respect to the images is right and differentiable: the generator learns through it."""
    for shape in _SHAPES:
        images, chance = _given(operation, shape)
        small = images[:2, :, :5, :5].clone().requires_grad_()
        passed = torch.autograd.gradcheck(lambda each, by=chance[:2]: operation(each, by), (small,))
        require(passed, f"the gradient of images {shape} is wrong.")
        traced = operation(images.requires_grad_(), chance)
        require(traced.requires_grad, f"no gradient passes through images {shape}.")


def depends_on_its_numbers_alone(operation: Operation) -> None:
    """The same images and numbers give the same, and torch's global generator stays where it is."""
    images, chance = _given(operation, _SHAPES[0])
    once = operation(images, chance)
    require_still_generator(lambda: operation(images, chance), "the operation")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        again = operation(images, chance)
    require(torch.equal(once, again), "the same images and numbers give another result the second time.")


def names_a_wrong_shape(operation: Operation) -> None:
    """Images without a batch, and numbers of another shape, raise a ValueError that says what was expected."""
    images, chance = _given(operation, _SHAPES[0])
    require_refusal(lambda: operation(images[0], chance), r"must have shape .*got shape", "one image without a batch")
    require_refusal(lambda: operation(images, chance[:2]), r"must have shape .*got shape", "numbers for too few images")


def _given(operation: Operation, shape: tuple[int, ...], place: int = 0) -> tuple[Tensor, Tensor]:
    """Images in [-1, 1] and numbers for them, in float64."""
    noise = stream(place, "augmentation check")
    images = torch.rand(_BATCH, *shape, generator=noise, dtype=torch.float64) * 2 - 1
    return images, torch.rand(_BATCH, operation.numbers, generator=noise)


AUGMENTATION_CONTRACTS: tuple[Callable[[Operation], None], ...] = (
    keeps_shape_and_type,
    changes_something,
    depends_on_its_numbers_alone,
    is_the_same_under_autocast,
    treats_images_one_by_one,
    passes_gradients,
    names_a_wrong_shape,
)
"""Every contract of an operation on images: a function that raises AssertionError where it is broken."""
