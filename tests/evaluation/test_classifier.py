import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from equipoise.common.errors import EquipoiseError
from equipoise.data.npz import Npz
from equipoise.evaluation import classifier
from equipoise.evaluation.classifier import Classifier, cached_classifier, train_classifier
from equipoise.evaluation.classifier_network import (
    DIGITS_RECIPE,
    MNIST_RECIPE,
    ClassifierRecipe,
    fresh_network,
    hash_of_weights,
    recipe_for,
)
from equipoise.evaluation.judge import judge_of

pytestmark = pytest.mark.lengthy

QUICK = ClassifierRecipe(channels=(4, 8), features=8, epochs=1, batch_size=128)


def test_the_digits_classifier_is_good_enough_to_judge(digits_classifier: Classifier) -> None:
    assert digits_classifier.accuracy >= 0.97
    assert digits_classifier.classes == 10
    assert digits_classifier.shape == (1, 8, 8)


def test_accuracy_is_the_share_of_right_guesses(digits_classifier: Classifier, digits: dict[str, torch.Tensor]) -> None:
    guesses = digits_classifier.probabilities(digits["test_images"].float() / 255).argmax(dim=1)
    assert digits_classifier.accuracy == pytest.approx((guesses == digits["test_labels"]).double().mean().item())


def test_probabilities_are_the_softmax_of_the_last_layer_on_the_features(
    digits_classifier: Classifier, digits: dict[str, torch.Tensor]
) -> None:
    images = digits["test_images"].float() / 255
    probabilities, features = digits_classifier.probabilities(images), digits_classifier.features(images)
    last = digits_classifier.network.last
    expected = torch.softmax(features @ last.weight.T + last.bias, dim=1)
    assert probabilities.shape == (360, 10)
    assert features.shape == (360, DIGITS_RECIPE.features)
    torch.testing.assert_close(probabilities, expected)


def test_an_image_is_judged_alone(digits_classifier: Classifier, digits: dict[str, torch.Tensor]) -> None:
    images = digits["images"].float() / 255
    many = digits_classifier.probabilities(images)
    torch.testing.assert_close(many[1200:1210], digits_classifier.probabilities(images[1200:1210]))


def test_training_is_a_function_of_its_seed_and_leaves_the_global_generator_alone(
    digits: dict[str, torch.Tensor],
) -> None:
    before = torch.random.get_rng_state()
    first = train_classifier(**digits, recipe=QUICK)
    torch.rand(3)
    torch.random.set_rng_state(before)
    second = train_classifier(**digits, recipe=QUICK)
    other = train_classifier(**digits, recipe=replace(QUICK, seed=1))
    assert torch.equal(before, torch.random.get_rng_state())
    assert first.weights_hash == second.weights_hash
    assert first.weights_hash != other.weights_hash


def test_saved_and_loaded_is_the_same(
    tmp_path: Path, digits_classifier: Classifier, digits: dict[str, torch.Tensor]
) -> None:
    digits_classifier.save(tmp_path / "judge.safetensors")
    loaded = Classifier.load(tmp_path / "judge.safetensors")
    images = digits["test_images"].float() / 255
    assert torch.equal(loaded.probabilities(images), digits_classifier.probabilities(images))
    assert replace(loaded, network=digits_classifier.network) == digits_classifier
    assert loaded.weights_hash == digits_classifier.weights_hash


