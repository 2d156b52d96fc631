"""Kills training runs at random moments and looks whether anything is lost.

    python -m measurements.trust.faults --injections 240 --workers 2 --out results/trust/faults.json

Every toy experiment of equipoise.testing is trained once undisturbed. Then processes that train it are ended one by one
by SIGKILL, SIGTERM, SIGINT or an exception at a random moment, or by SIGKILL in the middle of writing a file. The run
is resumed, half of the time killed once more, and its end is compared bit for bit with the undisturbed one's: the last
checkpoint's tensors and clock, the whole log, and every sample grid. Processes are forked, so that torch is imported
once. The seed of an injection is its number: each can be repeated.
"""

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import platform
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from equipoise.common import files
from equipoise.common.errors import EquipoiseError
from equipoise.common.machine import git_commit
from equipoise.experiments.experiment import Experiment, Watch, with_length
from equipoise.runs import train as training
from equipoise.runs.directory import RunDirectory
from equipoise.runs.train import Interrupted, Settings, resume, train
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.loop import Loop

KINDS = ("SIGKILL", "SIGTERM", "SIGINT", "exception", "SIGKILL while writing")
SETTINGS = Settings(device="cpu", threads=1, quiet=True)
ITERATIONS = 24
LONGEST_SECONDS = 120
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT, "exception": signal.SIGUSR1}


class Injected(Exception):
    """The exception that is thrown into a run."""


def experiments() -> dict[str, Experiment]:
    watch = Watch(sample_grids=4, checkpoints=8, keep=2)
    toys = TOY_EXPERIMENTS.items()
    return {name: with_length(replace(make(), watch=watch), iterations=ITERATIONS) for name, make in toys}


def forked(work: Callable[[], object]) -> int:
    """The number of a child that does this work. It exits with 0 when done, 3 interrupted, 4 exception, 5 refused."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.signal(signal.SIGUSR1, _throw)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell starts without one
        with contextlib.redirect_stderr(io.StringIO()):
            work()
        code = 0
    except Interrupted:
        code = 3
    except (Injected, KeyboardInterrupt):
        code = 4
    except EquipoiseError as error:
        print(f"refused: {error}", file=sys.stderr)
        code = 5
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _throw(number: int, frame: Any) -> None:
    raise Injected


def kill_while_writing(chance: random.Random, told: Path) -> None:
    """In this process: SIGKILL at a random one of the moments in which some file is being written; `told` says which.

    A `told` that exists already means that another process was killed so, and this one is spared.
    """
    moment, step, flush = chance.randrange(24), [0], files.flush_to_disk

    def flush_or_die(path: Path) -> None:
        if step[0] == moment and not told.exists():
            cut = path.is_file() and chance.random() < 0.5
            if cut:
                os.truncate(path, chance.randrange(path.stat().st_size + 1))
            what = "half of " if cut else "the folder of " if path.is_dir() else ""
            told.write_text(f"write {moment}: {what}{path.name}")
            os.kill(os.getpid(), signal.SIGKILL)
        step[0] += 1
        flush(path)

    files.flush_to_disk = flush_or_die


def ended(child: int) -> tuple[int | None, int | None]:
    """(exit code, signal) of a child; it is killed when it takes too long."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return (None, os.WTERMSIG(status)) if os.WIFSIGNALED(status) else (os.WEXITSTATUS(status), None)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise TimeoutError(f"a process took more than {LONGEST_SECONDS} s")


def go_on(experiment: Experiment, run: Path) -> None:
    """What a user does after a fault: resume, or start when nothing had begun."""
    if (run / "config.yaml").is_file():
        resume(run, SETTINGS)
    else:
        train(experiment, run, SETTINGS)


def everything(run: Path) -> dict[str, Any]:
    index = max((run / "checkpoints").glob("*.json"))
    samples = {path.name: path.read_bytes() for path in sorted((run / "samples").glob("*.png"))}
    tensors, clock = index.with_suffix(".safetensors").read_bytes(), json.loads(index.read_text())["clock"]
    return {"tensors": tensors, "clock": clock, "log": (run / "metrics.jsonl").read_bytes(), "samples": samples}


def newest_iteration(run: Path) -> int:
    return max((int(path.stem.split("-")[1]) for path in (run / "checkpoints").glob("*.json")), default=0)


def disturb(work: Callable[[], object], kind: str, seconds: float, chance: random.Random, told: Path) -> dict[str, Any]:
    """Start the work, end it as the kind says at a random moment, and tell how it ended and when that was."""
    delay = chance.uniform(0, seconds)

    def work_until_a_file_is_written() -> None:
        kill_while_writing(chance, told)
        work()

    if kind == "SIGKILL while writing":
        child = forked(work_until_a_file_is_written)
    else:
        child = forked(work)
        time.sleep(delay)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, SIGNALS[kind])
    code, by_signal = ended(child)
    moment = told.read_text() if told.exists() else f"after {delay:.4f} s"
    told.unlink(missing_ok=True)
    struck = code != 0
    return {"kind": kind, "moment": moment, "struck": struck, "exit_code": code, "ended_by_signal": by_signal}


