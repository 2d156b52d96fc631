"""The first thing that a run's page says: whether it works, and what to change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from equipoise.monitor.alarm import Alarm
from equipoise.monitor.words import alarm, passed
from equipoise.reports.measurements import score_figures
from equipoise.reports.verdict import picture_size, times, verdict
from equipoise.runs.record import RunRecord
from equipoise.runs.run_log import Log, Record


def at(iteration: int, kind: str = "iteration", **values: float) -> Record:
    return Record(kind, iteration, "adversarial", 0, values)


def run(log: Log, path: Path = Path("run")) -> RunRecord:
    return RunRecord(path, "", {}, {}, log, ())


PLAIN = Log(iterations=(at(1, loss=1.0), at(200, loss=0.9)))


def told(*alarms: Alarm) -> tuple[Record, ...]:
    at = ("alarm", 100, "adversarial", 0, {})
    return tuple(Record(*at, each.words(with_settings=True), trouble=each.name, passed=each.passed) for each in alarms)


def test_a_run_without_trouble_is_well_and_the_next_step_is_named() -> None:
    found = verdict(run(PLAIN))
    assert found.answer == "No trouble was seen."
    assert found.is_well
    assert "resume --time" in found.change


def test_samples_of_little_variety_are_not_there_yet() -> None:
    found = verdict(run(replace(PLAIN, variety=(at(200, "variety", reach=0.2),))))
    assert found.answer == "It isn't there yet, but no trouble was seen."
    assert "they cover 20% as much of the data" in found.why


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("collapse", "It does not work yet: the samples are too much alike."),
        ("discriminator wins", "It may not work: the discriminator is too strong."),
        ("oscillation", "It may not work: the two networks chase each other."),
    ],
)
def test_a_trouble_that_lasts_is_the_answer_with_what_to_change(name: str, answer: str) -> None:
    trouble = alarm(name, "seen so and so", 100)
    found = verdict(run(replace(PLAIN, events=told(trouble))))
    assert (found.answer, found.is_well) == (answer, False)
    assert "seen so and so (iteration 100)" in found.why
    assert found.change.startswith("Change first: ")
    assert trouble.advice[0].text in found.change


def test_a_trouble_that_passed_is_no_answer() -> None:
    sentences = told(alarm("collapse", "x", 100), passed("collapse", "y", 150))
    assert verdict(run(replace(PLAIN, events=sentences))).is_well
    again = told(alarm("collapse", "x", 100), passed("collapse", "y", 150), alarm("collapse", "z", 180))
    assert not verdict(run(replace(PLAIN, events=again))).is_well


def test_a_rollback_alone_is_no_trouble() -> None:
    values = {"diverged_in_iteration": 3.0, "learning_rate_factor": 0.5}
    rollback = Record("rollback", 2, "adversarial", 0, values, "loss")
    assert verdict(run(replace(PLAIN, events=(rollback,)))).is_well


def test_losses_that_are_not_finite_come_first() -> None:
    found = verdict(run(Log(iterations=(at(3, loss=float("nan")),), events=told(alarm("collapse", "x", 1)))))
    assert found.answer == "It broke off: the losses are no longer finite."
    assert "lower the learning rates" in found.change


@pytest.mark.parametrize(
    ("values", "says", "next_"),
    [
        ((9.0, 5.0, 4.0), "went from 9.00 to 4.00, its best", "go on with resume"),
        ((9.0, 4.0, 8.0), "was best, 4.00, at iteration 200, and is 8.00 now", "lower the learning rates"),
    ],
)
def test_the_course_of_a_score_is_told(values: tuple[float, ...], says: str, next_: str) -> None:
    scores = tuple(Record("score", 100 * (n + 1), "", 0, {"fid": value}) for n, value in enumerate(values))
    found = verdict(run(replace(PLAIN, scores=scores)))
    assert says in found.why
    assert next_ in found.change


def test_a_run_that_has_logged_nothing_has_only_begun() -> None:
    assert verdict(run(Log())).answer == "It has only begun."


def test_time_spent_and_left_follow_from_the_sessions() -> None:
    first = {"started": "x", "seconds": 40.0, "from_iteration": 0, "to_iteration": 400}
    last = {"started": "x", "seconds": 60.0, "from_iteration": 100, "to_iteration": 400}
    record = replace(run(PLAIN), environment={"sessions": [first, last]})
    assert times(record) == {"time spent": "1 minute 40 seconds", "time left": "about 2 minutes"}


def test_of_a_run_that_goes_on_the_logs_last_line_counts(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text("")
    started = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    record = replace(run(PLAIN, tmp_path), environment={"sessions": [{"started": started}]})
    assert times(record) == {"time spent": "2 hours 0 minutes".replace(" 0 minutes", "")}


@pytest.mark.parametrize("sessions", [None, [], [{}], [{"started": 3}], "x", [{"seconds": True}]])
def test_an_environment_that_does_not_say_gives_no_times(sessions: object) -> None:
    assert times(replace(run(PLAIN), environment={"sessions": sessions})) == {}


def test_a_configuration_that_cannot_be_read_has_no_size() -> None:
    assert picture_size(run(PLAIN)) == ""


def scored(**passport: float) -> Log:
    neighbours = Record("score", 10, "adversarial", 0, {"lite0-neighbours": 0.3}, "", {"lite0-neighbours": passport})
    return Log(iterations=(at(10, loss=1.0),), scores=(neighbours,))


def test_samples_that_are_copies_are_the_answer() -> None:
    found = verdict(run(scored(share_nearer=0.9)))
    assert found.answer == "It copies: samples are too close to training pictures."
    assert "90% of the samples are nearer to a training picture than 95 of 100 held-out pictures" in found.why
    assert found.change.startswith("Change first: train on more data, or augment them; or ")
    few = verdict(run(scored(share_nearer=0.3)))
    assert few.is_well
    assert "Some samples are close to training pictures: 30%" in few.why
    assert "The samples are no copies of training pictures: 6%" in verdict(run(scored(share_nearer=0.06))).why
    assert "copies" not in verdict(run(scored())).why


def test_the_value_of_real_pictures_stands_beside_a_score() -> None:
    told = {"lite0-kernel": {"real_against_real": 0.02}}
    scores = tuple(
        Record("score", place, "adversarial", 0, {"lite0-kernel": value}, "", told)
        for place, value in ((10, 5.1), (20, 0.6))
    )
    log = Log(iterations=(at(20, loss=1.0),), scores=scores)
    why = verdict(run(log)).why
    assert (
        "The lite0 kernel went from 5.10 to 0.600, its best. Real pictures against other real ones get 0.0200." in why
    )
    (figure,) = score_figures(run(log))
    assert "dashed: real against real, 0.0200" in figure.title
