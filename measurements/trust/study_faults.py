"""Ends studies at random moments and looks whether the second call makes the table that an undisturbed study makes.

    python -m measurements.trust.study_faults --injections 40 --out results/trust/study_faults.json

A study of three runs on two workers is carried out once undisturbed. Then it is started again and again, and its
starter, one of its workers or its whole group (as Ctrl-C does) is ended at a random moment. The second call begins at
once, while workers may still be saving. Its results, its table and every run's log are compared byte by byte. Workers
are forked, so that torch is imported once, and pages have no drawings. The seed of an injection is its number: each can
be repeated.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from markupsafe import Markup

from equipoise.common import files
from equipoise.experiments.experiment import Watch, with_length
from equipoise.recipes.catalogue import recipe
from equipoise.reports import figures
from equipoise.reports import study_pages as pages
from equipoise.reports.study_pages import write_study_report
from equipoise.studies import plan, runner, workers
from equipoise.studies.runner import Means, run_study
from equipoise.studies.study import Measure, Row, Scale, Study
from equipoise.training.loop import Loop
from measurements.trust import faults
from measurements.trust.faults import ended, forked, kill_while_writing, passport

STARTER = {
    "SIGKILL of the starter": signal.SIGKILL,
    "SIGTERM of the starter": signal.SIGTERM,
    "an exception in the starter": signal.SIGUSR1,
}
WORKER = {
    "SIGKILL of a worker": signal.SIGKILL,
    "SIGTERM of a worker": signal.SIGTERM,
    "an exception in a worker": signal.SIGUSR1,
}
WRITING, GROUP = "SIGKILL of a worker while writing", "SIGINT of the whole group"
KINDS = (*STARTER, *WORKER, WRITING, GROUP)
ITERATIONS = 40
MOST_ORPHAN_SECONDS = 30
ROWS = ("gan-digits", "magan-digits", "reg-gan-ring")
STUDY = Study(
    name="small",
    title="A small study",
    paper="none",
    place="none",
    introduction="Three recipes, a few iterations.",
    rows=tuple(Row(name, name) for name in ROWS),
    measures=(Measure("inception-score", "inception score"), Measure("modes-covered", "modes covered")),
    scales={"cpu": Scale(seeds=1, samples=200)},
)


def short_recipe(name: str, budget: str = "paper") -> Any:
    return replace(with_length(recipe(name, budget), iterations=ITERATIONS), watch=Watch(checkpoints=10, keep=1))


def use_small_study() -> None:
    """From now on there is one study, its workers are forked, and pages are quick to write."""
    figures.drawing = lambda *arguments: Markup("")  # type: ignore[attr-defined]
    plan.recipe = short_recipe  # type: ignore[attr-defined]
    runner.find_study = pages.find_study = lambda name: STUDY  # type: ignore[attr-defined]
    fork = multiprocessing.get_context("fork")
    workers.multiprocessing.get_context = lambda method: fork  # type: ignore[attr-defined]


def carry_out(out: Path, starts: int) -> None:
    """The whole study and its page; each start of training writes the time into the pipe `starts`."""
    play = Loop.run

    def play_and_tell(self: Loop, *words: Any, **names: Any) -> None:
        os.write(starts, struct.pack("d", time.monotonic()))
        play(self, *words, **names)

    Loop.run = play_and_tell  # type: ignore[method-assign]
    run_study("small", out, "cpu", means=Means(workers=2, device="cpu"), say=lambda line: None)
    write_study_report(out)


def started(out: Path, prepare: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """A starter in a session of its own. Returns: its process number, and the pipe that tells when training starts."""
    receiver, sender = os.pipe()

    def work() -> None:
        os.close(receiver)
        os.setsid()
        prepare()
        carry_out(out, sender)

    child = forked(work)
    os.close(sender)
    os.set_blocking(receiver, False)
    return child, receiver


def first_start_after(receiver: int, moment: float) -> float | None:
    data = b""
    with contextlib.suppress(BlockingIOError):
        while part := os.read(receiver, 1 << 16):
            data += part
    os.close(receiver)
    times = [value for (value,) in struct.iter_unpack("d", data) if value > moment]
    return min(times, default=None)


def session_members(session: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            number, _, rest = stat.read_text().partition(" ")
            state, _, _, its_session = rest.rpartition(")")[2].split()[:4]
            if int(its_session) == session and state != "Z":
                found.append(int(number))
    return found


def iterations_done(out: Path) -> int:
    """Iterations of all runs together, as their newest checkpoints tell."""
    newest: dict[Path, int] = {}
    for path in out.glob("runs/*/checkpoints/iteration-*.json"):
        newest[path.parent] = max(newest.get(path.parent, 0), int(path.stem.removeprefix("iteration-")))
    return sum(newest.values())


def is_over(process: int) -> bool:
    """Whether a child has ended, be it that nobody has asked yet how."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def wait_for(out: Path, iterations: int, starter: int) -> None:
    while iterations_done(out) < iterations and not is_over(starter):
        time.sleep(0.005)


