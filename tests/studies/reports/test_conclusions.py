"""What a comparison's tests say in words, and the table in the terminal."""

from typing import Any

import pytest

from equipoise.evaluation.passport import Passport
from equipoise.reports.conclusions import _small, contrast_table, sentence
from equipoise.reports.plain_text import as_text
from equipoise.reports.study_tables import as_csv, as_latex, as_markdown, study_table
from equipoise.studies.contrasts import Contrast, contrasts
from equipoise.studies.study import Measure, Row, Study
from equipoise.studies.summary import Summary, summarise

LOSS = {"a": [1.0, 2.0, 3.0, 4.0, 5.0], "b": [2.1, 3.0, 4.2, 5.1, 5.9], "c": [1.0, 2.5, 2.5, 4.0, 5.2]}


def run(seed: int, value: float | None, status: str = "finished", metric: str = "classifier-fid") -> dict[str, Any]:
    scores = {} if value is None else {metric: {"value": value, "deviation": None, "passport": {}}}
    entry = {"variant": "", "seed": seed, "status": status, "reason": "" if value is not None else "out of memory."}
    return entry | {"directory": f"runs/{seed}", "scores": scores, "unmeasured": {}}


def summary(values: dict[str, list[float | None]], metric: str = "classifier-fid", **more: Any) -> Summary:
    study = Study(
        name="mine",
        title="Mine",
        rows=tuple(Row(label, "gan-digits") for label in values),
        measures=(Measure(metric, f"{metric} ↓"),),
        **more,
    )
    rows = [
        {
            "label": label,
            "block": "",
            "runs": [run(n, v, "failed" if v is None else "finished", metric) for n, v in enumerate(found)],
        }
        for label, found in values.items()
    ]
    return summarise(study, {"study": "mine", "budget": "cpu", "inception": False, "rows": rows})


def words(found: Summary) -> list[str]:
    return [sentence(each, found.metrics[found.study.measures[0].metric]) for each in contrasts(found)]


def test_the_better_row_comes_first_and_every_two_are_tested() -> None:
    found = contrasts(summary(LOSS))
    assert [(each.better, each.worse) for each in found] == [("a", "c"), ("a", "b"), ("c", "b")]
    assert [each.is_decided for each in found] == [False, True, True]
    assert {each.pairs for each in found} == {3}
    assert found[1].corrected == pytest.approx(3 * found[1].found.t_test)


def test_where_more_is_better_the_larger_mean_comes_first() -> None:
    (found,) = contrasts(summary({"a": [1.0, 2.0], "b": [3.0, 5.0]}, "recall"))
    assert (found.better, found.worse, found.found.mean) == ("b", "a", 2.5)


def test_of_many_rows_the_best_stands_against_each_other_one() -> None:
    values = {name: [float(n), n + 1.0] for n, name in enumerate("fedcba")}
    found = contrasts(summary(values))
    assert [(each.better, each.worse, each.pairs) for each in found] == [("f", other, 15) for other in "edcba"]


def test_published_studies_have_no_conclusions() -> None:
    from equipoise.studies.study import Order

    assert contrasts(summary(LOSS, orders=(Order("classifier-fid", "a", "b"),))) == ()


def test_the_conclusions_in_words() -> None:
    apart, decided, _ = words(summary(LOSS))
    assert apart.startswith("5 seeds cannot tell a and c apart: classifier fid differs by 0.0400 on average")
    assert "That does not show that they are equal." in apart
    assert decided == (
        "a is better than b: classifier fid differs by 1.06 on average over 5 seeds (95 % interval 0.918 to 1.20); "
        "p < 0.001 (paired t-test, corrected for 3 pairs). This takes the differences to be roughly normal, which 5 "
        "seeds cannot show."
    )


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"a": [1.0], "b": [9.0]}, "One seed cannot tell a and b apart"),
        ({"a": [1.0, 2.0], "b": [9.0, None]}, "Train 5 seeds or more. 1 seed left out, without a score."),
        ({"a": [1.0, None], "b": [None, 2.0]}, "share no seed with a score, so nothing can be said. 2 seeds left out"),
        ({"a": [1.0, 2.0], "b": [1.5, 4.0]}, "only a difference of more than 9.0 times the spread between seeds"),
        ({"a": [1.0, 2.0], "b": [1.0, 2.0]}, "a and b have the same classifier fid for each of 2 seeds."),
        ({"a": [1.0] * 3, "b": [2.0] * 3}, "cannot give less than p = 0.250 with so few seeds"),
        ({"a": [1.0] * 6, "b": [2.0] * 6}, "by 1.00 for each of 6 seeds; p = 0.031 (exact sign-flip test)."),
        ({"a": [1, 2, 3, 4, 5, 6, 7], "b": [2, 3, 4.1, 5, 6.2, 7, 8]}, "p < 0.001 (paired t-test)."),
    ],
)
def test_what_few_seeds_can_and_cannot_tell(values: dict[str, list[float | None]], says: str) -> None:
    (found,) = words(summary(values))
    assert says in found


