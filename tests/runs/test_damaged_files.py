"""The JSON of a run may be damaged in kind: whole, and not what it should be. Each command goes on, or says it once."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.runs.directory import open_run
from equipoise.runs.environment import read_sessions
from equipoise.runs.remembered import remembered_by
from equipoise.training import checkpoint
from equipoise.training.checkpoint import Checkpoint, list_checkpoints, newest_good

pytestmark = pytest.mark.lengthy

SHORT = ("--iterations", "4", "--device", "cpu", "--threads", "1", "--quiet", "--set", "watch.checkpoints=2")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "run"
    assert main(["train", "gan-digits", "--out", str(out), *SHORT]) == 0
    return out


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "run")


SESSION = {"threads": 1, "packages": {"torch": "2"}, "device": "cpu", "device_name": "x"}
ENVIRONMENTS: list[Any] = [
    {"sessions": [{}]},
    {"sessions": {}},
    {"sessions": [[], 1, None, "x"]},
    {"sessions": "abc"},
    {"sessions": None},
    [],
    None,
    1,
    "x",
    {},
    *({"sessions": [SESSION | {"threads": wrong}]} for wrong in ("x", None, [], -1, 0, 1.5, 10**9)),
    *({"sessions": [SESSION | {name: wrong}]} for name in ("packages", "device") for wrong in ({}, None, [], "no", 3)),
    {"sessions": [SESSION | {"precision": {"a": 1}, "processes": [], "data_hash": 3}]},
]


@pytest.mark.parametrize("content", ENVIRONMENTS)
def test_a_damaged_environment_is_no_reason_to_stop(content: Any, run: Path) -> None:
    (run / "environment.json").write_text(json.dumps(content))
    readable = read_sessions(run / "environment.json")
    assert main(["resume", str(run), "--quiet", "--device", "cpu"]) == 0
    assert len(read_sessions(run / "environment.json")) == len(readable) + 1


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00", '{"sessions": [{"threads": ' + "9" * 5000 + "}]}"])
def test_an_unreadable_environment_is_none(text: str, run: Path) -> None:
    (run / "environment.json").write_text(text)
    assert read_sessions(run / "environment.json") == []


GOOD = {"bytes": 1, "epoch": {"sums": {"loss": 1.5, "other": None}, "iterations": 3}}
EXTRA = {"log": GOOD, "best": {"iteration": 3, "value": 1.0}, "data_hash": "x", "alarm": None}
STRANGE: list[Any] = [
    {},
    *({name: value for name, value in EXTRA.items() if name != missing} for missing in EXTRA),
    *(EXTRA | {name: wrong} for name in ("log", "data_hash") for wrong in ([], None, 1, {"a": 1})),
    *(EXTRA | {name: wrong} for name in ("best", "alarm") for wrong in ([], "x", 1, {"a": 1})),
    *(EXTRA | {"players": wrong} for wrong in ([], "x", 1)),
    *(EXTRA | {"log": GOOD | {"bytes": wrong}} for wrong in ("1", 1.5, None)),
    *(EXTRA | {"log": GOOD | {"epoch": wrong}} for wrong in ([], {"sums": {}}, {"sums": [], "iterations": 1})),
    EXTRA | {"best": {"iteration": "3", "value": 1.0}},
    EXTRA | {"alarm": {"best": 0.0, "rows": {"same": "x"}, "ringing": ""}},
]


@pytest.mark.parametrize("extra", STRANGE)
def test_what_is_remembered_is_checked_by_name(extra: Any, tmp_path: Path) -> None:
    found = Checkpoint(tmp_path / "iteration-000000002.json")
    remembered_by(found, {"extra": EXTRA})
    damaged = r"is damaged: its entry extra\.[a-z]+[^\n]* is missing or has the wrong type"
    with pytest.raises(EquipoiseError, match=damaged + "; start a new run, as no older one is there"):
        remembered_by(found, {"extra": extra})
    (tmp_path / "iteration-000000001.json").touch()
    with pytest.raises(EquipoiseError, match=damaged + r"; delete it to use iteration-000000001\.json"):
        remembered_by(found, {"extra": extra})


def seal(index: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change an index and seal it anew, as only somebody's hand can."""
    content = json.loads(index.read_text())
    change(content)
    index.write_text(json.dumps(content | {"seal": checkpoint._seal(content)}))


@pytest.mark.parametrize("extra", [{}, EXTRA | {"log": None}, EXTRA | {"best": 3}])
def test_a_sealed_index_with_strange_entries_is_one_sentence(
    extra: Any, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for each in list_checkpoints(run / "checkpoints"):
        seal(each.index, lambda content: content.update(extra=extra))
    for words in (["resume", run], ["sample", run, "--out", tmp_path / "x.png"], ["export", run, "--out", "x.onnx"]):
        assert main([str(word) for word in words]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"extra": []},
        {"extra": None},
        {"clock": {"stage": "0"}},
        {"clock": {"iteration": -1}},
        {"clock": {"iteration": 1.5}},
        {"clock": {"batches": True}},
        {"clock": {"hours": 1}},
        {"clock": []},
        {"sha256": None},
    ],
)
def test_an_older_checkpoint_is_offered_for_one_whose_index_is_strange(change: Any, run: Path) -> None:
    *_, older, newest = list_checkpoints(run / "checkpoints")
    seal(newest.index, lambda content: content.update(change))
    found, complaints = newest_good(run / "checkpoints")
    assert found == older
    assert len(complaints) == 1


def test_files_of_other_names_are_no_checkpoints(run: Path) -> None:
    before = list_checkpoints(run / "checkpoints")
    for name in ("iteration-.json", "iteration-x.json", "iteration-1 copy.json", "iteration-" + "9" * 30 + ".json"):
        (run / "checkpoints" / name).write_text("{}")
    assert list_checkpoints(run / "checkpoints") == before
    assert main(["resume", str(run), "--quiet", "--device", "cpu"]) == 0


@pytest.mark.parametrize("name", ["metrics.jsonl", "scores.json"])
@pytest.mark.parametrize(
    "content", ['{"scores": {}}', "[1, 2]", "null", '{"scores": [null, 1, {"metric": 3}]}', "\x00{"]
)
def test_a_damaged_log_or_scores_leave_the_page_to_be_drawn(name: str, content: str, run: Path) -> None:
    (run / name).write_text(content + "\n")
    assert main(["report", str(run)]) == 0
    assert open_run(run).experiment().name == "gan-digits"
