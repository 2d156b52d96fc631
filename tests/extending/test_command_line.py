"""The examples for method authors through the command line: one file each, and no edit of the package."""

from pathlib import Path

import pytest
import yaml

from equipoise.cli.main import main

pytestmark = pytest.mark.lengthy
EXAMPLES = Path(__file__).parents[2] / "examples" / "extending"
TINY = ("--iterations", 2, "--device", "cpu", "--threads", 1, "--quiet", "--out")
MAX_NORM = "players.discriminator.constraint={kind: my-max-norm, limit: 1.0}"


def equipoise(plugin: str, *words: object) -> None:
    """A command of an author's that must succeed."""
    assert main(["--plugin", str(EXAMPLES / f"{plugin}.py"), *map(str, words)]) == 0


@pytest.mark.parametrize(
    ("plugin", "words", "says"),
    [
        ("my_loss", ("gan-digits", "--set", "algorithm.loss=my-relativistic"), {"loss": "my-relativistic"}),
        ("my_algorithm", ("my-paced-digits",), {"kind": "my-paced-gan", "pace": 0.1}),
        ("my_network", ("my-two-scale-digits",), {"kind": "my-two-scale-discriminator", "width": 32}),
        ("my_constraint", ("gan-digits", "--set", MAX_NORM), {"kind": "my-max-norm", "limit": 1.0}),
        ("my_data", ("gan-ring", "--data", "my-spiral"), {"kind": "my-spiral", "turns": 2.0}),
        ("my_augmentation", ("my-turned-digits",), {"operations": ["my-y-flip"], "strength": 0.3}),
    ],
)
def test_an_example_trains_and_resumes(
    plugin: str, words: tuple[str, ...], says: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    equipoise(plugin, "train", *words, *TINY, run)
    equipoise(plugin, "resume", run, "--quiet")
    config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    player = config["players"]["discriminator"]
    parts = (
        config["algorithm"],
        config["algorithm"].get("augment") or {},
        config["data"],
        player["network"],
        player["constraint"] or {},
    )
    assert any(says.items() <= part.items() for part in parts)
    assert f"{plugin}.py" in (run / "environment.json").read_text(encoding="utf-8")
    assert (run / "report.html").is_file()
    capsys.readouterr()


def test_a_metric_scores_a_run_that_knows_nothing_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert main(["train", "gan-digits", *map(str, (*TINY, run))]) == 0
    equipoise("my_metric", "evaluate", run, "--metrics", "my-brightness-gap", "--samples", 50)
    assert "my-brightness-gap" in capsys.readouterr().out


def test_a_tracker_follows_a_run(tmp_path: Path) -> None:
    equipoise("my_tracker", "train", "gan-digits", *TINY, tmp_path / "run", "--track", "my-lines")
    lines = (tmp_path / "run" / "lines.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split()[0] for line in lines if "generator/loss" in line and "epoch/" not in line] == ["1", "2"]


def test_a_study_is_carried_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    equipoise("my_study", "study", "my-losses", "--budget", "smoke", "--workers", 1, "--out", tmp_path / "study")
    table = capsys.readouterr().out
    assert "non-saturating" in table
    assert "hinge" in table


@pytest.mark.parametrize(
    ("plugin", "table", "name"),
    [
        ("my_loss", "losses", "my-relativistic"),
        ("my_algorithm", "algorithms", "my-paced-gan"),
        ("my_network", "networks", "my-two-scale-discriminator"),
        ("my_constraint", "constraints", "my-max-norm"),
        ("my_metric", "metrics", "my-brightness-gap"),
        ("my_data", "data", "my-spiral"),
        ("my_augmentation", "augmentations", "my-y-flip"),
        ("my_study", "studies", "my-losses"),
    ],
)
def test_an_example_is_listed(plugin: str, table: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", table]) == 0
    assert name not in capsys.readouterr().out
    equipoise(plugin, "list", table)
    assert name in capsys.readouterr().out


def test_every_example_is_shown_whole_on_its_page() -> None:
    pages = Path(__file__).parents[2] / "docs" / "extending"
    shown = "".join(page.read_text(encoding="utf-8") for page in pages.glob("*.md"))
    names = sorted(path.name for path in EXAMPLES.glob("*.py"))
    assert len(names) == 9
    assert [name for name in names if f'--8<-- "examples/extending/{name}"' not in shown] == []


def test_the_smoke_budget_takes_a_data_set_that_the_package_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    equipoise("my_data", "train", "gan-ring", "--data", "my-spiral", "--budget", "smoke", *TINY, tmp_path / "run")
    capsys.readouterr()
