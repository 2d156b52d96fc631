"""Full precision whatever is set outside, and numbers whose squares leave the range of their type."""

import pytest
import torch

from equipoise.common.precision import full_precision, product_precision
from equipoise.losses import one_sided_pulling_away, pulling_away, reconstruction_energy, squared_distances, squared_mmd


@pytest.fixture(params=["medium", "high"])
def reduced(request):
    """torch is allowed to round the factors of products in float32."""
    torch.set_float32_matmul_precision(request.param)
    yield {"medium": "bfloat16", "high": "tf32"}[request.param]
    torch.set_float32_matmul_precision("highest")


def test_products_are_exact_inside_a_loss_and_as_before_outside(reduced):
    seen = []

    def kernel(squared):
        seen.append(product_precision("cpu"))
        return torch.exp(-squared)

    sides = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0))
    assert product_precision("cpu") == reduced
    squared_mmd(*sides, kernel=kernel)
    assert seen == ["float32"] * 3
    assert product_precision("cpu") == reduced


@pytest.mark.parametrize("device_type", ["cpu", "cuda"])
def test_the_setting_is_left_after_an_error_too_and_both_of_torchs_ways_still_read_it(reduced, device_type):
    word = torch.get_float32_matmul_precision()
    with pytest.raises(ZeroDivisionError), full_precision("cuda"), full_precision(device_type):
        _ = 1 / (product_precision(device_type) != "float32")
    assert torch.get_float32_matmul_precision() == word
    assert torch.backends.cuda.matmul.allow_tf32
    assert torch.backends.cudnn.allow_tf32
    with full_precision("cuda"):
        assert torch.backends.cudnn.conv.fp32_precision == "ieee"


def test_autocast_is_named_and_cleared():
    with torch.autocast("cpu", torch.bfloat16):
        assert product_precision("cpu") == "bfloat16"
        with full_precision("cpu"):
            assert product_precision("cpu") == "float32"


@pytest.mark.parametrize("scale", [1e-35, 1e-12, 1.0, 1e30])
def test_cosines_and_norms_do_not_depend_on_the_scale(scale):
    codes = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(pulling_away(codes * scale), pulling_away(codes))
    torch.testing.assert_close(one_sided_pulling_away(codes * scale), one_sided_pulling_away(codes))
    energies = reconstruction_energy(codes, torch.zeros_like(codes), kind="norm")
    found = reconstruction_energy(codes * scale, torch.zeros_like(codes), kind="norm")
    torch.testing.assert_close(found / scale, energies)


def test_types_that_differ_meet_in_the_wider_one():
    a, b = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = squared_distances(a, b.half())
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, torch.cdist(a, b.half().double()).square())
