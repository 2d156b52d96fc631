"""The verdict on a row: was the published value reproduced? One rule for all studies, stated on every page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

REPRODUCED = "reproduced"
"""The published number was reproduced."""
ORDERING = "ordering reproduced"
"""The published order was reproduced."""
UNDECIDED = "undecided"
"""Some difference is smaller than its error."""
NOT_REPRODUCED = "not reproduced"
"""The published number or order was not reproduced."""
NOT_COMPARABLE = "not comparable"
"""There is nothing to compare."""
_HOLDS = "holds"
_FAILS = "does not hold"

_SMOKE_MEANS_NOTHING = "smoke run: not meaningful"
_CLOSE_SHARE = 0.05
RULE = (
    "The verdict is based on the first measure for which the paper has numbers or claims. If the paper counts diverged "
    "runs or makes claims about them, the share of diverged runs is compared too, by order only. Reproduced: at the "
    "paper's budget and measured as in the paper, our mean is within 5 % of the published number or within two "
    "combined standard deviations; or every run diverges in both. Ordering reproduced: compared with every other row "
    "of the same block, and in every claim of the paper about it, ours is on the published side. Undecided: no order "
    "contradicts the paper, but some difference is smaller than its standard error over seeds. Not reproduced: some "
    "order is reversed; or every run diverged where the paper has a number; or there is no order and the number "
    "differs. Not comparable: nothing was published, nothing was measured, there is nothing to compare with, or the "
    "budget is smoke. With one seed, the spread that the score itself reports, over splits, is used in place of the "
    "standard error; if it reports none, the order is weak evidence."
)
"""How verdicts are decided; shown on every page."""


SENTENCE_RULE = (
    "A claim holds if our mean is on the side that it names by more than its standard error over seeds, and is "
    "undecided within that error. If it names a number, ours must be as close as for a published score; this can only "
    "be judged at the paper's budget."
)
"""How claims are judged; shown on every page."""


@dataclass(frozen=True)
class Figure:
    """Ours or the published: mean and standard deviation over `count` seeds; no mean where every run diverged.

    Of a single run `spread` is what its metric reports, over splits, or None.
    """

    mean: float | None
    deviation: float | None = None
    count: int = 1
    spread: float | None = None

    @classmethod
    def share(cls, some: int, of: int) -> "Figure":
        """The share of runs to which something happened; its deviation is that of a single run."""
        return cls(some / of, math.sqrt(some * (of - some)) / of, of)


@dataclass(frozen=True)
class Candidate:
    """A row as the rule sees it.

    Attributes:
        label: its name within the block.
        ours: what the runs found, or None if there is nothing to judge by.
        published: what the paper prints, or None.
        diverged: the share of our runs that diverged, or None if there are none.
        published_diverged: the share that the paper counts, or None.
    """

    label: str
    ours: Figure | None
    published: Figure | None
    diverged: Figure | None = None
    published_diverged: Figure | None = None


@dataclass(frozen=True)
class Verdict:
    """The verdict in one word, and the reason in a few words."""

    word: str
    reason: str


@dataclass(frozen=True)
class Claim:
    """One row is better than another, says the paper; or fewer of its runs diverge."""

    better: str
    worse: str
    by_divergence: bool = False


def judge(
    row: Candidate, block: Sequence[Candidate], claims: Sequence[Claim], lower: bool, same: bool, budget: str
) -> Verdict:
    """The verdict on a row.

    Args:
        row: the row.
        block: every row that it is compared with, itself among them or not.
        claims: of the paper, those of other rows included.
        lower: whether a smaller figure is the better one.
        same: whether ours was measured as the published one was.
        budget: of ours.
    """
    mine = [claim for claim in claims if row.label in (claim.better, claim.worse)]
    published = row.published is not None or row.published_diverged is not None or bool(mine)
    if budget == "smoke" or not published or (row.ours is None and not _judged_by_divergence(row, mine)):
        return Verdict(NOT_COMPARABLE, _why_not(published, budget))
    if _all_diverged(row.ours, row.diverged) and _all_diverged(row.published, row.published_diverged):
        return Verdict(REPRODUCED, "every run diverges, as published")
    if _all_diverged(row.ours, row.diverged) and row.published is not None:
        return Verdict(NOT_REPRODUCED, "every run diverged")
    absolute = budget == "paper" and same and row.published is not None
    if absolute and row.ours is not None and row.published is not None and _is_close(row.ours, row.published):
        return Verdict(REPRODUCED, "the figure itself")
    return _by_order(row, block, mine, lower) or _without_order(absolute)


def _judged_by_divergence(row: Candidate, claims: Sequence[Claim]) -> bool:
    counted = row.published_diverged is not None or any(claim.by_divergence for claim in claims)
    return counted and row.diverged is not None


def judge_sentence(ours: Figure | None, relation: str, bound: Figure | None, budget: str) -> Verdict:
    """The verdict on a sentence of the paper.

    Args:
        ours: the figure that it speaks of, or None if nothing was measured.
        relation: "above" or "below" the bound, or "about" it.
        bound: what it is held against, a number or another row's figure.
        budget: of ours.
    """
    if budget == "smoke":
        return Verdict(NOT_COMPARABLE, _SMOKE_MEANS_NOTHING)
    if ours is None or bound is None or ours.mean is None or bound.mean is None:
        return Verdict(NOT_COMPARABLE, "nothing was measured")
    if relation == "about":
        return _about(ours, bound, budget)
    side = _order(ours, bound, relation == "below")
    return Verdict({1: _HOLDS, 0: UNDECIDED, -1: _FAILS}[side], "with one seed" if ours.count == 1 else "")


def _about(ours: Figure, bound: Figure, budget: str) -> Verdict:
    if budget != "paper":
        return Verdict(NOT_COMPARABLE, "a number can only be expected at the paper's budget")
    return Verdict(_HOLDS if _is_close(ours, bound) else _FAILS, "")


def _why_not(published: bool, budget: str) -> str:
    if budget == "smoke":
        return _SMOKE_MEANS_NOTHING
    return "nothing was measured" if published else "nothing was published"


def _all_diverged(figure: Figure | None, share: Figure | None) -> bool:
    return (figure is not None and figure.mean is None) or (share is not None and share.mean == 1)


def _is_close(ours: Figure, published: Figure) -> bool:
    if ours.mean is None or published.mean is None:
        return False
    gap = abs(ours.mean - published.mean)
    spread = math.hypot(ours.deviation or 0.0, published.deviation or 0.0)
    return gap <= _CLOSE_SHARE * abs(published.mean) or gap <= 2 * spread


def _without_order(absolute: bool) -> Verdict:
    if absolute:
        return Verdict(NOT_REPRODUCED, "another figure, and no other row to compare with")
    return Verdict(NOT_COMPARABLE, "no other row to compare with")


def _by_order(row: Candidate, block: Sequence[Candidate], claims: Sequence[Claim], lower: bool) -> Verdict | None:
    others = [other for other in block if other.label != row.label]
    signs = [
        *_published_signs(row.ours, row.published, [(each.ours, each.published) for each in others], lower),
        *_published_signs(
            row.diverged, row.published_diverged, [(each.diverged, each.published_diverged) for each in others], True
        ),
        *_claimed_signs(block, claims, lower),
    ]
    if not signs:
        return None
    agree, undecided = sum(sign > 0 for sign in signs), sum(sign == 0 for sign in signs)
    reason = f"{agree} of {len(signs)} orders as published"
    if agree + undecided < len(signs):
        return Verdict(NOT_REPRODUCED, reason)
    return Verdict(UNDECIDED if undecided else ORDERING, reason)


def _published_signs(
    ours: Figure | None,
    published: Figure | None,
    others: Sequence[tuple[Figure | None, Figure | None]],
    lower: bool,
) -> list[int]:
    """1 for each order as published, -1 for the other way round, 0 for a difference within its standard error."""
    if ours is None or published is None:
        return []
    pairs = [
        (_order(published, theirs, lower), _order(ours, mine, lower)) for mine, theirs in others if mine and theirs
    ]
    return [sign * found for sign, found in pairs if sign]


def _claimed_signs(block: Sequence[Candidate], claims: Sequence[Claim], lower: bool) -> list[int]:
    signs = []
    for claim in claims:
        found = {each.label: each.diverged if claim.by_divergence else each.ours for each in block}
        better, worse = found.get(claim.better), found.get(claim.worse)
        if better and worse:
            signs.append(_order(better, worse, lower or claim.by_divergence))
    return signs


def _order(a: Figure, b: Figure, lower: bool) -> int:
    """1 if a is the better one, -1 if b is, 0 for neither; a figure beats rows of which every run diverged."""
    if a.mean is None or b.mean is None:
        return (a.mean is not None) - (b.mean is not None)
    gap = (b.mean - a.mean) if lower else (a.mean - b.mean)
    error = math.hypot(*(_error(figure) for figure in (a, b)))
    return 0 if abs(gap) <= error else (1 if gap > 0 else -1)


def _error(figure: Figure) -> float:
    """The standard error of the mean; of a single run the spread that its metric reports, if it does."""
    if figure.count == 1:
        return figure.spread or 0.0
    return figure.deviation / math.sqrt(figure.count) if figure.deviation is not None else 0.0
