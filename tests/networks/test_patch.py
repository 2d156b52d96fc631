"""Patches and scales: how large a patch is, and that the maps of all scales count alike."""

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from equipoise.common.errors import EquipoiseError
from equipoise.losses import hinge_discriminator_loss, spatial_generator_loss
from equipoise.losses.maps import over_maps
from equipoise.networks import PatchDiscriminator, build


def made(**options) -> PatchDiscriminator:
    return build(PatchDiscriminator, torch.Generator().manual_seed(0), width=2, **options).double()


def images_of(size: int, seed: int) -> torch.Tensor:
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize(("layers", "patch"), [(1, 8), (2, 18), (3, 38)])
def test_a_score_sees_a_patch_of_the_promised_size(layers, patch):
    size = 64
    images = images_of(size, 1).requires_grad_()
    middle = size >> (layers + 1)
    (seen,) = torch.autograd.grad(made(image_size=size, layers=layers)(images)[0, middle, middle], images)
    rows, columns = seen[0].abs().sum(0).nonzero().unbind(1)
    assert {int(at.max() - at.min()) + 1 for at in (rows, columns)} == {patch}


def test_scales_are_networks_of_smaller_images_and_their_maps_count_alike():
    whole = made(scales=3)
    alone = [made(image_size=32 >> scale) for scale in range(3)]
    for scale, one in enumerate(alone):
        convolutions = [layer for layer in whole.body[scale] if hasattr(layer, "weight")]
        for mine, theirs in zip(
            [layer for layer in one.body[0] if hasattr(layer, "weight")], convolutions, strict=True
        ):
            mine.load_state_dict(theirs.state_dict())
        one.head[0].load_state_dict({name: part[scale, None] for name, part in whole.head[0].state_dict().items()})
    real, fake = ([one(avg_pool2d(images_of(32, seed), 1 << k)) for k, one in enumerate(alone)] for seed in (1, 2))
    stacked = [whole(images_of(32, seed)) for seed in (1, 2)]
    torch.testing.assert_close(stacked[0], torch.stack([interpolate(each[:, None], 8)[:, 0] for each in real], 1))
    torch.testing.assert_close(hinge_discriminator_loss(*stacked), over_maps(hinge_discriminator_loss, real, fake))
    torch.testing.assert_close(spatial_generator_loss(stacked[1]), over_maps(spatial_generator_loss, fake))


def test_an_image_that_cannot_be_halved_so_often_is_refused():
    with pytest.raises(
        EquipoiseError, match=r"image_size must be a multiple of 16 for 2 layers and 3 scales, got 40\."
    ):
        made(image_size=40, scales=3)
