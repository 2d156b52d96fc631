"""The runs of a study: each is an experiment with a directory that is named by its content."""

import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path

from equipoise.common.errors import EquipoiseError, UnknownName, printable
from equipoise.common.files import file_name
from equipoise.common.random import derived_seed
from equipoise.data.noise import Noise
from equipoise.experiments.config import changed, from_plain, to_yaml
from equipoise.experiments.experiment import Experiment, Watch, with_length
from equipoise.experiments.other_data import on_data
from equipoise.recipes.budgets import smoke
from equipoise.recipes.catalogue import BUDGETS, recipe
from equipoise.studies.log_measures import LOG_MEASURES
from equipoise.studies.study import Measure, Row, Scale, Study, Variant, evenly

_SMOKE_WATCH = Watch(sample_grids=1, checkpoints=1, keep=1)
_HASH_DIGITS = 10


@dataclass(frozen=True)
class Planned:
    """One run of a study.

    Attributes:
        row: its row's label and block.
        variant: its variant's label.
        experiment: what is trained.
        directory: below the study's own, named by the recipe, the seed and a hash of the experiment.
        metrics: what is scored when it is trained.
        samples: that each metric sees.
        few_samples: whether distances of too few samples are allowed, since they mean nothing anyway.
    """

    row: Row
    variant: str
    experiment: Experiment
    directory: Path
    metrics: tuple[str, ...]
    samples: int
    few_samples: bool


@dataclass(frozen=True)
class Watched:
    """What is measured during the training of a run, how often, and of how many samples at most."""

    metric: str
    evaluations: int
    samples: int


def scale_of(study: Study, budget: str) -> Scale:
    """The scale of the study at this budget.

    Raises:
        UnknownName: no such budget.
    """
    if budget not in study.scales:
        raise UnknownName("budget", budget, BUDGETS)
    return study.scales[budget]


def plan(study: Study, budget: str, seeds: int | None, with_inception: bool) -> list[Planned]:
    """Every run of the study at this budget, rows first, then variants, then seeds.

    Args:
        study: what to run.
        budget: "smoke", "cpu" or "paper".
        seeds: of each variant, or None for what the budget buys.
        with_inception: whether Inception's weights are at hand; without them stand-ins are measured.
    """
    scale = scale_of(study, budget)
    watched = None
    if study.watched is not None:
        watched = Watched(metric_of(study.watched, with_inception), study.evaluations, scale.samples)
    scored = scored_metrics(study, with_inception)
    if any(row.published for row in study.rows) or study.orders:
        scored = _with_histogram(study, scored)
    return [
        _planned(study, row, variant, seed, budget, scored, scale, watched)
        for row in (study.rows[index] for index in evenly(len(study.rows), scale.rows))
        for variant in some_variants(row.variants, scale.variants)
        for seed in range(seeds or scale.seeds)
    ]


def metric_of(measure: Measure, with_inception: bool) -> str:
    """The metric that is used for a column: its own, or the stand-in if Inception's weights are missing."""
    return measure.metric if with_inception or measure.stand_in is None else measure.stand_in


def scored_metrics(study: Study, with_inception: bool) -> tuple[str, ...]:
    """The metrics of the columns that are taken of samples, and not from the log; each once."""
    metrics = dict.fromkeys(metric_of(each, with_inception) for each in study.measures)
    return tuple(metric for metric in metrics if metric not in LOG_MEASURES)


def some_variants(variants: tuple[Variant, ...], most: int | None) -> tuple[Variant, ...]:
    """The first variant and others by their labels' hashes, so that rows with the same labels get the same cells."""
    if most is None or len(variants) <= most:
        return variants
    order = sorted(range(1, len(variants)), key=lambda index: derived_seed(0, f"study/{variants[index].label}"))
    return tuple(variants[index] for index in sorted([0, *order[: most - 1]]))


def experiment_of(
    study: Study, row: Row, variant: Variant, seed: int, budget: str, watched: Watched | None = None
) -> Experiment:
    """The row's experiment with the study's, its own and the variant's changes, at the budget's length or the study's.

    Raises:
        EquipoiseError: the data are not there, or a change does not fit the experiment or sets its seed.
    """
    base, length = _base_of(row, budget), scale_of(study, budget).length
    if length is not None:
        base = _of_length(base, _base_of(row, "paper"), length)
    if budget != "smoke":
        base = _of_the_study(base, study)
    watch = _SMOKE_WATCH if budget == "smoke" else replace(base.watch, checkpoints=10, keep=1)
    if watched is not None and budget != "smoke":
        samples = min(watch.samples, watched.samples)
        watch = replace(watch, evaluations=watched.evaluations, metrics=(watched.metric,), samples=samples)
    try:
        found = changed(replace(base, seed=seed, watch=watch), (*study.changes, *row.changes, *variant.changes))
    except EquipoiseError as error:
        raise EquipoiseError(f"{printable(row.label)}: {error}") from error
    if found.seed != seed:
        raise EquipoiseError(
            f"{printable(row.label)}: a change sets the seed, which would give every run of the row the same one; "
            "leave it out, and say with --seeds how many there are."
        )
    return found


def _base_of(row: Row, budget: str) -> Experiment:
    if row.experiment is None:
        return recipe(row.recipe, budget)
    whole = from_plain(row.experiment)
    return smoke(whole) if budget == "smoke" else whole


def _of_the_study(experiment: Experiment, study: Study) -> Experiment:
    """On the study's data and of its length, where it has them."""
    on_its_data = on_data(experiment, study.data) if study.data else experiment
    if study.epochs is None and study.iterations is None:
        return on_its_data
    return with_length(on_its_data, epochs=study.epochs, iterations=study.iterations)


def content_hash(experiment: Experiment) -> str:
    """A short hash of the whole experiment, seed included."""
    return hashlib.sha256(to_yaml(experiment).encode()).hexdigest()[:_HASH_DIGITS]


def _planned(
    study: Study,
    row: Row,
    variant: Variant,
    seed: int,
    budget: str,
    metrics: tuple[str, ...],
    scale: Scale,
    watched: Watched | None,
) -> Planned:
    experiment = experiment_of(study, row, variant, seed, budget, watched)
    place = Path("runs") / f"{file_name(experiment.name)}-seed{seed}-{content_hash(experiment)}"
    stands_in = isinstance(experiment.data, Noise)
    return Planned(row, variant.label, experiment, place, metrics, scale.samples, budget == "smoke" or stands_in)


def _of_length(experiment: Experiment, published: Experiment, share: float) -> Experiment:
    """A part of the published epochs or iterations, rounded up."""
    epochs, iterations = published.algorithm.epochs, published.algorithm.iterations
    return with_length(experiment, epochs=_part(epochs, share), iterations=_part(iterations, share))


def _part(whole: int | None, share: float) -> int | None:
    return None if whole is None else math.ceil(whole * share)


def _with_histogram(study: Study, metrics: tuple[str, ...]) -> tuple[str, ...]:
    """The histogram is drawn where classes are counted."""
    counts = {"modes-covered", "inception-score"} & set(metrics)
    of_points = any(measure.metric == "share-near" for measure in study.measures)
    return (*metrics, "class-histogram") if counts and not of_points else metrics
