"""Between two looks at the log nothing waits for the device.

torch's meta device plays the GPU: it has shapes and no numbers, so that reading one raises, and every copy between it
and the CPU can be seen. A GPU's host waits for a copy unless the memory is pinned and the copy non-blocking.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from equipoise.common import transfer
from equipoise.data.items import Composed, Mapped, Part
from equipoise.data.store import Store, held
from equipoise.experiments.build import build_game, build_state
from equipoise.experiments.experiment import Experiment
from equipoise.losses import mmd_discriminator_loss
from equipoise.monitor import (
    BalanceMonitor,
    EnergyMonitor,
    HealthMonitor,
    MemorisationMonitor,
    Monitor,
    VarietyMonitor,
    gradient_norm,
)
from equipoise.networks.dropout import Dropout
from equipoise.runs.vitals import Vitals
from equipoise.training import loop as loops
from equipoise.training.graphs import Rehearsal
from equipoise.training.log import Recorder
from equipoise.training.loop import Loop, Observer

pytestmark = pytest.mark.lengthy

META = torch.device("meta")


class Waits(TorchDispatchMode):
    """Raises where an operation joins the two kinds of device in a way that a GPU's host would wait for."""

    def __torch_dispatch__(
        self, operation: Any, types: Any, arguments: tuple[Any, ...] = (), options: Mapping[str, Any] | None = None
    ) -> Any:
        options = options or {}
        tensors = [each for each in tree_leaves((arguments, options)) if isinstance(each, Tensor)]
        devices = {each.device.type for each in tensors if each.ndim or each.device == META}
        devices |= {torch.device(options["device"]).type} if tensors and options.get("device") is not None else set()
        if len(devices) > 1:
            source = tensors[1] if operation is torch.ops.aten.copy_.default else tensors[0]
            non_blocking = options.get("non_blocking") or arguments[-1] is True
            if not (non_blocking and getattr(source, "pinned", False)):
                raise AssertionError(f"{operation} of {[tuple(each.shape) for each in tensors]} waits for the device.")
        return operation(*arguments, **options)


class Literals(TorchFunctionMode):
    """Raises where numbers of the host become a tensor of the device: on a GPU that is a copy that waits."""

    def __torch_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), options: Mapping[str, Any] | None = None
    ) -> Any:
        options = options or {}
        like = function is Tensor.new_tensor and arguments[0].device == META
        made = function in (torch.tensor, torch.as_tensor) and torch.device(options.get("device") or "cpu") == META
        index = arguments[1] if function in (Tensor.__getitem__, Tensor.__setitem__) else ()
        listed = any(isinstance(each, list) for each in (index if isinstance(index, tuple) else (index,)))
        if like or (made and not isinstance(arguments[0], Tensor)) or (listed and arguments[0].device == META):
            raise AssertionError(f"{function.__name__} copies numbers of the host to the device.")
        return function(*arguments, **options)


@contextmanager
def watched() -> Iterator[None]:
    with Waits(), Literals():
        yield


