"""A metric is refused before the training exactly where taking it would fail."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.data.noise import Noise
from equipoise.data.ring import Ring
from equipoise.data.stacked_mnist import StackedMnist
from equipoise.data.store import Store, held
from equipoise.evaluation import evidence, scoring_missing_modes
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.classifier import Classifier
from equipoise.evaluation.classifier_network import fresh_network, recipe_for
from equipoise.evaluation.evidence import Evidence
from equipoise.evaluation.feasible import check_metric
from equipoise.evaluation.scoring import take_possible
from equipoise.experiments.build import build_network
from equipoise.experiments.experiment import Experiment, network
from equipoise.recipes.catalogue import recipe
from equipoise.training.draw import Latent

pytestmark = pytest.mark.lengthy

SIDES = {"digits": 8, "unlabelled": 8, "tiny": 2}
COUNTS = (1, 2, 3, 5, 9, 10, 64, 65)
"""On both sides of what some metric needs."""


def store_of(kind: str, count: int, seed: int = 1) -> Store:
    if kind == "ring":
        return Ring().load(None, seed)
    side = SIDES[kind]
    found = Noise(shape=(1, side, side), count=count).load(None, seed)
    return held(found.items.gather(torch.arange(count))) if kind == "unlabelled" else found


def experiment_of(kind: str) -> Experiment:
    shape = (2,) if kind == "ring" else (1, SIDES[kind], SIDES[kind])
    made = network("mlp-generator", latent_size=4, image_shape=shape, hidden=(8,), output_activation="sigmoid")
    base = recipe("gan-digits", "smoke")
    judging = network("mlp-discriminator", image_shape=shape, hidden=(4,))
    networks = {"generator": made, "discriminator": judging}
    players = {name: replace(base.players[name], network=each) for name, each in networks.items()}
    data = Ring() if kind == "ring" else Noise(shape=(1, SIDES[kind], SIDES[kind]))
    return replace(base, data=data, latent=Latent(4), players=players)


@pytest.mark.parametrize("metric", sorted(name for name, entry in METRICS.items() if not entry.backbone))
@pytest.mark.parametrize("kind", ["digits", "unlabelled", "tiny", "ring"])
def test_what_is_refused_could_not_be_taken_and_the_rest_can(
    metric: str, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    monkeypatch.setattr(scoring_missing_modes, "_ITERATIONS", 1)
    monkeypatch.setattr(scoring_missing_modes, "_MOST_ITERATIONS", 1)
    experiment, store = experiment_of(kind), store_of(kind, 1000)
    generator = build_network(experiment.players["generator"].network, torch.Generator())
    for samples in COUNTS:
        seen: Any = Evidence(experiment, generator, samples, None, torch.device("cpu"), load_player=_load(experiment))
        _give(seen, store, kind, monkeypatch)
        assert _is_refused(metric, samples, experiment, store) == _fails(metric, seen), (metric, kind, samples)


def _load(experiment: Experiment) -> Any:
    return lambda name: build_network(experiment.players[name].network, torch.Generator())


def _give(seen: Any, store: Store, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data without a file, and a judge without a training."""
    seen.__dict__.update({"data": store, "parts": (store, store_of(kind, 500, 2) if kind != "ring" else store)})

    def judge(data: object, *others: object) -> Classifier:
        if not store.holds_images or store.labels is None:
            raise EquipoiseError("no judge")
        channels, height, width = store.shape
        how = recipe_for((channels, height, width))
        made = fresh_network((channels, height, width), store.classes, how, "cpu")
        return Classifier(made.eval(), (channels, height, width), store.classes, 0.5, "", how)

    monkeypatch.setattr(evidence, "judge_of", judge)


def _is_refused(metric: str, samples: int, experiment: Experiment, store: Store) -> bool:
    try:
        check_metric(metric, samples, experiment, store)
    except EquipoiseError:
        return True
    return False


def _fails(metric: str, seen: Evidence) -> bool:
    try:
        _, impossible = take_possible((metric,), seen)
    except (EquipoiseError, ValueError):
        return True
    return bool(impossible)


@pytest.mark.parametrize(
    ("metric", "samples", "count", "reason"),
    [
        ("fid", 2048, 9000, "at least 2049 samples, and 2048"),
        ("fid", 9000, 2048, "at least 2049 real items, and there are 2048"),
        ("kid", 2, 9000, "at least 3 samples"),
        ("inception-v3-score", 9, 9000, "at least 10 samples"),
        ("ms-ssim", 10**13, 9000, "more memory than this machine has"),
    ],
)
def test_counts_that_are_too_small_or_too_large(metric: str, samples: int, count: int, reason: str) -> None:
    with pytest.raises(EquipoiseError, match=reason):
        check_metric(metric, samples, experiment_of("digits"), store_of("digits", count))


@pytest.mark.parametrize("metric", ["missing-modes", "missing-modes-4", "critic-purity"])
def test_an_auto_encoder_is_no_critic(metric: str) -> None:
    with pytest.raises(EquipoiseError, match="scores images alone"):
        check_metric(metric, 100, recipe("magan-digits", "smoke"), store_of("digits", 100))
    check_metric("missing-modes-dense", 100, recipe("magan-digits", "smoke"), store_of("digits", 100))


def test_stacked_digits_have_modes_and_no_classifier() -> None:
    experiment, store = replace(experiment_of("digits"), data=StackedMnist()), store_of("unlabelled", 100)
    check_metric("modes-covered", 100, experiment, store)
    with pytest.raises(EquipoiseError, match="digit by digit; take modes-covered"):
        check_metric("inception-score", 100, experiment, store)


@pytest.mark.parametrize(
    ("watch", "reason"),
    [
        ("{evaluations: 2, metrics: [inception-score], samples: 5}", "at least 10 samples, and 5 are asked for"),
        ("{evaluations: 2, metrics: [share-near]}", "for ring and grid"),
        ("{evaluations: 2, metrics: [class-histogram], best: class-histogram}", "is better than another"),
        ("{evaluations: 2, metrics: [fid]}", "inception-weights"),
        ("{evaluations: 2, metrics: [nothing]}", "unknown metric"),
    ],
)
def test_a_run_with_such_metrics_is_not_begun(
    watch: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("train", "gan-digits", "--set", f"watch={watch}", "--device", "cpu", "--threads", "1", "--quiet")
    assert main([*words, "--out", str(tmp_path / "run")]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_metric_whose_weights_no_training_takes_is_refused_before_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("train", "gan-digits", "--set", "watch={evaluations: 1, metrics: [cmmd]}", "--quiet")
    assert main([*words, "--out", str(tmp_path / "run")]) == 2
    assert "--metrics cmmd --weights clip-vit-l14-336=FILE" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_weights_that_are_none_are_noticed_before_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"x" * 99)
    watch = "watch={evaluations: 1, metrics: [kid]}"
    words = ("train", "gan-digits", "--set", watch, "--inception-weights", str(weights), "--quiet")
    assert main([*words, "--out", str(tmp_path / "run")]) == 2
    assert "weights" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
