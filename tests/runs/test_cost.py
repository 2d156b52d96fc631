"""What a run is expected to take beside its iterations."""

from dataclasses import replace

import pytest

from equipoise.experiments.experiment import Watch
from equipoise.recipes.catalogue import recipe
from equipoise.runs.cost import Cost


@pytest.mark.parametrize(
    ("metrics", "pictures"),
    [(("lite0-kernel",), 3 * 50 + 200), (("ms-ssim", "lite0-neighbours"), 3 * 50 + 200), (("nearest-neighbours",), 0)],
)
def test_pictures_are_looked_at_for_scores_by_features_alone(metrics: tuple[str, ...], pictures: int) -> None:
    watch = Watch(evaluations=3, metrics=metrics, samples=50, real=200)
    experiment = replace(recipe("gan-digits"), watch=watch)
    quick = Cost(seconds=0.1, ready_seconds=0.0, sample_seconds=0.0, saving_seconds=0.0, memory_bytes=0)
    by_features = replace(quick, feature_seconds=0.01)
    more = by_features.total(experiment, 300) - quick.total(experiment, 300)
    assert more == pytest.approx(pictures * 0.01)
