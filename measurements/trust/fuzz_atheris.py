"""The readers of fuzz.py under atheris, which looks for inputs that reach new code: needs `pip install atheris`.

    python -m measurements.trust.fuzz_atheris --seconds 120 [--out counts.json]

Each reader is fuzzed in a process of its own, starting from its good input. A reader may accept an input or refuse it
with one sentence; any other exception, a crash of the process, more than 10 seconds or 2 GB end it as a finding.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TAIL_CHARACTERS = 2000


def fuzz_one(name: str, seconds: int, corpus: Path) -> None:
    """In a process of its own: fuzz one reader until the time is over or something is found."""
    import atheris

    with atheris.instrument_imports(include=["equipoise"]):
        from measurements.trust import fuzz
    from equipoise.common.errors import EquipoiseError

    target = next(each for each in fuzz.targets(corpus.parent) if each.name == name)
    (corpus / "good").write_bytes(target.good)

    def try_one(data: bytes) -> None:
        try:
            target.read(data)
        except EquipoiseError:
            return

    limits = (f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", f"-max_len={4 * len(target.good)}")
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", f"-artifact_prefix={corpus}/", str(corpus)], try_one)
    atheris.Fuzz()


def counted(name: str, seconds: int) -> dict[str, Any]:
    """How many inputs one reader was given, how much of its code they reached, and what was found."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        words = [
            "-m",
            "measurements.trust.fuzz_atheris",
            "--one",
            name,
            "--seconds",
            str(seconds),
            "--corpus",
            str(corpus),
        ]
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, errors="replace")
        found = [
            path.read_bytes()[:4096].hex() for path in corpus.iterdir() if re.match("crash|timeout|oom", path.name)
        ]
        kept = len(list(corpus.iterdir())) - len(found)
    tried = re.findall(r"number_of_executed_units: (\d+)", done.stderr)
    reached = re.findall(r"cov: (\d+)", done.stderr)
    ended_well = done.returncode == 0 and bool(tried)
    return {
        "tried": int(tried[-1]) if tried else 0,
        "code_reached": int(reached[-1]) if reached else 0,
        "inputs_that_reached_new_code": kept,
        "findings": max(len(found), 0 if ended_well else 1),
        "examples": found,
        "error": None if ended_well else (done.stdout + done.stderr)[-TAIL_CHARACTERS:],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=120, help="for each reader")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        fuzz_one(chosen.one, chosen.seconds, chosen.corpus)
        return
    from equipoise.common.machine import git_commit
    from measurements.trust import fuzz

    passport = {"seconds_for_each": chosen.seconds, "commit": git_commit()}
    with tempfile.TemporaryDirectory() as folder:
        names = [target.name for target in fuzz.targets(Path(folder))]
    found = {}
    for name in names:
        found[name] = counted(name, chosen.seconds)
        print(name, found[name], flush=True)
    if chosen.out:
        chosen.out.write_text(json.dumps({"passport": passport, "readers": found}, indent=1))


if __name__ == "__main__":
    main()