def strike(kind: str, starter: int, chance: random.Random) -> bool:
    """Send the signal of this kind. Returns: whether anyone was there to get it."""
    if is_over(starter):
        return False
    try:
        if kind in STARTER:
            os.kill(starter, STARTER[kind])
        elif kind == GROUP:
            os.killpg(starter, signal.SIGINT)
        else:
            children = Path(f"/proc/{starter}/task/{starter}/children").read_text().split()
            os.kill(int(chance.choice(children)), WORKER[kind])
    except (OSError, IndexError):
        return False
    return True


def everything(out: Path) -> dict[str, bytes]:
    names = [out / "results.json", out / "table.md", *sorted(out.glob("runs/*/metrics.jsonl"))]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in names}


def inject(number: int, whole: dict[str, bytes], iterations: int, folder: Path) -> dict[str, Any]:
    chance, out, kind = random.Random(number), folder / f"study-{number}", KINDS[number % len(KINDS)]
    told, at, delay = folder / f"study-{number}.told", chance.randrange(iterations), chance.uniform(0, 0.3)
    if kind == WRITING:
        starter, starts = started(out, lambda: kill_while_writing(chance, told))
        code, by_signal = ended(starter)
        struck, moment = told.exists(), told.read_text() if told.exists() else "never"
        struck_at = told.stat().st_mtime - time.time() + time.monotonic() if struck else time.monotonic()
    else:
        starter, starts = started(out)
        wait_for(out, at, starter)
        time.sleep(delay)
        struck, struck_at = strike(kind, starter, chance), time.monotonic()
        moment = f"{delay:.3f} s after iteration {at} of {iterations}"
        code, by_signal = ended(starter)
    finished = len(list(out.glob("runs/*/outcome.json")))
    again, at_once = time.monotonic(), first_start_after(starts, struck_at)
    second, second_starts = started(out)
    second_code, _ = ended(second)
    took = time.monotonic() - again
    trained = first_start_after(second_starts, again)
    recovery = at_once - struck_at if code == 0 and at_once else trained - again if trained else took
    while (orphans := session_members(starter)) and time.monotonic() - again < MOST_ORPHAN_SECONDS:
        time.sleep(0.05)
    same = second_code == 0 and everything(out) == whole
    outcome = "orphans left" if orphans else "equal" if same else f"different ({second_code})"
    if outcome == "equal":
        shutil.rmtree(out)
    return {
        "injection": number,
        "kind": kind,
        "moment": moment,
        "struck": struck,
        "finished_runs_at_the_second_call": finished,
        "exit_code": code,
        "ended_by_signal": by_signal,
        "recovery_seconds": round(recovery, 3),
        "outcome": outcome,
    }


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    def of(rows: list[dict[str, Any]]) -> dict[str, Any]:
        struck = [row for row in rows if row["struck"]]
        return {
            "tried": len(rows),
            "struck_before_the_end": len(struck),
            "studies_lost_or_wrong": sum(row["outcome"] != "equal" for row in rows),
            "worst_recovery_seconds": max((row["recovery_seconds"] for row in struck), default=None),
        }

    return of(found) | {"by_kind": {kind: of([row for row in found if row["kind"] == kind]) for kind in KINDS}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--injections", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("results/trust/study_faults.json"))
    chosen, began_with = parser.parse_args(), passport()
    faults.LONGEST_SECONDS = 600
    os.environ["GIT_DIR"] = "/nonexistent"  # a commit while the studies run must not tell two results apart
    torch.set_num_threads(1)
    use_small_study()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        carry_out(folder / "whole", os.open(os.devnull, os.O_WRONLY))
        iterations = iterations_done(folder / "whole")
        whole = everything(folder / "whole")
        found = []
        for number in range(chosen.injections):
            found.append(inject(number, whole, iterations, folder))
            print(found[-1], flush=True)
    result = {"passport": began_with, "summary": summary(found), "injections": found}
    files.write_text_atomically(chosen.out, json.dumps(result, indent=1))
    print(json.dumps(result["summary"], indent=1))


if __name__ == "__main__":
    main()
