"""A monitor that is asked every so many steps: what it is told, what is told of it, and when it ends a training."""

from typing import Any

import pytest
import torch

from equipoise.integrations.reporting import Reporter
from equipoise.monitor import BalanceMonitor, HealthMonitor, Monitor


def scores(step: int) -> dict[str, Any]:
    drawn = torch.randn(2, 16, generator=torch.Generator().manual_seed(step))
    return {"real_scores": drawn[0] + 9, "fake_scores": drawn[1], "other": None}


def test_a_reporter_asks_when_it_is_due_and_stops_where_that_is_wanted() -> None:
    told: list[str] = []
    logged: list[dict[str, float]] = []
    reporter = Reporter(Monitor(BalanceMonitor(window=10)), 20, "stop", logged.append, told.append)
    ends = [reporter.step(scores(step)) for step in range(120)]
    assert ends.index(True) == 99, "six windows pass, and four must find the same"
    assert len(logged) == 6
    assert set(logged[0]) == {"monitor/margin", "monitor/right_decisions"}
    assert told[0].startswith("discriminator wins: ")
    silent = Reporter(Monitor(BalanceMonitor(window=10)), 20, "warn", tell=told.append)
    assert not any(silent.step(scores(step)) for step in range(120))
    assert len(told) == 2
    with pytest.raises(ValueError, match="on_alarm must be one of warn, stop"):
        Reporter(Monitor(HealthMonitor()), on_alarm="explode")


def test_a_process_that_does_not_read_counts_its_steps_and_keeps_nothing() -> None:
    reporter, empty = Reporter(Monitor(BalanceMonitor(), HealthMonitor())), Monitor(BalanceMonitor(), HealthMonitor())
    assert not any(reporter.step(scores(step) | {"losses": {"generator": 1.0}}, reads=False) for step in range(120))
    assert reporter.state_dict() == {"steps": 120, "monitor": empty.state_dict()}
