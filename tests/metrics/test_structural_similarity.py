import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from equipoise.metrics import structural_similarity
from equipoise.metrics.structural_similarity import SCALE_WEIGHTS, ms_ssim, random_pairs

pytestmark = pytest.mark.lengthy


def smooth_images(numbers: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random waves, so that coarse scales differ too."""
    height, width = np.mgrid[: shape[-2], : shape[-1]]
    phases = numbers.uniform(0, 6, size=(*shape[:2], 3, 2, 1, 1))
    waves = sum(
        np.sin(height / 3**k + phases[:, :, k, 0]) * np.cos(width / 3**k + phases[:, :, k, 1]) for k in range(3)
    )
    return np.clip(0.5 + waves / 6 + 0.1 * numbers.normal(size=shape), 0, 1)


def plain_ms_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """One channel [height, width] by scipy's separable filter."""
    window = np.exp(-((np.arange(11) - 5) ** 2) / 4.5)
    window /= window.sum()

    def blur(x: np.ndarray) -> np.ndarray:
        return correlate1d(correlate1d(x, window, axis=0), window, axis=1)[5:-5, 5:-5]

    result = 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS):
        mean_a, mean_b = blur(a), blur(b)
        v_a, v_b, v_ab = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
        term = (2 * v_ab + 9e-4) / (v_a + v_b + 9e-4)
        if scale == 4:
            term = term * (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
        result *= max(float(term.mean()), 0) ** weight
        if scale == 4:
            break
        a, b = (x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2).mean(axis=(1, 3)) for x in (a, b))
    return result


def test_against_a_plain_loop(numbers: np.random.Generator) -> None:
    a = smooth_images(numbers, (3, 3, 176, 192))
    b = 0.6 * a + 0.4 * smooth_images(numbers, a.shape)
    expected = [np.mean([plain_ms_ssim(x, y) for x, y in zip(*pair, strict=True)]) for pair in zip(a, b, strict=True)]
    np.testing.assert_allclose(ms_ssim(torch.from_numpy(a), torch.from_numpy(b)).numpy(), expected, rtol=1e-10)
    single = ms_ssim(torch.from_numpy(a).float(), torch.from_numpy(b).float())
    np.testing.assert_allclose(single.numpy(), expected, atol=2e-5)


def test_against_torchmetrics(numbers: np.random.Generator) -> None:
    ssim = pytest.importorskip("torchmetrics.functional.image.ssim")
    a = torch.from_numpy(smooth_images(numbers, (2, 1, 256, 256)))
    b = 0.5 * a + 0.5 * torch.from_numpy(smooth_images(numbers, tuple(a.shape)))
    ours = ms_ssim(a, b)
    whole = ssim.multiscale_structural_similarity_index_measure(
        a, b, data_range=1.0, sigma=1.5, normalize="relu", reduction="none"
    )
    torch.testing.assert_close(ours, whole, rtol=0, atol=5e-3)  # it scores the padded border of the coarsest scale

    expected, x, y = torch.ones(2, dtype=torch.float64), a, b
    for scale, weight in enumerate(SCALE_WEIGHTS):
        _, contrast = ssim._ssim_update(x, y, data_range=1.0, return_contrast_sensitivity=True)
        _, full = ssim._ssim_update(x, y, data_range=1.0, return_full_image=True)
        term = full[..., 5:-5, 5:-5].mean(dim=(1, 2, 3)) if scale == 4 else contrast
        expected *= term.clamp_min(0) ** weight
        x, y = (torch.nn.functional.avg_pool2d(v, 2) for v in (x, y))
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-9)


def test_equal_images_score_1_and_it_is_symmetric(numbers: np.random.Generator) -> None:
    a, b = (torch.from_numpy(smooth_images(numbers, (20, 1, 28, 28))) for _ in range(2))
    torch.testing.assert_close(ms_ssim(a, a), torch.ones(20, dtype=torch.float64))
    torch.testing.assert_close(ms_ssim(a, b), ms_ssim(b, a))
    assert ((ms_ssim(a, b) >= 0) & (ms_ssim(a, b) < 1)).all()


def test_a_negative_image_scores_0(numbers: np.random.Generator) -> None:
    a = torch.from_numpy(smooth_images(numbers, (2, 1, 176, 176)))
    assert ms_ssim(a, 1 - a).tolist() == [0, 0]


def test_small_images_are_resized_to_256(numbers: np.random.Generator) -> None:
    a, b = (torch.from_numpy(smooth_images(numbers, (2, 3, 32, 32))) for _ in range(2))
    large = [torch.nn.functional.interpolate(x, size=(256, 256), mode="bilinear") for x in (a, b)]
    torch.testing.assert_close(ms_ssim(a, b), ms_ssim(*large))


def test_a_collapsed_generator_is_less_varied(digits: dict[str, torch.Tensor]) -> None:
    images = digits["images"].float() / 255
    first, second = random_pairs(len(images), 40, torch.Generator().manual_seed(0))
    varied = ms_ssim(images[first], images[second]).mean()
    zeros = images[digits["labels"] == 0]
    first, second = random_pairs(len(zeros), 40, torch.Generator().manual_seed(0))
    assert ms_ssim(zeros[first], zeros[second]).mean() > varied + 0.1


def test_random_pairs_never_pair_an_image_with_itself_and_are_even() -> None:
    first, second = random_pairs(4, 12000, torch.Generator().manual_seed(5))
    assert (first != second).all()
    counts = torch.bincount(4 * first + second, minlength=16).reshape(4, 4)
    assert (counts.diagonal() == 0).all()
    assert (counts[~torch.eye(4, dtype=torch.bool)] - 1000).abs().max() < 150
    with pytest.raises(ValueError, match="count must be at least 2"):
        random_pairs(1, 3, torch.Generator())


def test_bad_input_is_refused() -> None:
    good = torch.linspace(0, 1, 2 * 176 * 176).reshape(2, 1, 176, 176)
    with pytest.raises(ValueError, match="images_b must have the shape of images_a"):
        ms_ssim(good, good[:1])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        ms_ssim(good * 255, good)
    with pytest.raises(ValueError, match="floating-point"):
        ms_ssim((good * 255).to(torch.uint8), good)


def test_pairs_are_scored_alike_however_many_go_at_once(
    numbers: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = (torch.from_numpy(numbers.uniform(size=(5, 3, 20, 20))).float() for _ in range(2))
    together = ms_ssim(a, b)
    monkeypatch.setattr(structural_similarity, "_NUMBERS_AT_ONCE", 1)
    assert torch.equal(ms_ssim(a, b), together)
