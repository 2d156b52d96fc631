"""Monitors for any training loop: lost variety, lost balance, memorisation, and NaN or infinity.

Plain objects: `update` takes what a loop has at hand and waits for nothing, `report` reads it and says what is wrong.
Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import homes, lazy_names

if TYPE_CHECKING:
    from equipoise.monitor.alarm import Advice as Advice
    from equipoise.monitor.alarm import Alarm as Alarm
    from equipoise.monitor.alarm import Report as Report
    from equipoise.monitor.balance import BalanceMonitor as BalanceMonitor
    from equipoise.monitor.balance import gradient_norm as gradient_norm
    from equipoise.monitor.collapse import VarietyMonitor as VarietyMonitor
    from equipoise.monitor.energies import EnergyMonitor as EnergyMonitor
    from equipoise.monitor.health import HealthMonitor as HealthMonitor
    from equipoise.monitor.memorisation import MemorisationMonitor as MemorisationMonitor
    from equipoise.monitor.monitor import Monitor as Monitor

_HOMES = homes(
    __name__,
    alarm="Advice Alarm Report",
    balance="BalanceMonitor gradient_norm",
    collapse="VarietyMonitor",
    energies="EnergyMonitor",
    health="HealthMonitor",
    memorisation="MemorisationMonitor",
    monitor="Monitor",
)

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
