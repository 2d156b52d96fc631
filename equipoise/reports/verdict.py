"""What a person wants to know of a run first: whether it works, and what to change if it doesn't."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from equipoise.common.durations import duration
from equipoise.common.errors import EquipoiseError
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.floor import FLOOR
from equipoise.evaluation.scoring_images import NEIGHBOURS, SHARE_NEARER
from equipoise.experiments.build import network_shape
from equipoise.experiments.config import from_plain
from equipoise.monitor.memorisation import copies, neighbours_in_words
from equipoise.monitor.words import ADVICE, MEANINGS
from equipoise.reports.summary import shown, title
from equipoise.runs.record import RunRecord
from equipoise.runs.run_log import Record, sentence

_WELL = 0.5
"""Samples that cover half as much of the data as held-out images do are called varied."""
_BY_CHANCE = 0.05


@dataclass(frozen=True)
class RunVerdict:
    """The answer in a few words, the reason, and what to change.

    Attributes:
        answer: the first sentence.
        why: what it rests on.
        change: what to do, or "".
        is_well: whether nothing is wrong.
    """

    answer: str
    why: str
    change: str
    is_well: bool


def verdict(run: RunRecord) -> RunVerdict:
    """The verdict on a run as far as it went, by its log alone: nobody has looked at the samples."""
    if run.diverged:
        advice = " or ".join(each.text for each in ADVICE["not finite"][:2])
        return RunVerdict(
            "It broke off: the losses are no longer finite.", MEANINGS["not finite"], f"Next, {advice}.", False
        )
    copied, seen = copied_in(run.log.scores)
    if copied:
        advice = "; or ".join(each.text for each in ADVICE["memorisation"])
        return RunVerdict(_ANSWERS["memorisation"], seen, f"Change first: {advice}.", False)
    lasting = run.log.lasting
    if lasting:
        name, words = list(lasting.items())[-1]
        seen, _, change = words.partition(" Change first: ")
        answer = _ANSWERS.get(name, f"Something is wrong: {name}.")
        return RunVerdict(answer, seen, f"Change first: {change}" if change else "", False)
    if not run.log.iterations:
        return RunVerdict("It has only begun.", "Nothing has been logged yet.", "", True)
    reach = run.log.variety[-1].values.get("reach") if run.log.variety else None
    answer = (
        "No trouble was seen." if reach is None or reach >= _WELL else "It isn't there yet, but no trouble was seen."
    )
    return RunVerdict(answer, " ".join(_grounds(run, reach)), _next(run), True)


_ANSWERS = {
    "collapse": "It does not work yet: the samples are too much alike.",
    "discriminator wins": "It may not work: the discriminator is too strong.",
    "generator wins": "It may not work: the discriminator is too weak.",
    "oscillation": "It may not work: the two networks chase each other.",
    "memorisation": "It copies: samples are too close to training pictures.",
    "energies apart": "It may not work: the discriminator has lost touch with the generator.",
}


def _grounds(run: RunRecord, reach: float | None) -> list[str]:
    told = []
    if reach is not None:
        well = "varied" if reach >= _WELL else "less varied than the data"
        told.append(f"The samples are {well}: they cover {reach:.0%} as much of the data as held-out pictures do.")
    told += [
        _trend(name, values) + _compared(run.log.scores[-1], name)
        for name, values in _taken(run.log.scores).items()
        if len(values) > 1
    ]
    told += [copied_in(run.log.scores)[1]]
    told += [sentence(event) for event in run.log.events if event.kind == "end"]
    return [words for words in told if words] or [
        "The losses are finite, and neither network runs away from the other."
    ]


def _taken(scores: tuple[Record, ...]) -> dict[str, list[tuple[int, float]]]:
    """Each metric that has a better side and was taken during training: (iteration, value)."""
    found: dict[str, list[tuple[int, float]]] = {}
    for record in scores:
        for name, value in record.values.items():
            if name in METRICS and METRICS[name].lower_is_better is not None:
                found.setdefault(name, []).append((record.iteration, value))
    return found


def _best(name: str, values: list[tuple[int, float]]) -> tuple[int, float]:
    best = min if METRICS[name].lower_is_better else max
    return best(values, key=lambda each: each[1])


def _trend(name: str, values: list[tuple[int, float]]) -> str:
    (iteration, best), last = _best(name, values), values[-1][1]
    if abs(last - best) <= _BY_CHANCE * abs(best):
        return f"The {title(name)} went from {shown(values[0][1])} to {shown(last)}, its best."
    return f"The {title(name)} was best, {shown(best)}, at iteration {iteration:,}, and is {shown(last)} now."


def copied_in(scores: Sequence[Record]) -> tuple[bool, str]:
    """Whether the newest samples that were compared with training pictures are copies, and that in a sentence."""
    for record in reversed(scores):
        if found := compared_with_training(record.values, record.passports):
            return found
    return False, ""


def compared_with_training(values: Mapping[str, object], passports: Mapping[str, object]) -> tuple[bool, str] | None:
    """Whether samples are copies, by the scores of one evaluation, and that in a sentence; None where it is unknown."""
    for name in NEIGHBOURS:
        value, passport = values.get(name), passports.get(name)
        share = passport.get(SHARE_NEARER) if isinstance(passport, Mapping) else None
        if isinstance(value, int | float) and isinstance(share, int | float):
            return copies(value, share), neighbours_in_words(value, share)
    return None


def _compared(newest: Record, name: str) -> str:
    """What real pictures would get in place of the samples, where that was measured."""
    floor = floor_in(newest, name)
    return "" if floor is None else f" Real pictures against other real ones get {shown(floor)}."


def floor_in(record: Record, name: str) -> float | None:
    """What real pictures got against other real ones by this metric, where it was measured with the scores."""
    passport = record.passports.get(name)
    floor = passport.get(FLOOR) if isinstance(passport, dict) else None
    return float(floor) if isinstance(floor, int | float) and math.isfinite(floor) else None


def _next(run: RunRecord) -> str:
    """What to do where nothing is wrong."""
    for name, values in _taken(run.log.scores).items():
        iteration, best = _best(name, values)
        if iteration != values[-1][0] and abs(values[-1][1] - best) > _BY_CHANCE * abs(best):
            return "Next: lower the learning rates towards the end, or train for a shorter time."
    return "Next: compare the samples with the real ones below; if they still improve, go on with resume --time 30m."


def picture_size(run: RunRecord) -> str:
    """The samples' size in words, or nothing where it cannot be told."""
    try:
        shape = network_shape(from_plain(dict(run.config)).players["generator"].network)
    except (EquipoiseError, KeyError):
        return ""
    return f"{shape[2]}\N{MULTIPLICATION SIGN}{shape[1]} pixels" if len(shape) > 2 else "points"


