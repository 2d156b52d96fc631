"""What is measured while pictures are trained on: the score that keeps the best checkpoint, and copies."""

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from equipoise.common.counted import counted
from equipoise.data.held_out import EVERY

if TYPE_CHECKING:
    from equipoise.data.data_set import DataSet
    from equipoise.data.store import Store
    from equipoise.experiments.experiment import Watch
    from equipoise.runs.cost import Cost

_SCORE, _BACKBONE = "lite0-kernel", "efficientnet-lite0"
_TIMES, _SHARE, _MOST_SHARE = 10, 0.05, 0.25
"""How many times the score is taken, in which share of the run's time, and at most in which share of a short run's."""
_GRIDS = (20, 10, 5, 4)
"""How many grids and checkpoints there may be; they fall together with the scores and the looks for collapse."""
_FEWEST, _MOST = 100, 1000
"""Samples that a score is taken of."""
_FEWEST_PICTURES = 10
_ASKED = ("evaluations", "metrics", "samples", "real", "best")
_FEW, _FEWEST_DIVIDED = 2_000, 40
"""Fewer pictures than the first are watched for copies; of fewer than the second none can be spared."""


def network_of_scores() -> str:
    """The name of the network that scores are taken by, or "" where the extra that brings it is not installed."""
    from equipoise.networks.pretrained import lite0_is_installed

    return _BACKBONE if lite0_is_installed() else ""


def without_held_out(data: "DataSet", store: "Store") -> tuple["DataSet", str]:
    """The data without the pictures that are held out to recognise copies, and a sentence about it.

    Args:
        data: as they would be trained on.
        store: what they hold.
    """
    count = len(store)
    if count >= _FEW:
        return data, ""
    if count < _FEWEST_DIVIDED:
        return data, f"{counted(count, 'picture')} are too few to hold any out, so copies of them are not recognised."
    if _repeats_itself(store):
        return data, "Half of the pictures or more are repeated, so none are held out, and copies are not recognised."
    described: Any = data
    known = {each.name: getattr(data, each.name) for each in fields(described)}
    if "part" in known:
        kept = count - count // EVERY
        out = counted(count // EVERY, "picture")
        told = f"{out}, every tenth, are held out of the training to recognise copies of the other {kept:,}."
        return replace(described, part="train"), told
    if known.get("split") == "all":
        return replace(described, split="train"), "The test split is held out to recognise copies."
    return data, "" if known.get("split") == "train" else "None are held out, so copies are not recognised."


def _repeats_itself(store: "Store") -> bool:
    different = {item.cpu().numpy().tobytes() for chunk in store.chunks() for item in chunk}
    return 2 * len(different) <= len(store)


def watched(watch: "Watch", data: "DataSet", count: int, seconds: float, cost: "Cost") -> tuple["Watch", str]:
    """The score and the search for copies, as the time allows: for the experiment, and in words.

    The score is taken of as many samples as can be looked at in a twentieth of the time, ten times or less; the grids
    take another twentieth at most.

    Args:
        watch: what is watched besides.
        data: what is trained on.
        count: how many pictures it has.
        seconds: how long the run takes.
        cost: of sampling, and of one picture by the network that the score is taken by.
    """
    grids = next((each for each in _GRIDS if each * cost.ready_seconds <= _SHARE * seconds), _GRIDS[-1])
    watch = replace(watch, sample_grids=grids, checkpoints=min(watch.checkpoints, grids))
    of_copies = count < _FEW and getattr(data, "part", getattr(data, "split", "")) == "train"
    without, install = _without_score(watch, of_copies), "pip install 'equipoise[features]'"
    if not cost.feature_seconds:
        return without, f"no score is measured, and the newest checkpoint is used; to have one: {install}"
    if count < _FEWEST_PICTURES:
        return without, f"no score is measured: {counted(count, 'picture')} are too few for one"
    times, samples = _sizes(seconds, cost.feature_seconds)
    if times * samples * cost.feature_seconds > _MOST_SHARE * seconds:
        return without, "no score is measured, as the run is too short for it"
    by_features = of_copies and count * cost.feature_seconds <= _SHARE * seconds
    neighbours = (("lite0-neighbours" if by_features else "nearest-neighbours"),) if of_copies else ()
    real = count if by_features else min(count, max(samples, _FEWEST))
    whole = replace(watch, evaluations=times, metrics=(_SCORE, *neighbours), samples=samples, real=real, best=_SCORE)
    told = (
        f"score: kernel distance on EfficientNet-Lite0's features, {times} times, of {samples:,} samples and {real:,} "
        "pictures; the best checkpoint is kept by it"
    )
    return whole, told


def told_of(watch: "Watch", planned: "Watch", told: str) -> str:
    """What is measured in words: `told`, unless --set asked for something else than was planned."""
    if all(getattr(watch, each) == getattr(planned, each) for each in _ASKED):
        return told
    kept = f"the best checkpoint is kept by {watch.best}" if watch.best else "the newest checkpoint is used"
    if not (watch.evaluations and watch.metrics):
        return f"no score is measured, as asked for; {kept}"
    metrics = ", ".join(watch.metrics)
    return f"scores as asked for: {metrics}, {watch.evaluations} times, of {watch.samples:,} samples; {kept}"


def _without_score(watch: "Watch", of_copies: bool) -> "Watch":
    if not of_copies:
        return watch
    return replace(
        watch, evaluations=min(_TIMES, watch.sample_grids), metrics=("nearest-neighbours",), samples=_MOST // 2
    )


def _sizes(seconds: float, feature_seconds: float) -> tuple[int, int]:
    """How many times, and of how many samples."""
    affordable = _SHARE * seconds / feature_seconds
    samples = min(_MOST, int(affordable / _TIMES) // 50 * 50)
    if samples >= _FEWEST:
        return _TIMES, samples
    return next((each for each in (8, 5, 4) if each * _FEWEST <= affordable), 2), _FEWEST
