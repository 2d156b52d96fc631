"""The scores of two sets of images: as a table, as JSON, and compared with earlier scores."""

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from equipoise.common import notebook
from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import read_text_bounded, write_text_atomically
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.score import Score

_FORMAT = "equipoise-scores-1"


@dataclass(frozen=True)
class ScoreCurve:
    """One metric over the number of images of each side.

    Attributes:
        metric: its name.
        counts: of images.
        values: of the generated images, None where so many are too few.
        real_against_real: of as many other real images, None where there are not so many.
    """

    metric: str
    counts: tuple[int, ...]
    values: tuple[float | None, ...]
    real_against_real: tuple[float | None, ...]


@dataclass(frozen=True)
class ScoreSheet:
    """The scores of two sets of images.

    Attributes:
        real: what the real side is: name, images, taken, shape, content_hash.
        generated: the same of the other side.
        scores: with their passports.
        impossible: why each of the other metrics cannot be computed, by its name.
        notes: what was done to the images, a sentence each.
        curves: over the number of images, where they were asked for.
    """

    real: Mapping[str, Any]
    generated: Mapping[str, Any]
    scores: tuple[Score, ...]
    impossible: Mapping[str, str]
    notes: tuple[str, ...] = ()
    curves: tuple[ScoreCurve, ...] = ()

    @property
    def values(self) -> dict[str, float | tuple[float, ...]]:
        """The figures by the metrics' names."""
        return {score.metric: score.value for score in self.scores}

    def __getitem__(self, metric: str) -> Score:
        """The score of this metric.

        Raises:
            KeyError: it is not on the sheet.
        """
        return {score.metric: score for score in self.scores}[metric]

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "format": _FORMAT,
            "real": dict(self.real),
            "generated": dict(self.generated),
            "scores": [score.as_dict() for score in self.scores],
            "impossible": dict(self.impossible),
            "notes": list(self.notes),
            "curves": [asdict(curve) for curve in self.curves],
        }

    def write(self, path: Path) -> None:
        """Write the sheet as JSON, whole or not at all."""
        write_text_atomically(Path(path), json.dumps(self.as_dict(), indent=1) + "\n")

    def __str__(self) -> str:
        """The sheet for a terminal."""
        parts = [_sides(self.real, self.generated), aligned(_rows(self.scores)) + _of_floors(self.scores)]
        parts += [aligned(_curve_rows(curve)) for curve in self.curves]
        if self.impossible:
            why = [f"  {', '.join(names)}: {reason}" for reason, names in by_reason(self.impossible).items()]
            parts.append("\n".join(["not computed:", *why]))
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        """The sheet for a notebook."""
        about = html.escape(_sides(self.real, self.generated)).replace("\n", "<br>")
        return f"<p>{about}</p>{notebook.table(_rows(self.scores))}"


class Scores(Mapping[str, Score]):
    """Scores by the names of their metrics. `scores["fid"].value` is a figure, `print(scores)` a table."""

    def __init__(self, scores: Iterable[Score] = ()):
        self._scores = {score.metric: score for score in scores}

    def __getitem__(self, metric: str) -> Score:
        return self._scores[metric]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    def __str__(self) -> str:
        return aligned(self._rows()) if self._scores else "no scores yet"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The table for a notebook."""
        return notebook.table(self._rows()) if self._scores else notebook.paragraph("no scores yet")

    def _rows(self) -> list[list[str]]:
        rows = [["metric", "value", "±", "better", "iteration", "samples"]]
        for score in self._scores.values():
            known = (score.passport.get(name) for name in ("iteration", "generated_count"))
            figures = [shown_score(score), shown_value(score.deviation), which_is_better(score.metric)]
            rows.append([score.metric, *figures, *("-" if each is None else str(each) for each in known)])
        return rows


def read_scores(path: Path) -> list[Score]:
    """The scores of a sheet that was written as JSON, or of a run's scores.json.

    Raises:
        EquipoiseError: there is no such file, or it holds no scores.
    """
    try:
        listed = json.loads(read_text_bounded(Path(path)))["scores"]
        return [Score(each["metric"], each["value"], each["deviation"], dict(each["passport"])) for each in listed]
    except EquipoiseError:
        raise
    except OSError as error:
        raise EquipoiseError(f"{printable(path)} could not be read: {error.strerror or 'it is damaged'}.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EquipoiseError(f"{printable(path)} contains no scores; give a file that --json wrote.") from error


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A table as text, with the header in the first row: the first column is left-aligned, the others right-aligned."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def shown_score(score: Score) -> str:
    """The value of a score as it is shown to people; the values of a histogram with the names of their classes."""
    if not isinstance(score.value, tuple) or not score.class_names:
        return shown_value(score.value)
    named = zip(score.class_names, score.value, strict=True)
    return ", ".join(f"{printable(name)} {value:.4g}" for name, value in named)


def shown_value(value: float | Sequence[float] | None) -> str:
    """A number as it is shown to people."""
    if value is None:
        return "-"
    return " ".join(f"{each:.4g}" for each in value) if isinstance(value, Sequence) else f"{value:.4g}"


def which_is_better(metric: str) -> str:
    """Which of two values of a metric is the better one, in a word."""
    lower = METRICS[metric].lower_is_better if metric in METRICS else None
    return "-" if lower is None else "lower" if lower else "higher"


def _sides(real: Mapping[str, Any], generated: Mapping[str, Any]) -> str:
    return "\n".join(f"{called}  {_described(side)}" for called, side in (("REAL", real), ("FAKE", generated)))


def _described(side: Mapping[str, Any]) -> str:
    channels, height, width = side["shape"]
    of = "" if side["taken"] == side["images"] else f" of {side['images']:,}"
    kind = "grey" if channels == 1 else "colour"
    taken = counted(side["taken"], "image") if not of else f"{side['taken']:,}{of} images"
    return f"{printable(side['name'])}: {taken}, {width}x{height}, {kind}"


def _rows(scores: Iterable[Score]) -> list[list[str]]:
    rows = [["metric", "value", "±", "real against real", "better"]]
    for score in scores:
        figures = score.value, score.deviation, score.passport.get("real_against_real")
        rows.append([score.metric, *(shown_value(each) for each in figures), which_is_better(score.metric)])
    return rows


def _of_floors(scores: Iterable[Score]) -> str:
    counts = {int(score.passport.get("real_against_real_count", 0)) for score in scores} - {0}
    return "".join(
        f"\n(real against real: two parts of REAL, {counted(count, 'image')} each)" for count in sorted(counts)
    )


def _curve_rows(curve: ScoreCurve) -> list[list[str]]:
    rows = [[curve.metric, "images of each side", "value", "real against real"]]
    for count, value, floor in zip(curve.counts, curve.values, curve.real_against_real, strict=True):
        rows.append(["", f"{count:,}", shown_value(value), shown_value(floor)])
    return rows


def by_reason(impossible: Mapping[str, str]) -> dict[str, list[str]]:
    """The metrics that cannot be computed, by why."""
    found: dict[str, list[str]] = {}
    for name, reason in impossible.items():
        found.setdefault(reason, []).append(name)
    return found
