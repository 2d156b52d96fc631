"""Playing iterations from buffers, as a recording does, changes no bit of what a run computes."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
import torch

from equipoise.common.random import Reseedable
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment, with_length
from equipoise.training import graphs
from equipoise.training.ahead import Ahead
from equipoise.training.graphs import Rehearsal, refusal
from equipoise.training.loop import Loop, Turn
from equipoise.training.schedules import courses
from equipoise.training.state import load_state_tensors, state_tensors

pytestmark = pytest.mark.lengthy


def loop_of(experiment: Experiment, recorded: bool) -> Loop:
    game = build_game(experiment, experiment.data.load())
    state = build_state(experiment, game, torch.device("cpu"))
    return Loop(game, state, Rehearsal() if recorded else None)


def played(loop: Loop, iterations: int) -> list[tuple[dict[str, float], list[tuple[str, float]]]]:
    """What each iteration found; read at the end, as the log does."""
    turns: list[Turn] = []
    loop.run((lambda state, turn: turns.append(turn),), until=lambda: len(turns) >= iterations)
    return [
        ({name: float(value) for name, value in turn.values.items()}, [(name, float(v)) for name, v in turn.vitals])
        for turn in turns
    ]


def test_a_recorded_run_is_the_plain_one_bit_for_bit(toy_experiment: Experiment) -> None:
    plain, recorded = loop_of(toy_experiment, False), loop_of(toy_experiment, True)
    if any(isinstance(module, Reseedable) for module in plain.state.players.modules()):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(graphs, "device_of", lambda state: torch.device("cuda"))
            assert "dropout" in str(plain.why_not_record())
        return
    if courses(toy_experiment.algorithm):  # those of an average are kept outside the recording
        assert "follows a schedule" in str(plain.why_not_record())
        return
    assert played(plain, 9) == played(recorded, 9)
    ours, theirs = state_tensors(recorded.state), state_tensors(plain.state)
    assert [name for name, value in theirs.items() if not torch.equal(value, ours[name])] == []
    assert recorded.state.clock == plain.state.clock


def test_optimisers_from_a_checkpoint_begin_a_new_recording(toy_table: dict[str, Experiment]) -> None:
    experiment = toy_table["gan"]
    loop, made = loop_of(experiment, True), []
    begin = graphs._Stage.__init__

    def counted(self: graphs._Stage, *words: object) -> None:
        made.append(self)
        begin(self, *words)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs._Stage, "__init__", counted)
        played(loop, 6)
        assert len(made) == 1
        assert made[0].repeat is not None
        kept = {name: value.clone() for name, value in state_tensors(loop.state).items()}
        load_state_tensors(loop.state, kept)
        played(loop, 2)
    assert len(made) == 2
    assert made[1].repeat is None


def test_a_recording_holds_the_tensors_that_it_knows_its_optimisers_by(toy_table: dict[str, Experiment]) -> None:
    """Freed ones would leave their addresses to those that come after, which would then pass for them."""
    loop = loop_of(toy_table["gan"], True)
    played(loop, 5)
    known = [
        weakref.ref(each)
        for each in loop.state.optimisers["generator"].state[loop.state.parameters["generator"].values].values()
    ]
    load_state_tensors(loop.state, {name: value.clone() for name, value in state_tensors(loop.state).items()})
    gc.collect()
    assert len(known) == 3
    assert [each() for each in known if each() is None] == []


def test_noise_that_is_drawn_ahead_is_the_same(toy_experiment: Experiment) -> None:
    plain, ahead = loop_of(toy_experiment, False), loop_of(toy_experiment, False)
    ahead._ahead = Ahead()
    assert played(plain, 6) == played(ahead, 6)


def test_recordings_are_made_on_the_device_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch's own stream for recordings is made once, on whatever device was the current one then."""
    current, told = [torch.device("cuda", 0)], []

    class OnDevice:
        def __init__(self, device: torch.device) -> None:
            self.device = device

        def __enter__(self) -> None:
            current.append(self.device)

        def __exit__(self, *words: object) -> None:
            current.pop()

    class Stream:
        def __init__(self) -> None:
            self.device = current[-1]

        def wait_stream(self, other: "Stream") -> None:
            told.append(("waits", self.device, other.device))

    class Graph:
        def __init__(self) -> None:
            self.replay = lambda: told.append("replayed")

    @contextmanager
    def recording(graph: Graph, stream: Stream) -> Iterator[None]:
        told.append(("records", stream.device))
        yield

    for name, mock in (("device", OnDevice), ("Stream", Stream), ("current_stream", Stream), ("CUDAGraph", Graph)):
        monkeypatch.setattr(torch.cuda, name, mock)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    monkeypatch.setattr(torch.cuda, "graph", recording)
    second = torch.device("cuda", 1)
    graphs.CudaRecording(second).warm_up(lambda: told.append("worked"))
    graphs.CudaRecording(second).record(lambda: told.append("worked"))()
    waits = ("waits", second, second)
    assert told == [waits, "worked", waits, ("records", second), "worked", "replayed"]


def test_why_iterations_are_not_recorded(toy_table: dict[str, Experiment]) -> None:
    state = loop_of(toy_table["gan"], False).state
    assert refusal(state, False, 1) == (
        "CUDA graphs need a GPU with CUDA, and this run computes on cpu: it continues without them."
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs, "device_of", lambda state: torch.device("cuda"))
        assert refusal(state, False, 1) is None
        assert "one process" in str(refusal(state, False, 2))
        assert "dropout" in str(refusal(state, True, 1))
        state.optimisers["generator"] = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        assert "generator has another optimiser" in str(refusal(state, False, 1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_cuda_graph_is_the_plain_run_up_to_rounding(toy_table: dict[str, Experiment]) -> None:
    for name in ("gan", "magan", "relativistic"):
        experiment, states = with_length(toy_table[name], iterations=30), []  # so that every stage is recorded
        for recorded in (False, True):
            store = experiment.data.load().to("cuda")
            game = build_game(experiment, store)
            state = build_state(experiment, game, torch.device("cuda"))
            for optimiser in state.optimisers.values():
                if recorded:
                    graphs.make_recordable(optimiser)
            loop = Loop(game, state, graphs.CudaRecording(torch.device("cuda")) if recorded else None)
            loop.run()
            assert loop.unrecorded == []
            states.append(state_tensors(state))
        for key, value in states[0].items():
            torch.testing.assert_close(states[1][key].to(value), value, rtol=1e-4, atol=1e-6)