def times(run: RunRecord) -> dict[str, str]:
    """How long a run took so far, and how long the rest takes at the pace of its last sitting; as far as is known."""
    sessions = run.environment.get("sessions")
    known = [each for each in sessions if isinstance(each, dict)] if isinstance(sessions, list) else []
    spent = [_spent(each, run) for each in known]
    if not known or any(each is None for each in spent[-1:]):
        return {}
    told = {"time spent": duration(sum(each or 0.0 for each in spent))}
    total, begun, reached = known[-1].get("to_iteration"), known[-1].get("from_iteration"), run.log.last_iteration
    if isinstance(total, int) and isinstance(begun, int) and begun < reached < total:
        told["time left"] = f"about {duration((spent[-1] or 0.0) / (reached - begun) * (total - reached))}"
    return told


def _spent(session: dict[str, object], run: RunRecord) -> float | None:
    """The seconds of a sitting: noted at its end; of one that goes on or was killed, up to the log's last line."""
    noted = session.get("seconds")
    if isinstance(noted, int | float) and not isinstance(noted, bool) and 0 <= noted < float("inf"):
        return float(noted)
    try:
        started = datetime.fromisoformat(str(session["started"]))
        written = datetime.fromtimestamp((run.path / "metrics.jsonl").stat().st_mtime, UTC)
        return max(0.0, (written - started).total_seconds())
    except (KeyError, ValueError, TypeError, OSError, OverflowError):
        return None
