"""What a study reads off a run's log, where a published figure speaks of the training itself."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from equipoise.metrics.passport import Passport
from equipoise.runs.report.record import RunRecord

_Found = tuple[float, Mapping[str, Any]] | None

LOG_MEASURES: dict[str, str] = {
    "energy-gap": "generated minus real energy, means of the last epoch; smaller is better",
    "trailing-distance": "mean of the watched distance from its lowest value to the end; smaller is better",
}
"""name -> what it is in one line. All of them are better when smaller."""


def take_from_log(name: str, run: RunRecord, watched: str) -> dict[str, Any] | None:
    """This measure of a run as a score with its passport, or None where the log does not hold it.

    Args:
        name: one of `LOG_MEASURES`.
        run: the run's directory as it was read.
        watched: the metric that was taken during the training, or nothing.
    """
    found = _READERS[name](run, watched)
    if found is None or not math.isfinite(found[0]):
        return None
    value, passport = found
    return {"metric": name, "value": value, "deviation": None, "passport": dict(passport)}


def _energy_gap(run: RunRecord, watched: str) -> _Found:
    real, fake = run.by_epoch("real_energy"), run.by_epoch("fake_energy")
    return (fake.last - real.last, _passport_of_log("energy-gap, last epoch", run)) if real and fake else None


def _trailing_distance(run: RunRecord, watched: str) -> _Found:
    """Of the metric, whose passport goes with it under a name of its own."""
    taken = [record for record in run.log.scores if watched in record.values]
    if not taken:
        return None
    values = [record.values[watched] for record in taken]
    rest = values[values.index(min(values)) :]
    metric = {"metric": f"mean of {watched} from its lowest point on, {len(values)} evaluations"}
    return math.fsum(rest) / len(rest), dict(taken[-1].passports.get(watched, {})) | metric


def _passport_of_log(metric: str, run: RunRecord) -> dict[str, Any]:
    """The passport of what the training itself logged: no sample was drawn for it, and no extractor looked at one."""
    first, data = run.environment["sessions"][0], run.config["data"]
    packages = {name: first["packages"][name] for name in ("torch", "numpy")}
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
        versions={"equipoise": first["equipoise"], "python": first["python"]} | packages,
        commit=first["commit"] or "",
        device=first["device"],
    )
    return passport.as_dict()


_READERS: Mapping[str, Callable[[RunRecord, str], _Found]] = {
    "energy-gap": _energy_gap,
    "trailing-distance": _trailing_distance,
}
