"""The rule of the verdicts, case by case."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.studies.verdict import (
    NOT_COMPARABLE,
    NOT_REPRODUCED,
    ORDERING,
    REPRODUCED,
    UNDECIDED,
    Candidate,
    Claim,
    Figure,
    judge,
    judge_sentence,
)

FIRST, SECOND = Figure(7.5, 0.03), Figure(7.1, 0.04)


def word(mine: Figure | None, other: Figure | None, **options: object) -> str:
    """The verdict on a row that was published as better than another, higher being better."""
    a, b = Candidate("a", mine, FIRST), Candidate("b", other, SECOND)
    settings = {"claims": [], "lower": False, "same": False, "budget": "cpu"} | options
    return judge(a, [a, b], **settings).word  # type: ignore[arg-type]


def test_the_order_decides_below_the_papers_budget() -> None:
    assert word(Figure(9.0), Figure(8.0)) == ORDERING
    assert word(Figure(8.0), Figure(9.0)) == NOT_REPRODUCED
    assert word(Figure(7.5), Figure(7.1)) == ORDERING
    a, b = Candidate("a", Figure(8.0), Figure(20.0)), Candidate("b", Figure(9.0), Figure(30.0))
    assert judge(a, [a, b], [], lower=True, same=False, budget="cpu").word == ORDERING


def test_with_one_seed_a_difference_within_the_scores_own_spread_decides_nothing() -> None:
    near, far = Figure(5.95, spread=0.08), Figure(5.92, spread=0.11)
    assert word(near, far) == word(far, near) == UNDECIDED
    assert word(Figure(6.3, spread=0.08), far) == ORDERING
    assert judge_sentence(near, "above", far, "cpu").word == UNDECIDED


def test_a_difference_within_its_standard_error_decides_nothing() -> None:
    assert word(Figure(9.0, 2.0, 4), Figure(8.9, 2.0, 4)) == UNDECIDED
    assert word(Figure(9.0, 0.01, 4), Figure(8.9, 0.01, 4)) == ORDERING
    assert word(Figure(8.9, 0.01, 4), Figure(9.0, 0.01, 4)) == NOT_REPRODUCED


def test_the_figure_itself_counts_at_the_papers_budget_if_measured_alike() -> None:
    assert word(Figure(7.3), Figure(9.0), same=True, budget="paper") == REPRODUCED
    assert word(Figure(7.3), Figure(9.0), same=False, budget="paper") == NOT_REPRODUCED
    assert word(Figure(7.3), Figure(9.0), same=True, budget="cpu") == NOT_REPRODUCED
    assert word(Figure(6.0, 1.0, 3), Figure(9.0), same=True, budget="paper") == REPRODUCED
    assert word(Figure(6.0, 0.1, 3), Figure(5.0), same=True, budget="paper") == ORDERING
    assert word(Figure(6.0, 0.1, 3), None, same=True, budget="paper") == NOT_REPRODUCED


def test_diverged_rows() -> None:
    assert word(Figure(None), Figure(8.0)) == NOT_REPRODUCED
    assert word(Figure(8.0), Figure(None)) == ORDERING
    row = Candidate("a", Figure(None), Figure(None))
    assert judge(row, [row], [], lower=True, same=True, budget="cpu").word == REPRODUCED


def test_claims_stand_in_for_figures() -> None:
    a, b, c = Candidate("a", Figure(3.0), None), Candidate("b", Figure(2.0), None), Candidate("c", Figure(9.0), None)
    claims = [Claim("a", "b")]
    for row, expected in ((a, ORDERING), (b, ORDERING), (c, NOT_COMPARABLE)):
        assert judge(row, [a, b, c], claims, lower=False, same=True, budget="paper").word == expected
    assert judge(a, [a, b], claims, lower=True, same=True, budget="paper").word == NOT_REPRODUCED


def test_nothing_to_compare() -> None:
    assert word(None, Figure(8.0)) == NOT_COMPARABLE
    assert word(Figure(9.0), None) == NOT_COMPARABLE
    assert word(Figure(9.0), Figure(8.0), budget="smoke") == NOT_COMPARABLE


@given(st.floats(0.1, 100), st.floats(0.1, 100), st.booleans())
def test_the_better_and_the_worse_row_are_judged_alike(first: float, second: float, lower: bool) -> None:
    a, b = Candidate("a", Figure(first), Figure(1.0)), Candidate("b", Figure(second), Figure(2.0))
    words = [judge(row, [a, b], [], lower=lower, same=False, budget="cpu").word for row in (a, b)]
    assert words[0] == words[1]
    expected = ORDERING if first < second else NOT_REPRODUCED
    assert words[0] == (UNDECIDED if first == second else expected)


@pytest.mark.parametrize("figure", [Figure(math.pi, 0.0, 5), Figure(1.0)])
def test_a_row_alone_is_compared_with_nothing(figure: Figure) -> None:
    row = Candidate("a", figure, Figure(10.0))
    assert judge(row, [row], [], lower=False, same=False, budget="paper").word == NOT_COMPARABLE


@pytest.mark.parametrize(
    ("ours", "relation", "bound", "budget", "word"),
    [
        (Figure(2.0), "above", Figure(1.0), "cpu", "holds"),
        (Figure(2.0), "below", Figure(1.0), "cpu", "does not hold"),
        (Figure(2.0, 3.0, 4), "above", Figure(1.0), "cpu", "undecided"),
        (Figure(-2.0, 1.0, 4), "below", Figure(0.0), "paper", "holds"),
        (Figure(2.0), "above", Figure(1.0), "smoke", "not comparable"),
        (Figure(1.1), "about", Figure(1.08), "cpu", "not comparable"),
        (Figure(1.1), "about", Figure(1.08), "paper", "holds"),
        (Figure(1.2), "about", Figure(1.08), "paper", "does not hold"),
        (Figure(1.2, 0.1, 3), "about", Figure(1.08), "paper", "holds"),
        (None, "above", Figure(1.08), "paper", "not comparable"),
        (Figure(None), "above", Figure(1.08), "paper", "not comparable"),
        (Figure(1.0), "above", None, "paper", "not comparable"),
    ],
)
def test_a_sentence_is_judged_by_its_side_or_its_number(
    ours: Figure | None, relation: str, bound: Figure | None, budget: str, word: str
) -> None:
    assert judge_sentence(ours, relation, bound, budget).word == word