def test_a_t_test_that_the_sign_flip_test_does_not_confirm_says_so() -> None:
    found = contrasts(summary({"a": [0.0] * 6, "b": [2.0, 2.1, 1.9, 2.2, -0.9, 2.0]}))
    assert (found[0].found.t_test < 0.05, found[0].found.sign_flip) == (True, 0.0625)
    assert "The exact sign-flip test does not confirm it (p = 0.062)" in sentence(found[0], "classifier-fid")


def test_the_table_of_tests_shows_every_p_value() -> None:
    found = contrasts(summary(LOSS))
    table = contrast_table(found, "classifier-fid")
    texts = [[cell.text for cell in row] for row in table.rows]
    assert [len(row) for row in texts] == [len(table.columns)] * 3
    assert texts[1][:3] == ["a", "b", "−1.06"]
    assert texts[1][6] == "0.062"
    lost = contrast_table(contrasts(summary({"a": [1.0, None], "b": [None, 2.0]})), "classifier-fid")
    assert [cell.text for cell in lost.rows[0]][2:] == ["–"] * 5 + ["0"]


def test_failed_runs_have_a_column_and_a_note() -> None:
    table = study_table(summary({"a": [1.0, 2.0], "b": [9.0, None]}))
    assert table.columns == ("row", "classifier-fid ↓", "runs", "diverged", "failed")
    assert [row[-1].text for row in table.rows] == ["0", "1"]
    assert "Failed: b, seed 1: out of memory." in table.notes
    assert "failed" not in study_table(summary(LOSS)).columns
    assert r"$\downarrow$" in as_latex(table)
    assert "- One seed cannot tell" in as_markdown(table)
    assert as_csv(table).startswith("row,classifier-fid ↓,runs,diverged,failed\n")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_table_fits_the_terminal(width: int) -> None:
    table = study_table(summary({"a very long name of a row": [1.0, 2.0], "b": [9.0, None], "c" * 90: [2.0, 2.0]}))
    lines = as_text(table, width).splitlines()
    rows = [line for line in lines if line.startswith(("row", "a very", "b ", "cccc")) and "  " in line]
    assert all(len(line) <= max(width, 66) for line in lines)
    assert len({len(line) for line in rows[:4]}) == 1
    assert "|" not in "".join(lines)
    assert any(line.endswith("1.50 ± 0.71 (2 seeds)") or "1.50 ± 0.71 (2 seeds)  " in line for line in lines)


def test_control_characters_of_a_label_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in as_text(study_table(summary({"a\x1b[2J": [1.0, 2.0], "b": [9.0, 8.0]})))


def test_a_contrast_without_direction_says_higher() -> None:
    (found,) = contrasts(summary({"a": [1.0, 2.0, 1.5], "b": [10.0, 11.0, 10.4]}, "nearest-neighbours"))
    assert isinstance(found, Contrast)
    assert found.is_decided
    assert sentence(found, "nearest-neighbours").startswith("b is higher than a: nearest neighbours differs by 8.97")


def test_only_scores_that_were_measured_alike_are_paired() -> None:
    found = summary(LOSS)
    usual = passport_of_data("old")
    rows = {row.label: row for row in found.rows}
    for label, row in rows.items():
        for each in row.runs:
            newer = each["seed"] == 1 or (each["seed"], label) == (4, "a")
            each["scores"]["classifier-fid"]["passport"] = passport_of_data("new") if newer else usual
    tested = {(each.better, each.worse): each for each in contrasts(found)}
    assert {pair: (each.unlike, each.lost, each.found.count) for pair, each in tested.items()} == {
        ("a", "c"): (1, 0, 4),
        ("a", "b"): (1, 0, 4),
        ("c", "b"): (0, 0, 5),
    }
    assert tested["a", "b"].found.mean == pytest.approx(
        sum(a - b for a, b in list(zip(LOSS["a"], LOSS["b"], strict=True))[:4]) / 4
    )
    assert sentence(tested["a", "b"], "classifier-fid").endswith("1 seed left out, measured in different ways.")
    for each in rows["a"].runs:
        each["scores"]["classifier-fid"]["passport"] = passport_of_data("another")
    (_, none, _) = contrasts(found)
    assert (none.found, none.unlike, none.corrected) == (None, 5, 1.0)
    assert "share no seed with a score that was measured alike" in sentence(none, "classifier-fid")


def passport_of_data(content: str) -> dict[str, Any]:
    passport = Passport("fid", "digits", content, "train", 60, 60, "mlp", "0a", "none", 0, {}, "commit", "cpu")
    return passport.as_dict()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0009, "< 0.001"),
        (0.04, "0.040"),
        (0.04997, "0.04997"),
        (0.0496, "0.0496"),
        (0.05, "0.050"),
        (0.0504, "0.050"),
    ],
)
def test_a_p_value_is_shown_on_its_side_of_the_level(value: float, text: str) -> None:
    assert _small(value) == text
