"""docs/performance.md and docs/figures/performance.png, from the measured figures alone.

Run: python -m measurements.benchmarks.page      rewrites both from results/benchmarks/cpu.json
"""

import json
from typing import Any

import matplotlib

from measurements import ROOT

matplotlib.use("Agg")
from matplotlib import pyplot

from equipoise.common.files import write_text_atomically
from measurements.benchmarks.page_growth import growth_figure, growth_section, input_section
from measurements.benchmarks.page_missed import missed_section
from measurements.benchmarks.page_tricks import peak_section, tricks_section

FIGURE = ROOT / "docs" / "figures" / "performance.png"
PAGE = ROOT / "docs" / "performance.md"

HEAD = """# Performance

This page compares Equipoise with plain PyTorch code that gives the same results, and with other libraries.

**How to read it.** Each row is one task, implemented in two or more ways and run alternately (A B A B) on one CPU
thread. "Times as fast" is relative to the first way of the same task: the median of the ratios of each round, with
quartiles. Trust ratios over times, because other work used the machine at the same time. Each way of a training step
has its own process; in ours, memory is kept between steps, as in a real run.

The plain implementations are in `measurements/benchmarks/plain.py`. `python -m measurements.benchmarks.run` measures
every row again and rewrites this page from `results/benchmarks/cpu.json`.

"""


def write(found: dict[str, Any]) -> None:
    """Both files."""
    _draw(found["rows"])
    growth = found.get("growth", {})
    if growth:
        growth_figure(growth, ROOT / "docs" / "figures" / "growth.png")
    parts = [
        HEAD,
        _machine(found["machine"]),
        _table(found["rows"]),
        _others(found["rows"]),
        missed_section(found["rows"]),
        peak_section(found["rows"]),
        tricks_section(),
        _start(found.get("start", {})),
        input_section(found.get("input", {})),
        growth_section(growth),
        _whole(found.get("whole", {})),
    ]
    write_text_atomically(PAGE, "\n".join(part for part in parts if part))


def _machine(machine: dict[str, Any]) -> str:
    return (
        f"Measured on a CPU ({machine['processor']}, {machine['capability']}), {machine['threads']} thread, "
        f"torch {machine['torch']}, Python {machine['python']}.\n\n"
        "**Nothing has been measured on a GPU yet.** `make bench-gpu` is ready to do it. CUDA graphs (`--graphs`),\n"
        "TF32 and bfloat16 (`--precision`) have been tested on a CPU only, as far as possible: a run that reads\n"
        "from the buffers of the graphs gives the same bits as a plain one. Layouts and cuDNN's trials (`--layout`,\n"
        "`--cudnn-trials`) have not been measured on a GPU either; the default is channels last without trials.\n\n"
        "![Speed of each way, relative to plain code](figures/performance.png)\n"
    )


def _table(rows: dict[str, Any]) -> str:
    lines = [
        "| task | way | times as fast (quartiles) | target | seconds | GFLOP | GFLOP/s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows.values():
        lines += [_line(row, name, way) for name, way in row["ways"].items()]
    return "\n".join(lines) + "\n"


def _line(row: dict[str, Any], name: str, way: dict[str, Any]) -> str:
    ratio, first = way["ratio"], name == row["first"]
    speed = "1" if first else f"{ratio['median']:.2f} ({ratio['lower_quartile']:.2f} to {ratio['upper_quartile']:.2f})"
    target = f"{row['target'][name]:.2f}" if name in row["target"] else ""
    work = f"{row['name']}: {row['work']}" if first else ""
    gigaflop = f"{way['gigaflop']:.3g}" if way["gigaflop"] else ""
    rate = f"{way['gigaflop'] / way['median_seconds']:.3g}" if way["gigaflop"] else ""
    return f"| {work} | {name} | {speed} | {target} | {way['median_seconds']:.3g} | {gigaflop} | {rate} |"


def _others(rows: dict[str, Any]) -> str:
    """Targets against other ways than the first."""
    lines = [
        f"| {row['name']} | {also['way']} | {other} | {also['ratio']['median']:.2f} "
        f"({also['ratio']['lower_quartile']:.2f} to {also['ratio']['upper_quartile']:.2f}) | {also['target']:.2f} |"
        for row in rows.values()
        for other, also in row.get("also", {}).items()
    ]
    if not lines:
        return ""
    head = ["| task | way | compared with | times as fast (quartiles) | target |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *lines]) + "\n"


def _whole(whole: dict[str, Any]) -> str:
    if not whole:
        return ""
    return (
        "## Measure it yourself\n\n"
        f"`make bench` measured all of this in {whole['minutes']:.1f} minutes, on a machine that was also used for\n"
        "other work. Rows with batch 64, 1,000 pairs and 50,000 samples are measured separately, by\n"
        "`python -m measurements.benchmarks.run --long`.\n"
        "`make bench-check` measures the short rows again, and fails if a ratio has fallen by more than 30%.\n"
    )


def _start(start: dict[str, Any]) -> str:
    if not start:
        return ""
    lines = ["## Start-up time", "", "| command | CPU seconds, median | best |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {t['median_seconds']:.2f} | {t['best_seconds']:.2f} |" for name, t in start.items()]
    return "\n".join(lines) + "\n"


def _draw(rows: dict[str, Any]) -> None:
    bars = [
        (f"{row['name']}\n{name}", way["ratio"], row["target"].get(name))
        for row in rows.values()
        for name, way in row["ways"].items()
        if name != row["first"]
    ]
    figure, axes = pyplot.subplots(figsize=(8, 0.55 * len(bars) + 1), layout="constrained")
    for place, (_, ratio, target) in enumerate(reversed(bars)):
        spread = [[ratio["median"] - ratio["lower_quartile"]], [ratio["upper_quartile"] - ratio["median"]]]
        axes.barh(place, ratio["median"], color="#4477aa", height=0.6, xerr=spread, ecolor="#222222")
        if target is not None:
            axes.plot([target, target], [place - 0.4, place + 0.4], color="#cc3311", linewidth=2)
    axes.set_yticks(range(len(bars)), [label for label, _, _ in reversed(bars)], fontsize=8)
    axes.axvline(1, color="#888888", linewidth=1)
    axes.set_xlabel("times as fast as plain code (red: the target)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(FIGURE, dpi=110)
    pyplot.close(figure)


if __name__ == "__main__":
    write(json.loads((ROOT / "results" / "benchmarks" / "cpu.json").read_text(encoding="utf-8")))
