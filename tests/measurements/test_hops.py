"""How many files stand between a cause and its effect: a reader of the code passes no more than these."""

from pathlib import Path

from measurements.hops import batch, setting, words


def test_a_setting_passes_few_files() -> None:
    passed = setting()
    assert {"experiments/config.py", "algorithms/ebgan.py"} <= set(passed)
    assert len(passed) <= 8, passed


def test_the_words_of_an_experiment_pass_few_files() -> None:
    passed = words()
    assert {"cli/experiment.py", "recipes/digits.py"} <= set(passed)
    assert len(passed) <= 15, passed


def test_a_batch_passes_few_files(tmp_path: Path) -> None:
    passed = batch(tmp_path)
    assert {"data/store.py", "training/log.py"} <= set(passed)
    assert len(passed) < 25, passed
