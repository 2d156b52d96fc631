"""Make the kept runs of a release, with that release installed: python tests/training/kept/make.py FOLDER.

Each is an interrupted run as a user's is, with its checkpoint of half way and its log up to there, and beside it what
the same version made of it. Later versions are held to that by tests/training/test_kept_runs.py.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
FIXED = ("--device", "cpu", "--threads", "1", "--quiet")
SAMPLES = 6
METRIC = "nearest-neighbours"


def equipoise(*words: object) -> None:
    """Run one command, as a user does."""
    subprocess.run([sys.executable, "-m", "equipoise", *map(str, words)], check=True)


def samples(run: Path) -> list[list[int]]:
    """The first samples of a run's newest checkpoint, as bytes."""
    file = run / "samples.npz"
    equipoise("sample", run, "--count", SAMPLES, "--out", file, "--device", "cpu")
    with np.load(file) as arrays:
        found: list[list[int]] = arrays[arrays.files[0]].reshape(SAMPLES, -1).tolist()
    file.unlink()
    return found


def score(run: Path) -> float:
    """What `evaluate` finds on a run's newest checkpoint."""
    equipoise("evaluate", run, "--metrics", METRIC, "--samples", SAMPLES, *FIXED)
    document: Any = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    (run / "scores.json").unlink()
    value: float = document["scores"][0]["value"]
    return value


def make(configuration: Path, run: Path) -> None:
    """Train to the end, go back to the checkpoint of half way, and write down what was seen at both."""
    equipoise("train", configuration, "--out", run, *FIXED)
    expected: dict[str, Any] = {"end": {"samples": samples(run)}}
    log = (run / "metrics.jsonl").read_text(encoding="utf-8")
    half, whole = sorted((run / "checkpoints").glob("*.json"))
    for path in (whole, whole.with_suffix(".safetensors"), *(run / "samples").glob("*[1-9].png")):
        path.unlink()
    index = json.loads(half.read_text(encoding="utf-8"))
    (run / "metrics.jsonl").write_text(log[: index["extra"]["log"]["bytes"]], encoding="utf-8")
    expected["end"]["values"] = json.loads(log.splitlines()[-1])["values"]
    expected["half way"] = {"samples": samples(run), "score": score(run)}
    (run / "report.html").unlink()
    (run / "expected.json").write_text(json.dumps(expected) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for configuration in sorted(HERE.glob("*.yaml")):
        make(configuration, HERE / sys.argv[1] / configuration.stem)
