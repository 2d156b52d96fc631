"""Jobs of a cluster, by submitit's executor for one machine."""

import os
import sys
from pathlib import Path

import pytest

from equipoise.common.errors import EquipoiseError
from equipoise.studies.slurm import run_jobs_on_slurm

LOCAL = {"cluster": "local", "timeout_min": "2"}


def length_of(text: str) -> tuple[int, int]:
    return len(text), os.getpid()


def fail(text: str) -> None:
    raise ValueError(f"{text} is no good")


def test_jobs_are_carried_out_elsewhere_and_come_back_in_order(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    told: list[tuple[int, int]] = []
    words = ["a", "bcd", "ef"]
    found = run_jobs_on_slurm(length_of, words, tmp_path, LOCAL, lambda done, total: told.append((done, total)))
    assert [length for length, _ in found] == [1, 3, 2]
    assert os.getpid() not in {process for _, process in found}
    assert told[-1] == (3, 3)


def test_a_job_that_fails_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    with pytest.raises(EquipoiseError, match=r"failed: ValueError: this is no good\.") as caught:
        run_jobs_on_slurm(fail, ["this"], tmp_path, LOCAL)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("options", [{}, {"cluster": "nowhere"}, {"cluster": "local", "wishes": "3"}])
def test_what_cannot_be_submitted_is_one_sentence(options: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    with pytest.raises(EquipoiseError, match="cannot submit to Slurm") as caught:
        run_jobs_on_slurm(length_of, ["a"], tmp_path, options)
    assert "\n" not in str(caught.value)


def test_submitit_is_asked_for_in_one_sentence_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(EquipoiseError, match=r"pip install 'equipoise\[slurm\]'"):
        run_jobs_on_slurm(length_of, ["a"], tmp_path, LOCAL)
