"""Measures that a study takes from a run's log or histogram, for published figures about training or one class."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.registry import Entry, Registry
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.passport import Passport
from equipoise.runs.record import HISTOGRAM, RunRecord

_LOW_DISTANCE = 100
_Found = tuple[float, Mapping[str, Any]] | None


def lower_is_better(metric: str) -> bool | None:
    """Which of two values of a study's measure is the better one; None where neither is."""
    return METRICS[metric].lower_is_better if metric in METRICS else True


def take_from_log(name: str, run: RunRecord, watched: str) -> dict[str, Any] | None:
    """This measure of a run as a score with its passport, or None where the log does not hold it.

    Args:
        name: one of `LOG_MEASURES`.
        run: the run's directory as it was read.
        watched: the metric that was taken during the training, or nothing.
    """
    found: _Found = LOG_MEASURES.load(name)(run, watched)
    if found is None or not math.isfinite(found[0]):
        return None
    value, passport = found
    return {"metric": name, "value": value, "deviation": None, "passport": dict(passport)}


def _energy_gap(run: RunRecord, watched: str) -> _Found:
    real, fake = run.by_epoch("real_energy"), run.by_epoch("fake_energy")
    return (fake.last - real.last, _passport_of_log("energy-gap, last epoch", run)) if real and fake else None


def _final_margin(run: RunRecord, watched: str) -> _Found:
    """Where the algorithm adapts it, the margin that the next epoch would have had."""
    margin = run.by_epoch("next_margin") or run.by_epoch("margin")
    return (margin.last, _passport_of_log("final-margin", run)) if margin else None


def _above_margin(run: RunRecord, watched: str) -> _Found:
    margin, fake = run.by_epoch("margin"), run.by_epoch("fake_energy")
    passport = _passport_of_log("fake-energy-above-margin, last epoch", run)
    return (fake.last - margin.last, passport) if margin and fake else None


def _change(run: RunRecord, watched: str, energy: str) -> _Found:
    """The first tenth is left out: there the generator's first images turn into others."""
    found = run.by_epoch(energy).values
    start = math.ceil(len(found) / 10)
    if len(found) <= start:
        return None
    return float(found[-1] - found[start]), _passport_of_log(f"{energy}, last epoch minus epoch {start + 1}", run)


def _of_classes(run: RunRecord, watched: str, name: str, measure: Callable[[Sequence[float]], float]) -> _Found:
    """Of the histogram of classes, whose passport goes with it under a name of its own."""
    shares = list(run.histogram().values())
    if len(shares) <= _TWO:
        return None
    passport = next(dict(score.passport) for score in run.scores if score.metric == HISTOGRAM)
    return measure(shares), passport | {"metric": name}


def _lead(shares: Sequence[float], label: int, best: Callable[[Sequence[float]], float]) -> float:
    return shares[label] - best([*shares[:label], *shares[label + 1 :]])


def _even(shares: Sequence[float]) -> float:
    return sum(0.8 <= share * len(shares) <= 1.2 for share in shares)


_ONE, _TWO = 1, 2


def _trailing_distance(run: RunRecord, watched: str) -> _Found:
    """Of the metric, whose passport goes with it under a name of its own."""
    taken = [record for record in run.log.scores if watched in record.values]
    if not taken:
        return None
    values = [record.values[watched] for record in taken]
    rest = values[values.index(min(values)) :]
    metric = {"metric": f"mean of {watched} from its lowest point on, {len(values)} evaluations"}
    return math.fsum(rest) / len(rest), dict(taken[-1].passports.get(watched, {})) | metric


def _batches_to_100(run: RunRecord, watched: str) -> _Found:
    """None where FID never came so low, or where a distance of another scale was watched."""
    if watched != "fid":
        return None
    steps = run.config.get("algorithm", {}).get("discriminator_steps", 1)
    for record in run.log.scores:
        if record.values.get(watched, math.inf) <= _LOW_DISTANCE:
            passport = dict(record.passports.get(watched, {}))
            return record.iteration * steps, passport | {"metric": f"real batches until {watched} is at most 100"}
    return None


def _passport_of_log(metric: str, run: RunRecord) -> dict[str, Any]:
    """The passport of what the training itself logged: no sample was drawn for it, and no extractor looked at one."""
    try:
        first, data = run.environment["sessions"][0], run.config["data"]
        passport = Passport(
            metric=metric,
            data=data["kind"],
            data_hash=first["data_hash"],
            split=data.get("split", "all"),
            real_count=0,
            generated_count=0,
            extractor="",
            weights_hash="",
            resize="none",
            seed=first["seed"],
            versions={"equipoise": first["equipoise"], "python": first["python"]}
            | {name: first["packages"][name] for name in ("torch", "numpy")},
            commit=first["commit"] or "",
            device=first["device"],
            precision=first.get("precision", "float32"),
        )
    except (AttributeError, LookupError, TypeError) as error:
        raise EquipoiseError(
            f"{printable(run.path)} does not say what it was trained on: environment.json or config.yaml is damaged."
        ) from error
    return passport.as_dict()


LOG_MEASURES = Registry(
    "measure",
    [
        Entry("energy-gap", "generated minus real energy, means of the last epoch; smaller is better", _energy_gap),
        Entry(
            "trailing-distance",
            "mean of the watched distance from its lowest value to the end; smaller is better",
            _trailing_distance,
        ),
        Entry("batches-to-100", "real batches of the discriminator until FID was at most 100", _batches_to_100),
        Entry("final-margin", "the margin that the run ended with", _final_margin),
        Entry("fake-energy-above-margin", "generated energy minus margin, means of the last epoch", _above_margin),
        Entry(
            "real-energy-change",
            "real energy, mean of the last epoch minus that of the epoch after a tenth of the run",
            partial(_change, energy="real_energy"),
        ),
        Entry("fake-energy-change", "the same of the generated energy", partial(_change, energy="fake_energy")),
        *(
            Entry(name, summary, partial(_of_classes, name=name, measure=measure))
            for name, measure, summary in (
                ("share-of-ones", lambda shares: shares[_ONE], "share of ones among the samples' classes"),
                ("share-of-twos", lambda shares: shares[_TWO], "share of twos among the samples' classes"),
                (
                    "lead-of-ones",
                    lambda shares: _lead(shares, _ONE, max),
                    "share of ones minus the largest share of another class",
                ),
                (
                    "lead-of-twos",
                    lambda shares: _lead(shares, _TWO, min),
                    "share of twos minus the smallest share of another class",
                ),
                (
                    "even-classes",
                    _even,
                    "classes whose share is within a fifth of an equal one, for ten classes from 8 to 12 %",
                ),
            )
        ),
    ],
)
"""Each is called with a run's record and the name of the metric that was watched. A smaller value is the better one."""
