"""Kills a node of a two-node Ray cluster while it carries out a study, and looks whether anything is lost.

    python -m measurements.trust.ray_faults --injections 5 --out results/trust/ray_faults.json

Both nodes are processes of this machine (ray's own cluster utilities) with one core each; the driver has a third one
without cores. The study is that of study_faults.py with longer runs. A node is killed when both train and a
random number of runs is finished; what had finished must stay untouched, the interrupted run must resume on the other
node, and the results must be byte by byte those of an undisturbed study without Ray.
"""

import argparse
import json
import os
import random
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import torch
from ray.cluster_utils import Cluster

from equipoise.common import files
from equipoise.reports.study_pages import write_study_report
from equipoise.studies.runner import Means, run_study
from measurements.trust import study_faults
from measurements.trust.faults import passport

LONGEST_SECONDS = 200


def sessions(run: Path) -> int:
    """How often this run has been begun or resumed."""
    try:
        return len(json.loads((run / "environment.json").read_text())["sessions"])
    except (OSError, ValueError):
        return 0


def unfinished(out: Path) -> list[Path]:
    """Runs with a checkpoint and without an end."""
    runs = {path.parents[1] for path in out.glob("runs/*/checkpoints/*.json")}
    return sorted(run for run in runs if not (run / "outcome.json").exists())


def kill_when_training(cluster: Cluster, node: Any, out: Path, finished_before: int, found: dict[str, Any]) -> None:
    """Kill the node once both nodes train and so many runs are finished, then time how long until a run resumes."""
    end = time.monotonic() + LONGEST_SECONDS
    while len(list(out.glob("runs/*/outcome.json"))) < finished_before or len(unfinished(out)) < 2:
        if time.monotonic() > end:
            return
        time.sleep(0.05)
    done = {run: run.stat().st_mtime_ns for run in out.glob("runs/*/outcome.json")}
    cluster.remove_node(node, allow_graceful=False)
    killed = time.monotonic()
    found |= {"finished_at_the_kill": len(done), "unfinished_at_the_kill": len(unfinished(out)), "struck": True}
    while not any(sessions(run.parent) > 1 for run in out.glob("runs/*/environment.json")):
        if time.monotonic() > end:
            return
        time.sleep(0.05)
    found["recovery_seconds"] = round(time.monotonic() - killed, 2)
    found["finished_runs_touched"] = sum(run.stat().st_mtime_ns != moment for run, moment in done.items())


def inject(number: int, cluster: Cluster, nodes: list[Any], out: Path, whole: dict[str, bytes]) -> dict[str, Any]:
    chance = random.Random(number)
    found: dict[str, Any] = {"injection": number, "struck": False}
    victim = nodes.pop(chance.randrange(len(nodes)))
    killer = threading.Thread(target=kill_when_training, args=(cluster, victim, out, chance.randrange(2), found))
    killer.start()
    run_study("small", out, "cpu", means=Means(ray=cluster.address, device="cpu"), say=lambda line: None)
    write_study_report(out)
    killer.join()
    nodes.append(cluster.add_node(num_cpus=1))
    found["runs_resumed"] = sum(sessions(path.parent) > 1 for path in out.glob("runs/*/environment.json"))
    found["outcome"] = "equal" if study_faults.everything(out) == whole else "different"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--injections", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("results/trust/ray_faults.json"))
    parser.add_argument("--extend", action="store_true", help="go on after the injections that the file holds")
    chosen = parser.parse_args()
    nothing: dict[str, Any] = {"passport": {"campaigns": []}, "injections": []}
    before = json.loads(chosen.out.read_text()) if chosen.extend else nothing
    campaigns, earlier = [*before["passport"]["campaigns"], passport()], before["injections"]
    torch.set_num_threads(1)
    study_faults.ITERATIONS = 400
    os.environ["GIT_DIR"] = "/nonexistent"  # a commit while the studies run must not tell two results apart
    study_faults.use_small_study()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_study("small", folder / "whole", "cpu", means=Means(workers=1, device="cpu"), say=lambda line: None)
        write_study_report(folder / "whole")
        whole = study_faults.everything(folder / "whole")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        found = earlier
        for number in range(len(earlier), len(earlier) + chosen.injections):
            found.append(inject(number, cluster, nodes, folder / f"study-{number}", whole))
            print(found[-1], flush=True)
        cluster.shutdown()
    summary = {
        "tried": len(found),
        "struck_before_the_end": sum(row["struck"] for row in found),
        "finished_runs_touched": sum(row.get("finished_runs_touched", 0) for row in found),
        "runs_resumed": sum(row["runs_resumed"] for row in found),
        "studies_lost_or_wrong": sum(row["outcome"] != "equal" for row in found),
        "worst_recovery_seconds": max((row.get("recovery_seconds", 0) for row in found), default=None),
    }
    result = {"passport": {"campaigns": campaigns}, "summary": summary, "injections": found}
    files.write_text_atomically(chosen.out, json.dumps(result, indent=1))
    print(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
