"""What the paired tests of a comparison say, in plain words and as a table."""

from collections.abc import Sequence

from equipoise.common.counted import counted
from equipoise.reports.summary import DASH, Cell, Table, shown, title
from equipoise.studies.contrasts import Contrast
from equipoise.studies.paired import LEVEL, Paired, student_quantile

RULE = (
    "Runs with the same seed are paired, and a two-sided paired t-test asks whether their differences have mean 0. "
    f"The p-value is corrected for the number of pairs of rows (Holm); below {LEVEL:g}, the rows differ. The t-test "
    "assumes that the differences are roughly normal, which a few seeds cannot show. The exact sign-flip test beside "
    "it assumes only that either sign of a difference is as likely, but with n seeds its p-value cannot be below "
    "2 / 2^n, which is 0.0625 for 5 seeds. Where all differences are equal, it decides instead. Runs that diverged or "
    "failed have no score and are left out, which flatters their row: look at the counts too."
)
"""How rows are tested; shown on the page of a comparison."""
_FEW = 3


def sentence(contrast: Contrast, metric: str) -> str:
    """The conclusion about two rows in one or two sentences."""
    better, worse, found = contrast.better, contrast.worse, contrast.found
    place = f" ({contrast.block})" if contrast.block else ""
    lost = f" {_seeds(contrast.lost)} left out, without a score." if contrast.lost else ""
    lost += f" {_seeds(contrast.unlike)} left out, measured in different ways." if contrast.unlike else ""
    if found is None:
        score = "a score that was measured alike" if contrast.unlike else "a score"
        return f"{better} and {worse}{place} share no seed with {score}, so nothing can be said.{lost}"
    if found.count == 1:
        return (
            f"One seed cannot tell {better} and {worse}{place} apart: {title(metric)} differs by "
            f"{shown(abs(found.mean))}, and another seed may reverse it. Train 5 seeds or more.{lost}"
        )
    if contrast.is_decided:
        what = "better" if contrast.ranked else "higher"
        return (
            f"{better} is {what} than {worse}{place}: {title(metric)} differs by {_difference(found)}; "
            f"{_p_value(contrast)}.{_caution(found)}{lost}"
        )
    if found.mean == 0 and found.low == found.high:
        return f"{better} and {worse}{place} have the same {title(metric)} for each of {_seeds(found.count)}.{lost}"
    return (
        f"{_seeds(found.count)} cannot tell {better} and {worse}{place} apart: {title(metric)} differs by "
        f"{_difference(found)}; {_p_value(contrast)}. That does not show that they are equal.{_weakness(found)}{lost}"
    )


def contrast_table(contrasts: Sequence[Contrast], metric: str) -> Table:
    """A row per pair: difference, interval, p-values."""
    columns = ("first", "second", "first minus second", "95 % interval", "p", "p, corrected", "p, sign-flip", "seeds")
    caption = f"Differences of {title(metric)} between runs of the same seed; paired t-test"
    return Table(caption, columns, tuple(_row(each) for each in contrasts))


def _row(contrast: Contrast) -> tuple[Cell, ...]:
    place = f", {contrast.block}" if contrast.block else ""
    names = (Cell(contrast.better + place, contrast.better), Cell(contrast.worse, contrast.worse))
    found = contrast.found
    if found is None:
        return (*names, *(Cell(DASH) for _ in range(5)), Cell("0", 0))
    single = found.count == 1
    return (
        *names,
        Cell(shown(found.mean), found.mean),
        Cell(DASH if single else _interval(found), found.low),
        _p_cell(found.t_test),
        Cell(DASH) if single else _p_cell(contrast.corrected),
        Cell(DASH) if single else _p_cell(found.sign_flip),
        Cell(str(found.count), found.count),
    )


def _p_cell(value: float | None) -> Cell:
    return Cell(DASH) if value is None else Cell(_small(value), value)


def _difference(found: Paired) -> str:
    every = "for each of" if found.low == found.high else "on average over"
    interval = "" if found.low == found.high else f" (95 % interval {_interval(found, signed=False)})"
    return f"{shown(abs(found.mean))} {every} {_seeds(found.count)}{interval}"


def _interval(found: Paired, signed: bool = True) -> str:
    """From low to high; of the difference as a positive number where it is not signed."""
    assert found.low is not None
    assert found.high is not None
    ends = (found.low, found.high) if signed or found.mean >= 0 else (-found.high, -found.low)
    return f"{shown(ends[0])} to {shown(ends[1])}"


def _p_value(contrast: Contrast) -> str:
    assert contrast.found is not None
    test = "exact sign-flip test" if contrast.found.t_test is None else "paired t-test"
    corrected = f", corrected for {contrast.pairs} pairs" if contrast.pairs > 1 else ""
    small = _small(contrast.corrected)
    return f"p {small if small.startswith('<') else f'= {small}'} ({test}{corrected})"


def _small(value: float) -> str:
    """With as many digits, from three on, as show on which side of the level it lies."""
    if value < 1e-3:
        return "< 0.001"
    digits = 3
    while (float(f"{value:.{digits}f}") < LEVEL) != (value < LEVEL):
        digits += 1
    return f"{value:.{digits}f}"


def _caution(found: Paired) -> str:
    """With few seeds the sign-flip test cannot confirm what the t-test says."""
    if found.t_test is None or found.sign_flip is None or found.sign_flip < LEVEL:
        return ""
    least = 2.0 ** (1 - found.count)
    if least >= LEVEL:
        return f" This takes the differences to be roughly normal, which {_seeds(found.count)} cannot show."
    return f" The exact sign-flip test does not confirm it (p = {found.sign_flip:.3f}): train more seeds."


def _weakness(found: Paired) -> str:
    """What so few seeds could not have seen."""
    if found.t_test is None:
        return f" The exact sign-flip test cannot give less than p = {2.0 ** (1 - found.count):.3f} with so few seeds."
    if found.count <= _FEW:
        times = student_quantile(1 - LEVEL / 2, found.count - 1) / found.count**0.5
        return (
            f" With so few seeds only a difference of more than {times:.1f} times the spread between seeds would count."
        )
    return ""


def _seeds(count: int) -> str:
    return counted(count, "seed")
