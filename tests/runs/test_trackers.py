"""Trackers get every value of a run's log; whatever one does, the run goes on and is the same, with one warning."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from equipoise.common.errors import UnknownName
from equipoise.common.registry import Entry
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.integrations import tracker as trackers
from equipoise.integrations.catalogue import TRACKERS
from equipoise.integrations.tracker import Tracked, Tracking, flat
from equipoise.recipes.digits import gan_digits
from equipoise.registries import register
from equipoise.runs.train import Settings, resume, train
from equipoise.training.checkpoint import list_checkpoints

SETTINGS = Settings(device="cpu", threads=1, quiet=True)
LINES = [
    {"kind": "iteration", "iteration": 1, "values": {"loss": 0.5, "other": None}},
    {"kind": "epoch", "iteration": 1, "values": {"loss": 0.25}},
    {"kind": "variety", "iteration": 1, "values": {}},
]


class Kept:
    """A tracker that remembers what it was given."""

    made: ClassVar[list["Kept"]] = []

    def __init__(self, run: Tracked):
        self.run, self.closed = run, False
        self.values: list[tuple[dict[str, float], int]] = []
        Kept.made.append(self)

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        self.values.append((dict(values), iteration))

    def close(self) -> None:
        self.closed = True


class Broken(Kept):
    """One that fails in the part that its class names."""

    part, error = "", RuntimeError("the server said no.")

    def fail(self, part: str) -> None:
        if part == self.part:
            raise self.error

    def __init__(self, run: Tracked):
        self.fail("init")
        super().__init__(run)

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        self.fail("log")

    def close(self) -> None:
        self.fail("close")


def broken(failing: str, how: BaseException) -> type[Broken]:
    return type("BrokenSomewhere", (Broken,), {"part": failing, "error": how})


@pytest.fixture
def registered() -> Iterator[Callable[..., None]]:
    """registered(name=tracker): trackers of one's own for one test."""
    names: list[str] = []

    def add(**made: Any) -> None:
        for name, make in made.items():
            register(tracker=Entry(name, "a test's", make))
            names.append(name)

    Kept.made.clear()
    yield add
    for name in names:
        del TRACKERS._entries[name]


def short(iterations: int = 4) -> Experiment:
    experiment = with_length(gan_digits(), iterations=iterations)
    return replace(experiment, watch=replace(experiment.watch, sample_grids=0, checkpoints=1))


def about(tmp_path: Path) -> Tracked:
    config = {"name": "gan-digits", "algorithm": {"kind": "gan", "n_dis": 1}}
    return Tracked(tmp_path, "gan-digits-seed0", "0123456789abcdef", config, start=7)


