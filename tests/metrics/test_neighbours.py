import numpy as np
import pytest
import torch

from equipoise.metrics.neighbours import memorisation, nearest_neighbours, several_nearest


def test_against_scikit_learn(numbers: np.random.Generator) -> None:
    neighbors = pytest.importorskip("sklearn.neighbors")
    samples, training = numbers.normal(size=(40, 7)), numbers.normal(size=(2100, 7))
    distances, positions = nearest_neighbours(samples, training)
    expected, where = neighbors.NearestNeighbors(n_neighbors=1).fit(training).kneighbors(samples)
    np.testing.assert_allclose(distances.numpy(), expected[:, 0], rtol=1e-10)
    np.testing.assert_array_equal(positions.numpy(), where[:, 0])


def test_a_copy_is_at_distance_0_even_far_from_the_origin(numbers: np.random.Generator) -> None:
    training = numbers.normal(size=(30, 50)) + 1e5
    distances, positions = nearest_neighbours(training[[4, 9]], training)
    assert distances.tolist() == [0, 0]
    assert positions.tolist() == [4, 9]


def test_memorised_samples_stand_out_from_honest_ones(digits: dict[str, torch.Tensor]) -> None:
    pixels, test = digits["images"].flatten(1), digits["test_images"].flatten(1)
    noise = torch.randn(100, 64, generator=torch.Generator().manual_seed(0))
    copied = memorisation(pixels[:100] + noise, pixels, test[100:])
    honest = memorisation(test[:100], pixels, test[100:])
    assert copied.ratio < 0.2
    assert copied.share_nearer > 0.9
    assert 0.8 < honest.ratio < 1.2
    assert honest.share_nearer < 0.15
    assert memorisation(pixels[:7], pixels, test).copies == 7
    with pytest.raises(ValueError, match="held_out"):
        memorisation(test, pixels, pixels)


def test_several_neighbours_from_parts_against_scikit_learn(numbers: np.random.Generator) -> None:
    neighbors = pytest.importorskip("sklearn.neighbors")
    samples, training = numbers.normal(size=(6, 7)), numbers.normal(size=(300, 7))
    distances, positions = several_nearest(samples, (training[i : i + 64] for i in range(0, 300, 64)), 5)
    expected, where = neighbors.NearestNeighbors(n_neighbors=5).fit(training).kneighbors(samples)
    np.testing.assert_allclose(distances.numpy(), expected, rtol=1e-10)
    np.testing.assert_array_equal(positions.numpy(), where)
    assert several_nearest(samples, [training[:3]], 5)[0].shape == (6, 3)
