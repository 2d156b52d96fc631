"""The figures of docs/performance.md and both of its pictures, from the measured data alone.

Run: python -m measurements.benchmarks.page      renews them from the files in results/benchmarks
"""

import json
import statistics
from typing import Any

from equipoise.common.files import write_text_atomically
from measurements import DOCS_FOLDER, FIGURES_FOLDER, take_no_words
from measurements.benchmarks import page_memory, page_rows, page_tricks, pictures
from measurements.benchmarks.page_rows import Settings
from measurements.benchmarks.settings import BENCHMARKS, PROCESSORS, SETTINGS, file_of
from measurements.pages import filled, table

PAGE = DOCS_FOLDER / "performance.md"


def read() -> dict[str, Any]:
    """The data files."""
    names = ("cpu", "operations", "host", "memory")
    return {name: json.loads((BENCHMARKS / f"{name}.json").read_text(encoding="utf-8")) for name in names}


def processors() -> dict[str, Settings]:
    """What was measured on each: idle, then busy, where there is either."""
    return {processor: _settings(processor) for processor in PROCESSORS}


def _settings(processor: str) -> Settings:
    files = {setting: file_of(setting, processor) for setting in SETTINGS}
    return {setting: json.loads(path.read_text(encoding="utf-8")) for setting, path in files.items() if path.exists()}


def figures(data: dict[str, Any], measured: dict[str, Settings]) -> dict[str, str]:
    """What stands at each marked place of the page.

    Args:
        data: of `read`.
        measured: of `processors`.
    """
    found, (first, *others) = data["cpu"], measured.values()
    passport = next(iter(first.values()))["passport"]
    return {
        "machine": _machine(passport),
        "earlier-machine": _machine(found["machine"]),
        "memory-machine": _machine(data["memory"]["machine"]),
        "machine-elsewhere": "; ".join(_machine(next(iter(each.values()))["passport"]) for each in others if each),
        "threads": str(passport["threads"]),
        "torch": passport["torch"],
        "python": passport["python"],
        "passports": _passports(first),
        "passports-elsewhere": "\n\n".join(_passports(each) for each in others),
        "start": table("processor | command | CPU seconds, median | best", _starts(measured)),
        "demo": table("processor | cores | seconds of `equipoise demo` (least to most)", _demos(measured)),
        **{f"host-{part}": _host(each) for part, each in data["host"]["microseconds"].items()},
        **page_rows.figures(first, data["operations"]),
        **page_rows.of_all(measured),
        **page_tricks.figures(first),
        **page_tricks.elsewhere(others),
        **page_memory.figures(found["input"], found["growth"], data["memory"]),
    }


def _host(shares: dict[str, dict[str, float]]) -> str:
    return f"{shares['loop_thread']['median']:.0f}"


def _machine(passport: dict[str, Any]) -> str:
    return f"{passport['processor']}, {passport['capability']}"


def _passports(measured: Settings) -> str:
    heads = "setting | beside the measurement | began | load average before | after | minutes for all rows"
    return table(heads, [_passport(*each) for each in measured.items()])


def _passport(name: str, found: dict[str, Any]) -> str:
    passport = found["passport"]
    loads = (f"{passport[key][0]:.2f}" for key in ("load_before", "load_after"))
    began = passport["started"][:16].replace("T", " ")
    minutes = f"{found['minutes']:.1f}" if "minutes" in found else page_rows.NOT_MEASURED
    return " | ".join([name, passport["beside"], began, *loads, minutes])


def _starts(measured: dict[str, Settings]) -> list[str]:
    return [
        f"{processor} | `{name}` | {times['median_seconds']:.2f} | {times['best_seconds']:.2f}"
        for processor, settings in measured.items()
        for name, times in settings.get("idle", {}).get("start", {}).items()
    ]


def _demos(measured: dict[str, Settings]) -> list[str]:
    found = {processor: settings.get("idle", {}).get("demo") for processor, settings in measured.items()}
    return [_demo(processor, each["cores"], each["seconds"]) for processor, each in found.items() if each]


def _demo(processor: str, cores: int, seconds: list[float]) -> str:
    return f"{processor} | {cores} | {statistics.median(seconds):.0f} ({min(seconds):.0f} to {max(seconds):.0f})"


def main() -> None:
    """The page and the pictures."""
    data, measured = read(), processors()
    rows = {name: found["rows"] for name, found in measured[PROCESSORS[0]].items()}
    pictures.speeds(rows, FIGURES_FOLDER / "performance.png")
    pictures.growth(data["cpu"]["growth"], FIGURES_FOLDER / "growth.png")
    write_text_atomically(PAGE, filled(PAGE, figures(data, measured)))


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
