"""The figures of docs/performance.md and both of its pictures, from the measured data alone.

Run: python -m measurements.benchmarks.page      renews them from the files in results/benchmarks
"""

import json
from typing import Any

from equipoise.common.files import write_text_atomically
from measurements import DOCS_FOLDER, FIGURES_FOLDER, RESULTS_FOLDER, take_no_words
from measurements.benchmarks import page_memory, page_rows, page_tricks, pictures
from measurements.benchmarks.settings import SETTINGS
from measurements.pages import filled, table

PAGE = DOCS_FOLDER / "performance.md"
DATA = RESULTS_FOLDER / "benchmarks"


def read() -> dict[str, Any]:
    """The data files; of the settings those that were measured."""
    names = ("idle", "busy", "cpu", "operations", "host", "memory")
    files = {name: DATA / f"{name}.json" for name in names}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in files.items() if path.exists()}


def settings(data: dict[str, Any]) -> dict[str, Any]:
    """What was measured in each, idle first."""
    return {name: data[name] for name in SETTINGS if name in data}


def figures(data: dict[str, Any]) -> dict[str, str]:
    """What stands at each marked place of the page."""
    found, measured = data["cpu"], settings(data)
    passport = next(iter(measured.values()))["passport"]
    return {
        "machine": _machine(passport),
        "earlier-machine": _machine(found["machine"]),
        "memory-machine": _machine(data["memory"]["machine"]),
        "threads": str(passport["threads"]),
        "torch": passport["torch"],
        "python": passport["python"],
        "passports": table(
            "setting | beside the measurement | began | load average before | after | minutes for all rows",
            [_passport(*each) for each in measured.items()],
        ),
        "start": table("command | CPU seconds, median | best", [_start(*each) for each in found["start"].items()]),
        **{f"host-{part}": _host(each) for part, each in data["host"]["microseconds"].items()},
        **page_rows.figures(measured, data["operations"]),
        **page_tricks.figures(measured),
        **page_memory.figures(found["input"], found["growth"], data["memory"]),
    }


def _host(shares: dict[str, dict[str, float]]) -> str:
    return f"{shares['loop_thread']['median']:.0f}"


def _machine(passport: dict[str, Any]) -> str:
    return f"{passport['processor']}, {passport['capability']}"


def _passport(name: str, found: dict[str, Any]) -> str:
    passport = found["passport"]
    loads = (f"{passport[key][0]:.2f}" for key in ("load_before", "load_after"))
    began = passport["started"][:16].replace("T", " ")
    minutes = f"{found['minutes']:.1f}" if "minutes" in found else page_rows.NOT_MEASURED
    return " | ".join([name, passport["beside"], began, *loads, minutes])


def _start(name: str, times: dict[str, float]) -> str:
    return f"`{name}` | {times['median_seconds']:.2f} | {times['best_seconds']:.2f}"


def main() -> None:
    """The page and the pictures."""
    data = read()
    pictures.speeds({name: found["rows"] for name, found in settings(data).items()}, FIGURES_FOLDER / "performance.png")
    pictures.growth(data["cpu"]["growth"], FIGURES_FOLDER / "growth.png")
    write_text_atomically(PAGE, filled(PAGE, figures(data)))


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
