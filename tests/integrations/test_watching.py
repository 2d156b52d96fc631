"""The monitors in other people's loops: each example runs, an alarm ends it, and a checkpoint keeps the state."""

import json
from pathlib import Path

import pytest
import torch

from equipoise.monitor import BalanceMonitor, HealthMonitor, Monitor
from examples.watch_a_plain_loop import train

pytestmark = pytest.mark.lengthy


def test_a_plain_loop_is_told_what_is_wrong() -> None:
    (told,) = train(200, discriminator_rate=1e-6)[:1]
    assert told.startswith("generator wins: only")
    assert "raise the discriminator's learning rate" in told


def test_lightning_stops_and_its_checkpoints_keep_the_monitor(tmp_path: Path) -> None:
    pytest.importorskip("lightning", reason="needs the extra lightning")
    from examples import watch_with_lightning as lightning

    with pytest.warns(UserWarning, match="generator wins: only"):
        stopped = lightning.train(400, discriminator_rate=1e-6)
    assert stopped.global_step == 2 * 200, "a step of each player"
    healthy = lightning.train(60)
    assert healthy.global_step == 2 * 60
    healthy.save_checkpoint(tmp_path / "last.ckpt")
    kept = torch.load(tmp_path / "last.ckpt", weights_only=True)["callbacks"]["MonitorCallback"]
    fresh = lightning.MonitorCallback(Monitor(BalanceMonitor(window=20), HealthMonitor()))
    fresh.load_state_dict(kept)
    assert fresh.state_dict() == kept == healthy.callbacks[0].state_dict()
    assert kept["steps"] == 60


def test_accelerate_stops_and_its_checkpoints_keep_the_monitor(tmp_path: Path) -> None:
    accelerate = pytest.importorskip("accelerate", reason="needs the extra accelerate")
    from examples import watch_with_accelerate as loop

    accelerator = accelerate.Accelerator(cpu=True)
    assert loop.train(400, 1e-6, accelerator) == 200
    accelerator.save_state(str(tmp_path))
    other = accelerate.Accelerator(cpu=True)
    watched = loop.AcceleratorMonitor(other, Monitor(BalanceMonitor(window=20), HealthMonitor()))
    assert loop.train(5, 1e-3) == 5
    other.load_state(str(tmp_path))
    assert watched._reporter.steps == 200
    assert watched._reporter.monitor.report().lasting == ("generator wins",)


def test_the_trainer_stops_logs_and_goes_on_with_the_monitor(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra transformers")
    from examples import watch_with_transformers as trainers

    stopped = trainers.train(str(tmp_path), 400, discriminator_rate=0.05)
    assert stopped.state.global_step == 200
    assert any("monitor/right_decisions" in line for line in stopped.state.log_history)
    kept = json.loads((tmp_path / "checkpoint-200" / "monitor.json").read_text(encoding="utf-8"))
    assert kept["steps"] == 200
    resumed = trainers.train(str(tmp_path), 210, discriminator_rate=0.05, resume=True)
    assert resumed.callback._reporter.steps == 210
    assert resumed.callback._reporter.monitor.report().lasting == ("discriminator wins",)
