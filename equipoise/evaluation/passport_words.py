"""Whether two scores may be compared, in words, from the differences of their passports."""

from collections.abc import Callable, Iterable
from dataclasses import fields

from equipoise.evaluation.passport import Passport, differences
from equipoise.evaluation.score import Score
from equipoise.evaluation.score_sheet import aligned, shown_value

_BIASED = ("frechet", "fid", "recall", "precision", "coverage", "density")
"""Parts of the names of metrics whose value drifts with the number of images; the kernel distance's does not."""
_HASH_DIGITS = 8


def passport_of(score: Score) -> Passport:
    """The passport of a score, without the particulars that some metrics add.

    Raises:
        EquipoiseError: it has none, or not a whole one.
    """
    known = {field.name for field in fields(Passport)}
    return Passport.from_dict({name: value for name, value in score.passport.items() if name in known})


def differences_in_words(a: Passport, b: Passport) -> tuple[str, ...]:
    """Why two scores may not be compared, a clause for each reason; none where they may.

    Args:
        a: of the first score.
        b: of the second one.

    Examples:
        >>> from dataclasses import replace
        >>> a = Passport("kid", "photos", "1", "all", 900, 500, "inception-v3", "2", "clean", 0, {}, "", "cpu")
        >>> differences_in_words(a, replace(a, generated_count=800, seed=3))
        ('500 generated images against 800',)
    """
    apart = set(differences(a, b))
    if "metric" in apart:
        return (f"they are two metrics, {a.metric} and {b.metric}",)
    return tuple(words(a, b) for together, words in _WORDS if apart & set(together))


def compared(old: Iterable[Score], new: Iterable[Score]) -> str:
    """Old and new scores side by side, and which of them may be compared, for a terminal."""
    before = {score.metric: score for score in old}
    rows, told = [["metric", "old", "new", "change"]], []
    for score in new:
        if score.metric not in before:
            told.append(f"{score.metric}: the old file does not have it.")
            continue
        earlier = before[score.metric]
        rows.append([score.metric, shown_value(earlier.value), shown_value(score.value), _change(earlier, score)])
        told.append(f"{score.metric}: {_verdict(score.metric, passport_of(earlier), passport_of(score))}")
    return "\n\n".join(part for part in (aligned(rows) if len(rows) > 1 else "", "\n".join(told)) if part)


def _verdict(metric: str, a: Passport, b: Passport) -> str:
    why, apart = differences_in_words(a, b), set(differences(a, b))
    if not why:
        return "the two may be compared."
    of_counts = apart & {"real_count", "generated_count"} and "metric" not in apart
    drifts = " (its value depends on the count)" if of_counts and any(word in metric for word in _BIASED) else ""
    return f"the two may not be compared: {'; '.join(why)}{drifts}."


def _change(old: Score, new: Score) -> str:
    if isinstance(old.value, int | float) and isinstance(new.value, int | float):
        return f"{new.value - old.value:+.4g}"
    return "-"


def _counts(what: str, field: str) -> Callable[[Passport, Passport], str]:
    return lambda a, b: f"{getattr(a, field):,} {what} images against {getattr(b, field):,}"


def _data(a: Passport, b: Passport) -> str:
    if a.data != b.data or a.split != b.split:
        return f"the real data are {_named(a)} and {_named(b)}"
    return f"the real data {a.data} have changed ({a.data_hash[:_HASH_DIGITS]}, now {b.data_hash[:_HASH_DIGITS]})"


def _named(passport: Passport) -> str:
    return passport.data if passport.split in ("", "all") else f"{passport.data} ({passport.split})"


def _extractor(a: Passport, b: Passport) -> str:
    if a.extractor != b.extractor:
        return f"features of {a.extractor or 'no network'} against {b.extractor or 'no network'}"
    return f"the weights of {a.extractor} differ"


_Words = Callable[[Passport, Passport], str]
_WORDS: tuple[tuple[tuple[str, ...], _Words], ...] = (
    (("data", "data_hash", "split"), _data),
    (("held_out_hash",), lambda a, b: f"the held-out part of {a.data} is another"),
    (("real_count",), _counts("real", "real_count")),
    (("generated_count",), _counts("generated", "generated_count")),
    (("extractor", "weights_hash"), _extractor),
    (("resize",), lambda a, b: f"images resized '{a.resize}' against '{b.resize}'"),
    (("precision",), lambda a, b: f"computed in {a.precision} against {b.precision}"),
)
"""The fields that a reason is about, and the reason in words."""