def timed_go_on(experiment: Experiment, run: Path) -> tuple[int | None, float]:
    """Go on to the end. Returns: the exit code, and the seconds until the run trained again."""
    receiver, sender = os.pipe()
    began = time.monotonic()

    def work() -> None:
        play = Loop.run

        def play_and_tell(self: Loop, *words: Any, **names: Any) -> None:
            os.write(sender, b"x")
            play(self, *words, **names)

        Loop.run = play_and_tell  # type: ignore[method-assign]
        go_on(experiment, run)

    child = forked(work)
    os.close(sender)
    os.read(receiver, 1)
    seconds = time.monotonic() - began
    os.close(receiver)
    return ended(child)[0], seconds


def inject(
    number: int, name: str, experiment: Experiment, whole: dict[str, Any], seconds: float, folder: Path
) -> dict[str, Any]:
    chance, run = random.Random(number), folder / f"injection-{number}"
    kind = KINDS[number % len(KINDS)]
    told = folder / f"injection-{number}.told"
    faults = [disturb(lambda: train(experiment, run, SETTINGS), kind, seconds, chance, told)]
    faults[-1]["newest_checkpoint"] = newest_iteration(run)
    if chance.random() < 0.5:
        faults.append(disturb(lambda: go_on(experiment, run), chance.choice(KINDS), seconds, chance, told))
        faults[-1]["newest_checkpoint"] = newest_iteration(run)
    code, recovery = timed_go_on(experiment, run)
    outcome = (
        "equal"
        if code == 0 and everything(run) == whole
        else ("different" if code == 0 else f"resume ended with {code}")
    )
    shutil.rmtree(run, ignore_errors=True)
    return {
        "injection": number,
        "experiment": name,
        "faults": faults,
        "recovery_seconds": round(recovery, 4),
        "outcome": outcome,
    }


def use(experiment: Experiment) -> None:
    """Resumes take this experiment: toy data have no name that a configuration file could hold."""
    RunDirectory.experiment = lambda self: experiment  # type: ignore[method-assign]
    training.from_yaml = lambda text: experiment  # type: ignore[attr-defined]


def campaign(worker: int, workers: int, injections: int, folder: Path, out: Path) -> None:
    torch.set_num_threads(1)
    table = experiments()
    train(table["gan"], folder / f"{worker}-imports", SETTINGS)  # once for all children: whatever is imported late
    known: dict[str, tuple[dict[str, Any], float]] = {}
    found = []
    for number in range(worker, injections, workers):
        name = list(table)[(number // len(KINDS)) % len(table)]
        experiment = table[name]
        use(experiment)
        if name not in known:
            began = time.monotonic()
            code, _ = ended(forked(partial(train, experiment, folder / f"{worker}-{name}", SETTINGS)))
            assert code == 0, name
            known[name] = everything(folder / f"{worker}-{name}"), time.monotonic() - began
        found.append(inject(number, name, experiment, *known[name], folder))
    out.write_text(json.dumps(found))


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    by_kind = {}
    for kind in KINDS:
        rows = [(row, fault) for row in found for fault in row["faults"] if fault["kind"] == kind]
        struck = [(row, fault) for row, fault in rows if fault["struck"]]
        wrong = {row["injection"] for row, _ in rows if row["outcome"] != "equal"}
        last = [row["recovery_seconds"] for row, fault in struck if fault is row["faults"][-1]]
        by_kind[kind] = {
            "tried": len(rows),
            "struck_before_the_end": len(struck),
            "runs_lost_or_wrong": len(wrong),
            "worst_recovery_seconds": max(last, default=None),
        }
    worst = max(row["recovery_seconds"] for row in found)
    return {
        "runs": len(found),
        "faults": sum(len(row["faults"]) for row in found),
        "struck_before_the_end": sum(fault["struck"] for row in found for fault in row["faults"]),
        "experiments": len({row["experiment"] for row in found}),
        "runs_lost_or_wrong": sum(row["outcome"] != "equal" for row in found),
        "worst_recovery_seconds": worst,
        "by_kind": by_kind,
    }


def passport() -> dict[str, Any]:
    """Where and with what the faults were injected."""
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "commit": git_commit(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--injections", type=int, default=240)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("results/trust/faults.json"))
    chosen, began_with = parser.parse_args(), passport()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [folder / f"part-{worker}.json" for worker in range(chosen.workers)]
        processes = [
            multiprocessing.get_context("fork").Process(
                target=campaign, args=(worker, chosen.workers, chosen.injections, folder, parts[worker])
            )
            for worker in range(chosen.workers)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        found = sorted(
            (row for part in parts for row in json.loads(part.read_text())), key=lambda row: row["injection"]
        )
    result = {"passport": began_with, "summary": summary(found), "injections": found}
    files.write_text_atomically(chosen.out, json.dumps(result, indent=1))
    print(json.dumps(result["summary"], indent=1))


if __name__ == "__main__":
    main()
