import numpy as np
import pytest
import torch

from equipoise.metrics import class_silhouette, neighbour_purity


@pytest.fixture
def labelled(numbers: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """More samples than a block holds, of four classes of unequal size that overlap."""
    labels = numbers.choice([2, 3, 5, 9], size=600, p=[0.1, 0.2, 0.3, 0.4])
    return numbers.normal(size=(600, 5)) + 0.5 * labels[:, None] + 1000, labels


def test_silhouette_against_scikit_learn(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    cluster = pytest.importorskip("sklearn.metrics")
    features, labels = labelled
    assert class_silhouette(features, labels) == pytest.approx(cluster.silhouette_score(features, labels), rel=1e-8)
    alone = np.append(labels[:-1], 77)
    assert class_silhouette(features, alone) == pytest.approx(cluster.silhouette_score(features, alone), rel=1e-8)


def test_silhouette_is_the_definition_in_plain_loops(numbers: np.random.Generator) -> None:
    features, labels = numbers.normal(size=(12, 2)), np.arange(12) % 3
    values = []
    for i, point in enumerate(features):
        distances = {
            c: [np.linalg.norm(point - features[j]) for j in range(12) if j != i and labels[j] == c] for c in range(3)
        }
        own = np.mean(distances.pop(labels[i]))
        other = min(np.mean(each) for each in distances.values())
        values.append((other - own) / max(own, other))
    assert class_silhouette(features, labels) == pytest.approx(np.mean(values), abs=1e-14)


@pytest.mark.parametrize("neighbours", [1, 10])
def test_purity_against_scikit_learn(labelled: tuple[np.ndarray, np.ndarray], neighbours: int) -> None:
    neighbors = pytest.importorskip("sklearn.neighbors")
    features, labels = labelled
    nearest = neighbors.NearestNeighbors(n_neighbors=neighbours).fit(features).kneighbors(return_distance=False)
    expected = (labels[nearest] == labels[:, None]).mean()
    assert neighbour_purity(features, labels, neighbours) == pytest.approx(expected, abs=1e-12)


def test_tight_clusters_score_one_and_a_single_point_scores_nothing() -> None:
    labels = torch.arange(40) % 2
    apart = labels[:, None].double() * 1e6 + torch.arange(40)[:, None] * 1e-3
    assert class_silhouette(apart, labels) == pytest.approx(1, abs=1e-6)
    assert neighbour_purity(apart, labels) == 1
    assert class_silhouette(torch.zeros(40, 3), labels) == 0


def test_bad_input_is_refused() -> None:
    features, labels = torch.randn(8, 2, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 2
    with pytest.raises(ValueError, match="two classes"):
        class_silhouette(features, torch.ones(8, dtype=torch.int64))
    with pytest.raises(ValueError, match="as many as the 8 samples"):
        class_silhouette(features, labels[:7])
    with pytest.raises(ValueError, match="whole numbers"):
        neighbour_purity(features, labels.float())
    for neighbours in (0, 8):
        with pytest.raises(ValueError, match="neighbours"):
            neighbour_purity(features, labels, neighbours)
