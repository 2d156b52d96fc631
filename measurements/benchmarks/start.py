"""How long the command line takes to answer, and the memory of importing: each in processes of its own."""

import os
import resource
import statistics
import subprocess
import sys
from typing import Any

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import equipoise": ["-c", "import equipoise"],
    "equipoise --help": ["-m", "equipoise", "--help"],
    "equipoise list": ["-m", "equipoise", "list"],
    "import torch": ["-c", "import torch"],
}


def start_up(rounds: int = 5) -> dict[str, Any]:
    """CPU seconds of each command, taken in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            seconds[name].append(_cpu_seconds(arguments))
    return {
        name: {"median_seconds": statistics.median(times), "best_seconds": min(times)}
        for name, times in seconds.items()
    }


def _cpu_seconds(arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
