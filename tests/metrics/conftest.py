"""Small labelled data and a classifier that learned it, for the whole room."""

import numpy as np
import pytest
import torch

from equipoise.common.random import derived_seed
from equipoise.evaluation.classifier import Classifier, train_classifier
from equipoise.evaluation.features import InceptionExtractor


@pytest.fixture(scope="session")
def digits() -> dict[str, torch.Tensor]:
    """scikit-learn's digits as uint8 [n, 1, 8, 8], divided into 1,437 training and 360 test images."""
    datasets = pytest.importorskip("sklearn.datasets")
    bunch = datasets.load_digits()
    images = torch.from_numpy(np.round(bunch.images * 255 / 16).astype(np.uint8))[:, None]
    labels = torch.from_numpy(bunch.target).to(torch.int64)
    order = torch.tensor(sorted(range(len(labels)), key=lambda index: derived_seed(0, "digits/split", index)))
    test, train = order[:360], order[360:]
    return {
        "images": images[train],
        "labels": labels[train],
        "test_images": images[test],
        "test_labels": labels[test],
    }


@pytest.fixture(scope="session")
def digits_classifier(digits: dict[str, torch.Tensor]) -> Classifier:
    return train_classifier(**digits, content_hash="digits")


@pytest.fixture(scope="session")
def inception() -> InceptionExtractor:
    """Inception-v3 with random weights; making and hashing them takes a second."""
    return InceptionExtractor.random(seed=0)


@pytest.fixture
def numbers() -> np.random.Generator:
    return np.random.default_rng(7)
