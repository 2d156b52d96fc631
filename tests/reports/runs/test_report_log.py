import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.runs.curves import Curve, curve, last_stage, mean_curve, thinned
from equipoise.runs.run_log import Log, Record, means_per_epoch, number, read_log


def line(iteration: int, kind: str = "iteration", stage: str = "adversarial", epoch: int = 0, **values: object) -> str:
    return json.dumps({"kind": kind, "iteration": iteration, "stage": stage, "epoch": epoch, "values": values})


def test_reads_both_kinds_in_order(make_run: Callable[..., Path]) -> None:
    log = read_log(make_run() / "metrics.jsonl")
    assert [r.iteration for r in log.iterations] == list(range(1, 211))
    assert [r.iteration for r in log.epochs] == list(range(14, 211, 14))
    assert log.stages == ("pretrain", "calibrate", "adversarial")
    assert log.damaged_lines == 0
    assert log.last_iteration == 210


def test_a_missing_file_is_an_empty_log(tmp_path: Path) -> None:
    assert read_log(tmp_path / "metrics.jsonl") == Log()


def test_a_half_written_last_line_is_ignored_at_every_cut(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    first, second = line(1, real_energy=2.0) + "\n", line(2, real_energy=3.0)
    for cut in range(len(second)):
        path.write_text(first + second[:cut])
        log = read_log(path)
        assert [r.iteration for r in log.iterations] == [1]
        assert log.damaged_lines == 0
    path.write_text(first + second)
    assert [r.iteration for r in read_log(path).iterations] == [1, 2]


def test_damaged_lines_in_the_middle_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    damaged = [b"{", b"[]", b"\xff\xfe\x00", b'"text"', b'{"kind":"iteration"}', b"[" * 100_000, line(-1).encode()]
    damaged += [line(3, kind="other").encode(), b'{"kind":"iteration","iteration":true,"values":{}}', b"\x00" * 64]
    path.write_bytes(b"\n".join([line(1, a=1).encode(), *damaged, b"", line(2, a=2).encode()]) + b"\n")
    log = read_log(path)
    assert [r.iteration for r in log.iterations] == [1, 2]
    assert log.damaged_lines == len(damaged)


def test_scores_taken_during_the_training_are_read_with_their_passports(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    passport = {"fid": {"metric": "fid", "generated_count": 5}}
    taken = json.loads(line(1, kind="score", fid=3.5)) | {"passports": passport}
    path.write_text("\n".join([line(1, a=1), json.dumps(taken), line(2, kind="score", fid=2.5)]) + "\n")
    log = read_log(path)
    assert log.damaged_lines == 0
    assert curve(log.scores, "fid").values.tolist() == [3.5, 2.5]
    assert [dict(record.passports) for record in log.scores] == [passport, {}]
    assert log.last_iteration == 1


def test_the_later_of_two_lines_about_one_iteration_counts(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("\n".join([line(1, a=1), line(2, a=2), line(3, a=3), line(2, a=20), line(3, a=30)]) + "\n")
    assert curve(read_log(path).iterations, "a").values.tolist() == [1, 20, 30]


def test_numbers_that_are_not_finite_survive(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(
        '{"kind":"iteration","iteration":1,"values":{"a":NaN,"b":-Infinity,"c":null,"d":"nan","e":[1],"f":true}}\n'
    )
    values = read_log(path).iterations[0].values
    assert set(values) == {"a", "b", "c", "d"}
    assert math.isnan(values["a"])
    assert values["b"] == -math.inf


@pytest.mark.parametrize(
    ("raw", "expected"), [(1, 1.0), ("2.5", 2.5), ("x", None), (True, None), ([], None), (10**400, None)]
)
def test_number(raw: object, expected: float | None) -> None:
    assert number(raw) == expected


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.nan) | st.just(math.inf), max_size=300), st.integers(1, 50))
def test_thinned_matches_a_plain_loop(values: list[float], windows: int) -> None:
    whole = Curve(np.arange(len(values), dtype=np.float64), np.array(values, dtype=np.float64))
    band = thinned(whole, windows)
    assert len(band.mean) == min(windows, len(values))
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        assert np.isnan(band.mean).all()
        return
    assert np.nanmin(band.low) == min(finite)
    assert np.nanmax(band.high) == max(finite)
    start = 0
    for index in range(len(band.mean)):
        size = len(values) // windows + (index < len(values) % windows)
        window = [value for value in values[start : start + size] if math.isfinite(value)]
        expected = sum(window) / len(window) if window else math.nan
        assert band.mean[index] == pytest.approx(expected, rel=1e-9, abs=1e-6, nan_ok=True)
        start += size


def test_mean_curve_is_over_the_finite_values_of_each_position() -> None:
    one = Curve(np.array([1.0, 2.0, 3.0]), np.array([1.0, np.nan, 3.0]))
    two = Curve(np.array([1.0, 2.0]), np.array([3.0, np.inf]))
    mean = mean_curve([one, two])
    assert mean.positions.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(mean.values, [2.0, np.nan, 3.0])


def test_epochs_are_made_from_iterations_where_none_are_logged() -> None:
    records = [Record("iteration", i, "adversarial", (i - 1) // 2, {"a": float(i)}) for i in range(1, 5)]
    made = means_per_epoch(records)
    assert [(r.iteration, r.epoch, r.values["a"]) for r in made] == [(2, 0, 1.5), (4, 1, 3.5)]
    assert last_stage(Log(iterations=tuple(records))) == made


def test_the_adversarial_stage_is_the_one_compared(make_run: Callable[..., Path]) -> None:
    records = last_stage(read_log(make_run() / "metrics.jsonl"))
    assert [r.epoch for r in records] == list(range(12))
    assert {r.stage for r in records} == {"adversarial"}


def test_scores_variety_and_events_are_part_of_the_log(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    place = {"iteration": 5, "stage": "adversarial", "epoch": 0}
    rows = [
        {"kind": "score"} | place | {"values": {"fid": 3.0}},
        {"kind": "variety"} | place | {"values": {"reach": 0.5}},
        {"kind": "alarm"} | place | {"values": {}, "told": "collapse: <b>all the same</b> (iteration 5)."},
        {"kind": "rollback", "iteration": 4, "quantity": "the gradient of generator"}
        | {"values": {"diverged_in_iteration": 5, "learning_rate_factor": 0.5}},
        {"kind": "something else"} | place | {"values": {}},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    log = read_log(path)
    assert [record.values for record in log.scores] == [{"fid": 3.0}]
    assert [record.values for record in log.variety] == [{"reach": 0.5}]
    assert log.told == (
        "Rollback: the gradient of generator was not finite in iteration 5; continued from iteration 4 with 0.5 of the "
        "learning rates.",
        "Collapse: <b>all the same</b> (iteration 5).",
    )
    assert not log.collapsed, "what the words say does not count"
    assert log.damaged_lines == 1
