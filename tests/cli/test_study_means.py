"""How a study is carried out, as the command line says it."""

from pathlib import Path

import pytest

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.studies import runner


@pytest.fixture
def means(monkeypatch: pytest.MonkeyPatch) -> list[runner.Means]:
    """What the command asks for; nothing is carried out."""
    asked: list[runner.Means] = []

    def run(name: str, out: Path, budget: str, seeds: int | None, chosen: runner.Means) -> None:
        asked.append(chosen)
        raise EquipoiseError("nothing is carried out.")

    monkeypatch.setattr(runner, "run_study", run)
    return asked


@pytest.mark.parametrize(
    ("words", "workers", "ray"),
    [
        (["--ray", "local", "--workers", "2"], 2, "local"),
        (["--workers", "3", "--ray", "local"], 3, "local"),
        (["--ray", "local"], None, "local"),
        (["--workers", "2"], 2, None),
        (["--ray", "auto"], None, "auto"),
    ],
)
def test_workers_count_the_runs_of_a_local_cluster_too(
    words: list[str], workers: int | None, ray: str | None, means: list[runner.Means]
) -> None:
    assert main(["study", "magan-digits", *words]) == 2
    assert [(each.workers, each.ray) for each in means] == [(workers, ray)]


@pytest.mark.parametrize("address", ["auto", "ray://host:10001"])
def test_another_cluster_counts_for_itself(
    address: str, means: list[runner.Means], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "magan-digits", "--ray", address, "--workers", "2"]) == 2
    assert "use only one of the two" in capsys.readouterr().err
    assert means == []
