"""A row is measured in turns, alone or beside a busy process, and its file says where and beside what."""

import json
import multiprocessing
from pathlib import Path

import pytest
import torch

from measurements.benchmarks.measure import Case, compare
from measurements.benchmarks.page_rows import in_each, missed, spread
from measurements.benchmarks.settings import SETTINGS, Record, beside, file_of
from measurements.benchmarks.timers import Way


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_second_process_runs_within_only(setting: str) -> None:
    before = set(multiprocessing.active_children())
    with beside(setting):
        assert len(set(multiprocessing.active_children()) - before) == (setting == "busy")
    assert set(multiprocessing.active_children()) <= before


def test_ways_take_turns_after_a_warm_up() -> None:
    called: list[str] = []
    ways: dict[str, Way] = {"first": lambda: called.append("first"), "second": lambda: called.append("second")}
    row = compare(Case("row", "the first", {"second": 1.0}, lambda: ways, "nothing", rounds=2, calls=2))
    assert called == ["first", "second", *2 * ["first", "first", "second", "second"]]
    ratio = row["ways"]["second"]["ratio"]
    assert ratio["least"] <= ratio["median"] <= ratio["most"]
    assert len(row["load"]) == 2


def test_a_file_keeps_what_was_measured_before(tmp_path: Path) -> None:
    path = tmp_path / "idle.json"
    first = Record("idle", path)
    first.rows["a"] = {"name": "a"}
    first.save(stacks={"b": 1})
    second = Record("idle", path)
    second.save(minutes=2.0)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert (found["rows"], found["stacks"], found["minutes"]) == ({"a": {"name": "a"}}, {"b": 1}, 2.0)
    assert found["passport"]["beside"] == SETTINGS["idle"]
    assert len(found["passport"]["load_before"]) == len(found["passport"]["load_after"]) == 3


def test_figures_of_two_processors_are_never_mixed() -> None:
    own = torch.backends.cpu.get_cpu_capability().lower()
    assert Record("idle").path == file_of("idle") == file_of("idle", own)
    assert file_of("idle", "avx512") != file_of("idle", "avx2")


def test_the_page_shows_each_setting_and_misses_of_either() -> None:
    ratios = {"idle": {"median": 2.0, "least": 1.9, "most": 2.5}, "busy": {"median": 1.1, "least": 0.9, "most": 1.2}}
    assert in_each(ratios, spread) == ["2.00 (1.90 to 2.50)", "1.10 (0.90 to 1.20)"]
    assert in_each({"busy": ratios["busy"]}, spread) == ["–", "1.10 (0.90 to 1.20)"]
    row = {"name": "row", "first": "plain", "target": {"ours": 1.5}, "also": {}}
    settings = {name: {"rows": {"row": row | {"ways": {"ours": {"ratio": each}}}}} for name, each in ratios.items()}
    assert list(missed(settings)) == ["row | plain | busy | 1.10 (0.90 to 1.20) | 1.50"]