@pytest.mark.parametrize("damage", ["missing", "truncated", "flipped", "foreign"])
def test_a_damaged_file_gives_one_sentence(tmp_path: Path, digits_classifier: Classifier, damage: str) -> None:
    path = tmp_path / "judge.safetensors"
    digits_classifier.save(path)
    whole = path.read_bytes()
    contents = {
        "truncated": whole[: len(whole) // 2],
        "flipped": whole[:-1] + bytes([whole[-1] ^ 64]),
        "foreign": b"not a classifier",
    }
    path.unlink() if damage == "missing" else path.write_bytes(contents[damage])
    with pytest.raises(EquipoiseError, match="not an undamaged classifier"):
        Classifier.load(path)


def test_the_cache_trains_once_per_data_and_recipe(tmp_path: Path, digits: dict[str, torch.Tensor]) -> None:
    lines: list[str] = []

    def judge(content_hash: str, recipe: ClassifierRecipe = QUICK) -> Classifier:
        return cached_classifier(
            **digits, content_hash=content_hash, recipe=recipe, cache_directory=tmp_path, report=lines.append
        )

    first, again = judge("a"), judge("a")
    assert len(lines) == 1
    assert first.weights_hash == again.weights_hash
    judge("b")
    judge("a", replace(QUICK, seed=3))
    assert len(lines) == 3
    assert len(list(tmp_path.iterdir())) == 3


def test_a_damaged_cache_file_is_replaced(tmp_path: Path, digits: dict[str, torch.Tensor]) -> None:
    first = cached_classifier(**digits, content_hash="a", recipe=QUICK, cache_directory=tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    again = cached_classifier(**digits, content_hash="a", recipe=QUICK, cache_directory=tmp_path)
    assert again.weights_hash == first.weights_hash
    assert Classifier.load(kept).weights_hash == first.weights_hash


def test_any_size_and_colour_has_a_recipe() -> None:
    assert recipe_for((1, 8, 8)) is DIGITS_RECIPE
    assert recipe_for((1, 28, 28)) is MNIST_RECIPE
    images = torch.randint(0, 256, (40, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(40) % 4
    recipe = replace(recipe_for((3, 32, 32)), epochs=1)
    judge = train_classifier(images, labels, images, labels, recipe=recipe)
    assert judge.probabilities(images.float() / 255).shape == (40, 4)


def test_bad_data_is_refused(digits: dict[str, torch.Tensor], digits_classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="uint8"):
        train_classifier(**{**digits, "images": digits["images"].float()})
    with pytest.raises(ValueError, match="one per image"):
        train_classifier(**{**digits, "labels": digits["labels"][:5]})
    with pytest.raises(ValueError, match="too small"):
        train_classifier(**digits, recipe=replace(QUICK, channels=(4, 4, 4, 4)))
    with pytest.raises(ValueError, match=r"images must be .* 1, 8, 8"):
        digits_classifier.probabilities(torch.rand(2, 1, 9, 9))


def test_a_cached_classifier_is_measured_on_the_present_test_part(
    tmp_path: Path, digits: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(labels: torch.Tensor) -> Classifier:
        given = digits | {"test_labels": labels}
        return cached_classifier(**given, content_hash="a", recipe=QUICK, cache_directory=tmp_path)

    first = judge(digits["test_labels"])
    guesses = first.probabilities(digits["test_images"].float() / 255).argmax(dim=1)
    assert first.accuracy < judge(guesses).accuracy == 1
    with monkeypatch.context() as once:
        once.setattr(classifier, "_accuracy", None)
        assert judge(guesses).accuracy == 1
    assert judge(digits["test_labels"]).accuracy == first.accuracy


def test_a_class_that_is_wholly_held_out_is_a_class_of_the_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of few images in many classes, a class may be held out as a whole."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    labels = np.zeros(12, dtype=np.int64)
    labels[5::6] = 1
    np.savez(tmp_path / "few.npz", images=np.zeros((12, 8, 8), dtype=np.uint8), labels=labels)
    for _ in ("trained", "read from the cache"):
        assert judge_of(Npz(str(tmp_path / "few.npz")), None, torch.device("cpu")).classes == 2


def test_the_hash_sees_every_weight(digits: dict[str, torch.Tensor]) -> None:
    judge = train_classifier(**digits, recipe=QUICK)
    before = hash_of_weights(judge.network)
    judge.network.last.bias[3] += 1e-6
    assert hash_of_weights(judge.network) != before


@pytest.mark.parametrize("shape", [(3, 4, 8, 8), (2, 5, 7, 9), (2, 3, 2, 3)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_poolings_without_gradients_are_those_with_them(
    shape: tuple[int, int, int, int], layout: torch.memory_format
) -> None:
    network = fresh_network((1, 8, 8), 10, QUICK, "cpu")
    pooling = network.stages[0][1]
    values = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(memory_format=layout)
    values[0, 0, 0, 1] = math.nan
    expected = torch.nn.functional.max_pool2d(values, 2)
    torch.testing.assert_close(pooling(values), expected, rtol=0, atol=0, equal_nan=True)
    with_gradient = values.clone().requires_grad_()
    torch.testing.assert_close(pooling(with_gradient).detach(), expected, rtol=0, atol=0, equal_nan=True)
