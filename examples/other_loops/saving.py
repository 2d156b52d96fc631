"""What the four examples share: their options, their data file and their figure."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

Run = Callable[[int, int], dict[str, Any]]
"""From the number of steps and a seed to numbers by name; what begins with "_" is for the figure alone."""
Draw = Callable[[dict[str, Any], Path], None]
"""Draws what a run found, into a file."""


def carry_out(text: str, run: Run, draw: Draw, steps: int, seeds: tuple[int, ...]) -> None:
    """Run an example from the command line: print its numbers, and write what is asked for."""
    parser = ArgumentParser(description=text)
    parser.add_argument("--steps", type=int, default=steps, help="iterations of each way; %(default)s")
    parser.add_argument("--seeds", type=int, nargs="+", default=seeds, help="one run of each way for each of them")
    parser.add_argument("--figure", type=Path, help="where to write the picture of the first seed")
    parser.add_argument("--results", type=Path, help="where to write the numbers, as JSON")
    chosen = parser.parse_args()
    runs = [run(chosen.steps, seed) for seed in chosen.seeds]
    numbers = [{name: value for name, value in each.items() if not name.startswith("_")} for each in runs]
    for way in numbers[0]:
        means = {name: _mean([each[way][name] for each in numbers]) for name in numbers[0][way]}
        print(f"{way:28}", "  ".join(f"{name} {value}" for name, value in means.items()))
    if chosen.results:
        document = {"steps": chosen.steps, "seeds": list(chosen.seeds), "torch": torch.__version__, "runs": numbers}
        chosen.results.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if chosen.figure:
        draw(runs[0], chosen.figure)


def _mean(values: Sequence[float]) -> str:
    found = torch.tensor(values)
    spread = f" ± {found.std():.3f}" if len(values) > 1 else ""
    return f"{found.mean():.3f}{spread}"
