"""A comparison of one's own as a study: alternatives on the same data, over seeds, with settings that vary."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, UnknownName, printable
from equipoise.common.files import file_name
from equipoise.evaluation.catalogue import METRICS
from equipoise.experiments.experiment import Experiment
from equipoise.networks.pretrained import lite0_is_installed
from equipoise.runs.record import HISTOGRAM
from equipoise.studies.plan import experiment_of
from equipoise.studies.sources import check_source, is_file_or_run, plain_of, short_name
from equipoise.studies.study import Measure, Row, Study
from equipoise.studies.study_file import check_count, check_names, scales_of, title_of
from equipoise.studies.wish import FEWER_SAMPLES, MOST_SEEDS, SAMPLES, Wish

_WATCHED_SAMPLES, _WATCHED_BY_LARGE, _EVALUATIONS = 1_000, 500, 5
_SLOW = "missing-modes"
"""How the metrics begin that train a network of their own: too slow to be taken during training."""
_BY_FEATURES = ("lite0-kernel", "lite0-recall")
_WITHOUT_FEATURES = ("missing-modes-dense", "ms-ssim", "nearest-neighbours")
_OF_SIZE = ("resolution", "channels")
_OPENING, _CLOSING = "[{(", ")}]"


def comparison(wish: Wish, data_root: Path | None = None) -> Study:
    """The study of these alternatives, checked as far as it can be without training.

    Raises:
        EquipoiseError: a recipe, field, metric or data set is unknown, an alternative is there twice, or the
            alternatives train on different data.
    """
    for source in wish.sources:
        check_source(source)
    METRICS.all_of(wish.metrics)
    if wish.metrics and wish.metrics[0] == HISTOGRAM:
        raise EquipoiseError(f"{HISTOGRAM} is not one number, so it cannot decide; name another metric first.")
    if wish.epochs is not None and wish.iterations is not None:
        raise EquipoiseError("give the length in epochs or in iterations, not both.")
    labels = _labels(wish.sources)
    seeds = check_count("seeds", wish.seeds, MOST_SEEDS)
    own, shared = _addressed(wish.settings, labels)
    varied = [_variation(words, labels) for words in wish.vary]
    rows = tuple(
        row
        for source, label in zip(wish.sources, labels, strict=True)
        for row in _rows(source, label, own.get(label, []), varied)
    )
    if len(rows) < 2:
        raise EquipoiseError("a comparison needs two alternatives or more; name another one, or vary a setting.")
    name = file_name("-vs-".join(labels) + (f"-on-{wish.data.rstrip('/').rpartition('/')[2]}" if wish.data else ""))
    study = Study(
        name=name,
        title=" against ".join(labels) if len(labels) < 4 else f"{len(labels)} alternatives side by side",
        introduction=_introduction(wish, rows),
        rows=rows,
        measures=(Measure("-", "-"),),
        data=wish.data,
        changes=tuple(shared),
        epochs=wish.epochs,
        iterations=wish.iterations,
    )
    try:
        experiments = {row.label: experiment_of(study, row, row.variants[0], 0, wish.budget) for row in rows}
    except EquipoiseError as error:
        if not isinstance(error.__cause__, UnknownName) or len(labels) == 1:
            raise
        raise EquipoiseError(f"{error} Write ALTERNATIVE:FIELD=VALUE to set it for one alternative only.") from error
    _refuse_unlike_data(experiments)
    first = next(iter(experiments.values()))
    measured = tuple(Measure(each, title_of(each)) for each in wish.metrics or default_metrics(first, data_root))
    by_large = any(METRICS[each.metric].backbone for each in measured)
    samples = wish.samples or (FEWER_SAMPLES if by_large else SAMPLES)
    study = replace(study, measures=measured, scales=scales_of(seeds, samples))
    if not measured[0].metric.startswith(_SLOW):
        watch = f"watch.samples={min(samples, _WATCHED_BY_LARGE if by_large else _WATCHED_SAMPLES)}"
        study = replace(study, watched=measured[0], evaluations=_EVALUATIONS, changes=(watch, *study.changes))
    check_names(study)
    return study


def default_metrics(experiment: Experiment, data_root: Path | None) -> tuple[str, ...]:
    """What is measured where no metric is named, best first: what the data allow.

    Raises:
        EquipoiseError: the data are not there.
    """
    data = experiment.data
    if data.by_digit:
        return "modes-kl", "modes-covered"
    if data.gaussians() is not None:
        return "share-near", "modes-covered"
    labels = data.load(data_root, experiment.seed).labels
    if labels is None:
        return (*_BY_FEATURES, "nearest-neighbours") if lite0_is_installed() else _WITHOUT_FEATURES
    return "classifier-fid", "inception-score", "recall"


def _labels(sources: Sequence[str]) -> list[str]:
    """A short label for each, or the whole words where short ones would be the same."""
    short = [short_name(source) for source in sources]
    return [source if short.count(name) > 1 else name for source, name in zip(sources, short, strict=True)]


def _rows(source: str, label: str, own: Sequence[str], varied: Sequence["_Variation"]) -> list[Row]:
    """An alternative with every combination of the values that vary in it."""
    base = Row(label, experiment=plain_of(source)) if is_file_or_run(source) else Row(label, source)
    here = [each for each in varied if each.label in ("", label)]
    ends = [each.path.rpartition(".")[2] for each in here]
    names = [each.path if ends.count(end) > 1 else end for each, end in zip(here, ends, strict=True)]
    return [
        replace(
            base,
            label=", ".join([label, *(f"{name}={value}" for name, value in zip(names, values, strict=True))]),
            changes=(*own, *(f"{each.path}={value}" for each, value in zip(here, values, strict=True))),
        )
        for values in itertools.product(*(each.values for each in here))
    ]


@dataclass(frozen=True)
class _Variation:
    """A field and its values; of one alternative, or of all where the label is empty."""

    label: str
    path: str
    values: tuple[str, ...]


def _variation(words: str, labels: Sequence[str]) -> _Variation:
    label, assignment = _address(words, labels)
    path, equals, values = assignment.partition("=")
    found = _split(values)
    if not equals or not path or not all(found):
        raise EquipoiseError(f"'{printable(words)}' does not vary anything; write field.path=value,value,...")
    return _Variation(label, path, tuple(dict.fromkeys(found)))


def _addressed(settings: Sequence[str], labels: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """(those of one alternative, by its label; those of all)."""
    own: dict[str, list[str]] = {}
    shared: list[str] = []
    for words in settings:
        label, assignment = _address(words, labels)
        (own.setdefault(label, []) if label else shared).append(assignment)
    return own, shared


def _address(words: str, labels: Sequence[str]) -> tuple[str, str]:
    """(the alternative that is meant, or nothing; the assignment): no path of a field has a colon."""
    path, equals, value = words.partition("=")
    label, colon, field = path.rpartition(":")
    if not colon:
        return "", words
    if label not in labels:
        raise UnknownName("alternative", label, labels)
    return label, f"{field}{equals}{value}"


def _split(values: str) -> list[str]:
    """The values between commas, where no bracket is open.

    Examples:
        >>> _split("1, 5,[0.5, 0.9]")
        ['1', '5', '[0.5, 0.9]']
    """
    found, depth = [""], 0
    for letter in values:
        depth += (letter in _OPENING) - (letter in _CLOSING)
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [value.strip() for value in found]


def _introduction(wish: Wish, rows: Sequence[Row]) -> str:
    data = f" on {printable(wish.data)}" if wish.data else ""
    return (
        f"{len(rows)} alternatives{data}, each trained with the same "
        f"{counted(wish.seeds, 'seed')}. Runs of one seed have the same order of data and the same latents, "
        "so rows are compared seed by seed."
    )


def _refuse_unlike_data(experiments: Mapping[str, Experiment]) -> None:
    """Scores of different data, or of images of different sizes, cannot be compared."""
    (first, one), *others = experiments.items()
    for label, other in others:
        if type(one.data) is type(other.data) and _sizeless(one) == _sizeless(other):
            if one.data.item_shape == other.data.item_shape:
                continue
            raise EquipoiseError(
                f"{printable(first)} makes images of {_size(one)} and {printable(label)} of {_size(other)}: their "
                "scores cannot be compared; choose alternatives of one size."
            )
        raise EquipoiseError(
            f"{printable(first)} trains on {one.data.name} and {printable(label)} on {other.data.name}, or on another "
            "part of it: their scores cannot be compared; name the data for both with --data."
        )


def _sizeless(experiment: Experiment) -> dict[str, Any]:
    data: Any = experiment.data
    return {each.name: getattr(data, each.name) for each in fields(data) if each.name not in _OF_SIZE}


def _size(experiment: Experiment) -> str:
    channels, *sides = experiment.data.item_shape
    return f"{'x'.join(map(str, sides))} pixels and {counted(channels, 'channel')}"
