"""The figures of docs/performance.md and both of its pictures, from the measured data alone.

Run: python -m measurements.benchmarks.page      renews them from the files in results/benchmarks
"""

import json
from typing import Any

from equipoise.common.files import write_text_atomically
from measurements import DOCS_FOLDER, FIGURES_FOLDER, RESULTS_FOLDER
from measurements.benchmarks import page_memory, page_rows, page_tricks, pictures, stacks
from measurements.pages import filled, table

PAGE = DOCS_FOLDER / "performance.md"
DATA = RESULTS_FOLDER / "benchmarks"


def read() -> dict[str, Any]:
    """The data files."""
    names = ("cpu", "tricks", "stacks", "host")
    return {name: json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")) for name in names}


def figures(data: dict[str, Any]) -> dict[str, str]:
    """What stands at each marked place of the page."""
    found = data["cpu"]
    machine = found["machine"]
    return {
        "machine": f"{machine['processor']}, {machine['capability']}",
        "threads": str(machine["threads"]),
        "torch": machine["torch"],
        "python": machine["python"],
        "start": table("command | CPU seconds, median | best", [_start(*each) for each in found["start"].items()]),
        "minutes": f"{found['whole']['minutes']:.1f}",
        "stacks": stacks.rows(data["stacks"]),
        **{f"host-{part}": _host(each) for part, each in data["host"]["microseconds"].items()},
        **page_rows.figures(found["rows"]),
        **page_tricks.figures(data["tricks"]),
        **page_memory.figures(found["input"], found["growth"]),
    }


def _host(shares: dict[str, dict[str, float]]) -> str:
    return f"{shares['loop_thread']['median']:.0f}"


def _start(name: str, times: dict[str, float]) -> str:
    return f"`{name}` | {times['median_seconds']:.2f} | {times['best_seconds']:.2f}"


def main() -> None:
    """The page and the pictures."""
    data = read()
    pictures.speeds(data["cpu"]["rows"], FIGURES_FOLDER / "performance.png")
    pictures.growth(data["cpu"]["growth"], FIGURES_FOLDER / "growth.png")
    write_text_atomically(PAGE, filled(PAGE, figures(data)))


if __name__ == "__main__":
    main()