@pytest.fixture(autouse=True)
def meta_plays_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch does not have for it: pinned memory, generators, autocast and the fused Adam."""

    def pinned(tensor: Tensor) -> Tensor:
        copied = tensor.clone()
        copied.pinned = True  # type: ignore[attr-defined]
        return copied

    monkeypatch.setattr(transfer, "PINNED_FOR", ("meta",))
    monkeypatch.setattr(Tensor, "pin_memory", pinned)
    monkeypatch.setattr(loops, "stream", lambda *address: torch.Generator())
    monkeypatch.setattr(Dropout, "_kept", lambda self, values, generator: torch.ones_like(values))
    monkeypatch.setattr(torch, "autocast", lambda *words, **options: nullcontext())
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda *words: False)
    for function in ("_device_dtype_check_for_fused", "_fused_adam"):
        monkeypatch.setattr(import_module("torch.optim.adam"), function, lambda *words, **options: None)


def loop_on_meta(experiment: Experiment, store: Store, recorded: bool) -> Loop:
    state = build_state(experiment, build_game(experiment, store), META)
    return Loop(build_game(experiment, store.to(META)), state, Rehearsal() if recorded else None)


def play_and_watch(loop: Loop, observers: Sequence[Observer]) -> None:
    """Three iterations of each stage: the first, one that is watched, and the last, which is watched too."""
    while not loop.finished:
        clock, stage = loop.state.clock, loop.game.algorithm.stages()[loop.state.clock.stage]
        for place, watch in ((0, nullcontext), (1, watched), (loop.game.stage_iterations(stage) - 1, watched)):
            clock.stage_iteration = place
            with watch():  # what is built once for all iterations may be sent in the first one
                turn = loop.iterate()
                for observe in observers:
                    observe(loop.state, turn)


def test_no_iteration_waits_for_the_device(toy_experiment: Experiment, tmp_path: Path) -> None:
    never = 10**9
    observers = (
        Recorder(tmp_path / "log", flush_every=never, flush_seconds=never),
        Vitals(lambda iteration: False, every_iterations=never, every_seconds=None),
    )
    loop = loop_on_meta(toy_experiment, toy_experiment.data.load(), recorded=False)
    play_and_watch(loop, observers)
    assert loop.state.clock.iteration == 3 * len(loop.game.algorithm.stages())


@pytest.mark.parametrize("name", ["gan-dequantised", "magan", "mmd-penalty"])
def test_no_iteration_from_buffers_waits_for_the_device(name: str, toy_table: dict[str, Experiment]) -> None:
    play_and_watch(loop_on_meta(toy_table[name], toy_table[name].data.load(), recorded=True), ())


def many_kinds_of_items() -> dict[str, Callable[[], Store]]:
    images = torch.zeros(64, 1, 4, 4, dtype=torch.uint8)
    parts, table = images[:, 0], torch.arange(64)[:, None]
    return {
        "held": lambda: held(images),
        "mapped": lambda: Store(Mapped(images.numpy(), torch.device("cpu"))),
        "part of held": lambda: Store(Part(held(images).items, torch.arange(64))),
        "part of mapped": lambda: Store(Part(Mapped(images.numpy(), torch.device("cpu")), torch.arange(64))),
        "composed": lambda: Store(Composed(parts, table, lambda found: found, (1, 4, 4))),
    }


def test_no_update_of_a_monitor_waits_for_the_device() -> None:
    items = torch.zeros(512, 3)
    monitor = Monitor(
        BalanceMonitor(),
        HealthMonitor(),
        EnergyMonitor(),
        VarietyMonitor(items[:256], items[256:]),
        MemorisationMonitor(items, items),
    )
    scores, number = torch.zeros(8, 1, device=META), torch.zeros((), device=META)
    samples = torch.zeros(8, 3, device=META)
    players = {"generator": number, "discriminator": number}
    with watched():
        for _ in range(600):
            monitor.update(real_scores=scores, fake_scores=[scores, scores], losses=players, gradients=players)
            monitor.update(real_energy=scores, fake_energy=number, numbers={"images": scores}, samples=samples)
        parameter = torch.zeros(3, device=META, requires_grad=True)
        parameter.sum().backward()
        monitor.update(gradients={"generator": gradient_norm([parameter])})


@pytest.mark.parametrize("kind", many_kinds_of_items())
def test_a_real_batch_of_every_kind_of_items_is_sent_without_waiting(kind: str) -> None:
    store = many_kinds_of_items()[kind]().to(META)
    indices = torch.tensor([3, 1, 2])
    with watched():
        batch = store.batch(indices, "unit")
    assert batch.device == META
    assert batch.shape == (3, 1, 4, 4)


@pytest.mark.parametrize("count", [100, 160])
def test_an_mmd_loss_of_any_batch_sends_nothing(count: int) -> None:
    """Beyond 128 samples the loss has another fast path."""
    real, fake = (torch.zeros(count, 3, device=META, requires_grad=True) for _ in range(2))
    with watched():
        torch.autograd.grad(mmd_discriminator_loss(real, fake, 1.0, (0.25, 4.0)), (real, fake))


@pytest.mark.parametrize(
    "wait",
    [
        lambda device, host: device.sum().item(),
        lambda device, host: float(device[0]),
        lambda device, host: bool((device > 0).all()),
        lambda device, host: device.cpu(),
        lambda device, host: host.to(META),
        lambda device, host: host.to(META, non_blocking=True),
        lambda device, host: device.copy_(host),
        lambda device, host: device[device > 0],
        lambda device, host: device[[0, 1]],
        lambda device, host: torch.tensor([1.0, 2.0], device=META),
        lambda device, host: device.new_tensor([1.0]),
    ],
)
def test_the_watch_sees_what_waits(wait: Callable[[Tensor, Tensor], object]) -> None:
    device, host = torch.zeros(4, device=META), torch.zeros(4)
    with pytest.raises((AssertionError, RuntimeError, NotImplementedError)), watched():
        wait(device, host)
