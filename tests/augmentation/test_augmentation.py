"""Operations on images, and the strength with which they are applied."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from equipoise.augmentation import Augment, Operation, Strength
from equipoise.augmentation.augment import MOST
from equipoise.augmentation.catalogue import AUGMENTATIONS
from equipoise.common.errors import EquipoiseError
from equipoise.testing.augmentation import AUGMENTATION_CONTRACTS, check_augmentation


@pytest.mark.parametrize("contract", AUGMENTATION_CONTRACTS, ids=lambda contract: contract.__name__)
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_operation_keeps_the_contract(name: str, contract: Callable[[Operation], None]) -> None:
    contract(AUGMENTATIONS.load(name))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda images, chance: images[:, :, ::2], "shape"),
        (lambda images, chance: images, "never change"),
        (lambda images, chance: images - images.mean(), "by itself"),
        (lambda images, chance: images.detach() * 0.5, "gradient"),
        (lambda images, chance: images * torch.rand(()), "global random|another result"),
        (lambda images, chance: images.mul_(0.5), "in place"),
    ],
)
def test_a_broken_operation_is_noticed(change: Callable[[Tensor, Tensor], Tensor], sentence: str) -> None:
    with pytest.raises((AssertionError, RuntimeError), match=sentence):
        check_augmentation(Operation(1, change))


def images(*shape: int) -> Tensor:
    return torch.linspace(-1, 1, int(np.prod(shape)), dtype=torch.float64).reshape(shape)


def test_a_translation_moves_whole_pixels_and_leaves_grey() -> None:
    given = images(1, 2, 16, 16)
    moved = AUGMENTATIONS.load("translation")(given, torch.tensor([[0.0, 0.999]]))
    assert torch.equal(moved[0, :, :14, 2:], given[0, :, 2:, :14])
    assert not moved[0, :, 14:].any()
    assert not moved[0, :, :, :2].any()


def test_a_flip_mirrors() -> None:
    given = images(2, 1, 3, 4)
    found = AUGMENTATIONS.load("x-flip")(given, torch.tensor([[0.49], [0.5]]))
    assert torch.equal(found[0], given[0].flip(2))
    assert torch.equal(found[1], given[1])


def test_a_cutout_hides_a_square_of_half_the_side() -> None:
    found = AUGMENTATIONS.load("cutout")(torch.ones(2, 3, 8, 8), torch.tensor([[0.5, 0.5], [0.0, 0.999]]))
    assert int((found[0, 0] == 0).sum()) == 16
    assert not found[0, :, 2:6, 2:6].any()
    assert int((found[1, 0] == 0).sum()) == 4
    assert not found[1, :, :2, 6:].any()


def test_colours_change_as_diffaugment_says_and_opacity_stays() -> None:
    given = images(1, 4, 5, 5)
    brightness, saturation, contrast = 0.9, 0.3, 0.8
    found = AUGMENTATIONS.load("colour")(given, torch.tensor([[brightness, saturation, contrast]]).double())
    x = given[:, :3].numpy() + (brightness - 0.5)
    x = (x - x.mean(1, keepdims=True)) * (saturation * 2) + x.mean(1, keepdims=True)
    x = (x - x.mean((1, 2, 3), keepdims=True)) * (contrast + 0.5) + x.mean((1, 2, 3), keepdims=True)
    assert np.allclose(found[:, :3].numpy(), x, atol=1e-12)
    assert torch.equal(found[:, 3], given[:, 3])


def test_the_strength_is_the_share_of_images_that_change() -> None:
    augment = Augment(("x-flip", "colour"))
    given, chance = images(4000, 1, 2, 3), torch.rand(4000, augment.numbers, generator=torch.Generator().manual_seed(0))
    for strength in (0.0, 0.3, 1.0):
        found = Augment(("colour",)).apply(given, chance[:, 2:], torch.tensor(strength))
        changed = (found != given).flatten(1).any(1).double().mean()
        assert float(changed) == pytest.approx(strength, abs=0.03)
    assert torch.equal(augment.apply(given, chance, torch.tensor(0.0)), given)


def test_what_is_always_done_knows_no_strength() -> None:
    augment = Augment(("colour",), always=("x-flip",))
    given, chance = images(200, 1, 2, 3), torch.rand(200, augment.numbers, generator=torch.Generator().manual_seed(0))
    found = augment.apply(given, chance, torch.tensor(0.0))
    flips = chance[:, 1] < 0.5
    assert torch.equal(found, torch.where(flips[:, None, None, None], given.flip(3), given))
    assert 60 < int(flips.sum()) < 140


def test_only_the_chosen_images_are_computed_and_the_gradient_is_the_same() -> None:
    augment = Augment(("colour", "translation", "cutout"), strength=0.4)
    chance = torch.rand(9, augment.numbers, generator=torch.Generator().manual_seed(1))
    given = images(9, 3, 8, 8).requires_grad_()
    expected, rest = given, chance
    for name in augment.operations:
        operation = AUGMENTATIONS.load(name)
        own, rest = rest.tensor_split((operation.numbers + 1,), dim=1)
        changed = operation(expected, own[:, 1:].double())
        expected = torch.where((own[:, 0] < 0.4)[:, None, None, None], changed, expected)
    found = augment.apply(given, chance.double(), torch.tensor(0.4))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    weights = torch.linspace(-1, 1, found.numel(), dtype=torch.float64).reshape(found.shape)
    slopes = [torch.autograd.grad((each * weights).sum(), given)[0] for each in (found, expected)]
    torch.testing.assert_close(*slopes, rtol=1e-12, atol=1e-12)


def test_the_strength_follows_how_sure_the_discriminator_is() -> None:
    augment = Augment(strength=0.5, target=0.6, images_to_full=1000)
    memory = augment.create_memory()
    for _ in range(200):
        memory.adapt(augment, torch.ones(16))
    assert float(memory.strength) == pytest.approx(MOST)
    assert float(memory.sureness) == pytest.approx(1.0, abs=0.01)
    for _ in range(40):
        memory.adapt(augment, -torch.ones(16))
    assert float(memory.strength) < MOST
    assert set(memory.measures(augment)) == {"augmentation_strength", "discriminator_sureness"}


def test_a_fixed_strength_stays_and_is_not_logged() -> None:
    augment = Augment(strength=0.7)
    memory = Strength(0.7)
    memory.adapt(augment, torch.ones(16))
    assert float(memory.strength) == pytest.approx(0.7)
    assert memory.measures(augment) == {}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"operations": ()}, "at least one"),
        ({"operations": ("cutout", "cutout")}, "once"),
        ({"operations": ("cutout",), "always": ("cutout",)}, "once"),
        ({"operations": ("cut-out",)}, "cutout"),
        ({"strength": 1.5}, "between 0 and 1"),
        ({"target": 1.0}, "between 0 and 1"),
        ({"images_to_full": 0}, "at least 1"),
    ],
)
def test_impossible_settings_are_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises((ValueError, EquipoiseError), match=sentence):
        Augment(**options)  # type: ignore[arg-type]
