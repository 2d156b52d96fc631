"""What a run's discriminator says of real images: from a checkpoint, during the training, and as a map."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from equipoise.common.errors import EquipoiseError
from equipoise.common.random import spread_places
from equipoise.data.digits import Digits
from equipoise.evaluation import scoring_critic
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.evidence import Evidence
from equipoise.experiments.experiment import Experiment, Watch, with_length
from equipoise.metrics import class_silhouette, neighbour_purity
from equipoise.recipes.catalogue import recipe
from equipoise.reports.study_figures import map_figure
from equipoise.runs.record import read_run
from equipoise.runs.train import Settings, train
from equipoise.runs.trained import evidence_of, load_trained
from equipoise.studies.critic_map import read_critic_map, write_critic_map

TAKEN = ("critic-silhouette", "critic-purity")
QUIET = Settings("cpu", quiet=True)


def short(name: str) -> Experiment:
    watch = Watch(sample_grids=1, checkpoints=1, evaluations=1, metrics=TAKEN, samples=10)
    return replace(with_length(recipe(name), iterations=20), watch=watch)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("critic") / "run"
    train(short("gan-digits"), path, QUIET)
    return path


@pytest.fixture
def evidence(run: Path) -> Evidence:
    return evidence_of(load_trained(run, torch.device("cpu")), 10, QUIET)


def test_the_outputs_are_those_of_the_trained_discriminator_for_images_spread_over_the_data(
    run: Path, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_critic, "IMAGES", 300)
    critic = load_trained(run, torch.device("cpu")).load_player("discriminator")
    data = Digits().load()
    chosen = spread_places(300, len(data))
    assert data.labels is not None
    with torch.no_grad():
        outputs = critic(data.batch(chosen, "unit"))[:, None]
    silhouette, purity = (METRICS.load(name)(evidence) for name in TAKEN)
    assert silhouette.value == pytest.approx(class_silhouette(outputs, data.labels[chosen]), rel=1e-6)
    assert purity.value == pytest.approx(neighbour_purity(outputs, data.labels[chosen]), abs=1e-3)
    assert silhouette.passport["real_count"] == 300
    assert silhouette.passport["generated_count"] == 0
    assert silhouette.passport["extractor"] == "the run's own mlp-discriminator"


def test_they_are_the_same_when_taken_during_the_training(run: Path, evidence: Evidence) -> None:
    during = read_run(run).log.scores[-1].values
    assert during == {name: pytest.approx(METRICS.load(name)(evidence).value, rel=1e-5) for name in TAKEN}


def test_a_player_is_given_as_it_was_trained_and_left_in_its_mode(evidence: Evidence) -> None:
    critic = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 4), torch.nn.Dropout(0.5)).train()
    given = replace(evidence, load_player=lambda name: critic)
    first, again = (scoring_critic.critic_outputs(given)[0] for _ in range(2))
    assert torch.equal(first, again)
    assert critic.training
    assert first.shape == (len(evidence.data), 4)


def test_what_cannot_be_looked_at_is_refused(evidence: Evidence) -> None:
    silhouette = METRICS.load("critic-silhouette")
    with pytest.raises(EquipoiseError, match="only a generator"):
        silhouette(replace(evidence, load_player=None))
    with pytest.raises(EquipoiseError, match="no player of magan-digits scores images alone"):
        silhouette(replace(evidence, experiment=recipe("magan-digits")))
    vars(evidence)["data"] = replace(evidence.data, labels=None)
    with pytest.raises(EquipoiseError, match="no labels"):
        silhouette(evidence)


def test_the_map_is_a_function_of_the_run_and_is_drawn(evidence: Evidence, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    few = replace(evidence, few_samples=True)
    for name in ("first", "again"):
        write_critic_map(few, tmp_path / name)
    first, again = (read_critic_map(tmp_path / name) for name in ("first", "again"))
    assert first is not None
    assert again is not None
    assert (first.points == again.points).all()
    assert first.points.shape == (64, 2)
    assert first.labels.tolist() == scoring_critic.critic_outputs(few)[1].tolist()
    figure = map_figure("map", first)
    assert [key.label for key in figure.keys] == [
        *(f"class {digit}" for digit in range(8)),
        "class 8, crosses",
        "class 9, crosses",
    ]
    assert "64 images of 10 classes" in str(figure.drawing)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"points": [[1]], "labels": [0]}', '{"points": [[1, NaN]], "labels": [0]}']
)
def test_a_map_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "critic-map.json").write_text(text)
    assert read_critic_map(tmp_path) is None
