"""How long the command line takes to answer, and the demo to end: each in processes of its own."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FIRST_ITERATION = """
import os, sys
import equipoise.runs.train as train
from equipoise.cli.main import main
from equipoise.training.loop import Loop
play = train.play_session
def begin(*words):
    Loop.advance = lambda *_: os._exit(0)
    return play(*words)
train.play_session = begin
main(["train", *sys.argv[1:]])
sys.exit("there was no iteration")
"""
"""A run that ends with its first iteration; those that time the threads or the pace come before it and count."""
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import equipoise": ["-c", "import equipoise"],
    "equipoise --help": ["-m", "equipoise", "--help"],
    "equipoise list": ["-m", "equipoise", "list"],
    "import torch": ["-c", "import torch"],
    "train magan-digits, to its first iteration": ["-c", FIRST_ITERATION, "magan-digits"],
    "the same with one thread": ["-c", FIRST_ITERATION, "magan-digits", "--threads", "1"],
}


def start_up(rounds: int = 5) -> dict[str, Any]:
    """CPU seconds of each command, taken in turns; the first turn, which compiles Python's files, does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, arguments in COMMANDS.items():
            found = _cpu_seconds(arguments)
            if turn:
                seconds[name].append(found)
    return {
        name: {"median_seconds": statistics.median(times), "best_seconds": min(times)}
        for name, times in seconds.items()
    }


def demo(rounds: int = 3) -> dict[str, Any]:
    """Seconds of `equipoise demo` on all cores, with nothing in the cache: as after installation."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "EQUIPOISE_CACHE": str(Path(folder) / "cache")}
            words = [sys.executable, "-m", "equipoise", "demo", "--out", str(Path(folder) / "demo")]
            began = time.perf_counter()
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
            found.append(time.perf_counter() - began)
    return {"seconds": found, "cores": os.cpu_count()}


def _cpu_seconds(arguments: list[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    for name in ("PYTHONDONTWRITEBYTECODE", "OMP_NUM_THREADS"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        if FIRST_ITERATION in arguments:
            arguments = [*arguments, "--out", str(Path(folder) / "run")]
        return _cpu_seconds_of([sys.executable, *arguments], environment)


def _cpu_seconds_of(words: list[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