def test_a_run_tells_its_trackers_everything_once_and_a_resume_goes_on(
    tmp_path: Path, registered: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    registered(kept=Kept)
    run = train(short(), tmp_path / "run", replace(SETTINGS, track=("kept",)))
    (first,) = Kept.made
    logged = [json.loads(line) for line in run.log.read_text().splitlines()]
    expected = [each for each in logged if each["kind"] == "iteration"]
    assert [value for value in first.values if value[1] and "generator/loss" in value[0]] == [
        (each["values"], each["iteration"]) for each in expected
    ]
    assert first.closed
    assert (first.run.name, first.run.start, first.run.config["name"]) == ("gan-digits-seed0", 0, "gan-digits")
    resume(run.path, replace(SETTINGS, quiet=False))
    again = Kept.made[1]
    assert (again.run.identity, again.run.start) == (first.run.identity, 4)
    assert "tracked by kept" in capsys.readouterr().err
    resume(run.path, replace(SETTINGS, track=()))
    assert len(Kept.made) == 2


@pytest.mark.parametrize("part", ["init", "log", "close"])
@pytest.mark.parametrize("error", [RuntimeError("the server said no."), SystemExit(1)], ids=["error", "exit"])
def test_a_tracker_that_fails_stops_no_run_and_changes_nothing(
    tmp_path: Path,
    registered: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    part: str,
    error: BaseException,
) -> None:
    registered(broken=broken(part, error))
    run = train(short(), tmp_path / "run", replace(SETTINGS, track=("broken",)))
    said = capsys.readouterr().err
    assert said.count("warning: the tracker broken gets no more values: ") == 1
    assert str(error).rstrip(".") in said
    plain = train(short(), tmp_path / "plain", SETTINGS)
    ends = [list_checkpoints(each.checkpoints)[-1].tensors.read_bytes() for each in (run, plain)]
    assert ends[0] == ends[1]
    assert run.log.read_text() == plain.log.read_text()


def test_a_tracker_that_hangs_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(trackers, "CLOSE_SECONDS", 0.05)
    monkeypatch.setattr(trackers, "MOST_WAITING", 2)
    release = threading.Event()

    def hang() -> Kept:
        release.wait(20)
        return Kept(about(tmp_path))

    slow, full = Tracking("slow", hang), Tracking("full", hang)
    slow(LINES)
    slow.close()
    for _ in range(4):
        full(LINES)
    full.close()
    said = capsys.readouterr().err
    release.set()
    assert said.count("the tracker slow gets no more values: it did not end within 0.05 s") == 1
    assert said.count("the tracker full gets no more values: it has stopped taking values") == 1


def test_values_keep_their_kind_and_what_is_no_number_is_left_out(tmp_path: Path) -> None:
    kept = Kept(about(tmp_path))
    tracking = Tracking("kept", lambda: kept)
    tracking(LINES)
    tracking.close()
    assert kept.values == [({"loss": 0.5}, 1), ({"epoch/loss": 0.25}, 1)]


def test_a_typo_is_refused_before_the_directory_is_made(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="unknown tracker 'wandbb'; did you mean 'wandb'"):
        train(short(), tmp_path / "run", replace(SETTINGS, track=("wandbb",)))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = "torch.utils.tensorboard" if name == "tensorboard" else name
    monkeypatch.setitem(sys.modules, module, None)
    tracking = Tracking(name, lambda: TRACKERS.load(name)(about(tmp_path)))
    tracking.close()
    said = capsys.readouterr().err
    assert said.count("warning") == 1
    assert "cannot be imported" in said
    assert "install it with: pip install" in said


class Calls:
    """A stand-in for a library that is not installed: every call is noted, and returns what was prepared."""

    def __init__(self, **prepared: Any):
        self.noted: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.prepared = prepared

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            self.noted.append((name, given, named))
            return self.prepared.get(name)

        return call

    def of(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [(given, named) for called, given, named in self.noted if called == name]


def followed(name: str, tmp_path: Path) -> None:
    tracking = Tracking(name, lambda: TRACKERS.load(name)(about(tmp_path)))
    tracking(LINES)
    tracking.close()


def test_wandb_gets_a_run_that_can_be_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Calls()
    library = Calls(init=run)
    monkeypatch.setitem(sys.modules, "wandb", library)  # type: ignore[arg-type]
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    followed("wandb", tmp_path)
    ((_, named),) = library.of("init")
    assert (named["project"], named["id"], named["resume"]) == ("equipoise", "0123456789abcdef", "allow")
    assert named["config"]["algorithm"] == {"kind": "gan", "n_dis": 1}
    assert run.of("log") == [(({"loss": 0.5, "iteration": 1},), {}), (({"epoch/loss": 0.25, "iteration": 1},), {})]
    assert run.of("define_metric") == [(("*",), {"step_metric": "iteration"})]
    assert run.noted[-1][0] == "finish"
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    followed("wandb", tmp_path)
    assert library.of("init")[1][1]["project"] == "mine"


def test_trackio_gets_every_iteration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Calls()
    library = Calls(init=run)
    monkeypatch.setitem(sys.modules, "trackio", library)  # type: ignore[arg-type]
    followed("trackio", tmp_path)
    ((_, named),) = library.of("init")
    assert (named["project"], named["name"], named["resume"]) == ("equipoise", "gan-digits-seed0 01234567", "allow")
    assert run.of("log") == [(({"loss": 0.5},), {"step": 1}), (({"epoch/loss": 0.25},), {"step": 1})]
    assert run.noted[-1][0] == "finish"


@pytest.mark.parametrize("known", [False, True], ids=["a new run", "a resumed run"])
def test_mlflow_gets_one_run_however_often_it_is_resumed(
    known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = SimpleNamespace(info=SimpleNamespace(run_id="r1"))
    prepared = {"search_runs": [run] if known else [], "create_run": run, "create_experiment": "e1"}
    client = Calls(**prepared, get_experiment_by_name=SimpleNamespace(experiment_id="e1") if known else None)
    entities = SimpleNamespace(Metric=lambda *given: given, Param=lambda *given: given)
    library = SimpleNamespace(MlflowClient=lambda: client, entities=entities)
    monkeypatch.setitem(sys.modules, "mlflow", library)  # type: ignore[arg-type]
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    followed("mlflow", tmp_path)
    assert client.of("search_runs")[0][0] == (["e1"], "tags.`equipoise.run` = '0123456789abcdef'")
    assert len(client.of("create_run")) == (0 if known else 1)
    params = [("name", "gan-digits"), ("algorithm.kind", "gan"), ("algorithm.n_dis", "1")]
    assert [named["params"] for _, named in client.of("log_batch") if "params" in named] == ([] if known else [params])
    metrics = [each for _, named in client.of("log_batch") for each in named.get("metrics", ())]
    assert [(name, value, step) for name, value, _, step in metrics] == [("loss", 0.5, 1), ("epoch/loss", 0.25, 1)]
    assert client.of("set_terminated") == [(("r1",), {})]


def test_real_trackio_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    pytest.importorskip("trackio")
    connected: list[object] = []
    sys.addaudithook(lambda event, given: connected.append(given[1]) if event == "socket.connect" else None)
    followed("trackio", tmp_path)
    import sqlite3

    (file,) = (tmp_path / "trackio").glob("*.db")
    with sqlite3.connect(file) as database:
        rows = database.execute("select step, metrics from metrics order by id").fetchall()
    assert [(step, json.loads(metrics)) for step, metrics in rows] == [(1, {"loss": 0.5}), (1, {"epoch/loss": 0.25})]
    assert not connected


def test_a_configuration_is_flat_words() -> None:
    assert flat({"a": {"b": 1, "c": {"d": None}}, "e": [1, 2]}) == {"a.b": "1", "a.c.d": "None", "e": "[1, 2]"}


def test_training_does_not_wait_for_a_slow_tracker(tmp_path: Path) -> None:
    returned = threading.Event()

    class Slow(Kept):
        def log(self, values: Mapping[str, float], iteration: int) -> None:
            assert returned.wait(20)
            super().log(values, iteration)

    slow = Slow(about(tmp_path))
    tracking = Tracking("slow", lambda: slow)
    tracking(LINES)
    assert slow.values == [], "the call has returned before the tracker was done"
    returned.set()
    tracking.close()
    assert len(slow.values) == 2
