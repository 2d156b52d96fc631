"""Writes the tables of docs/trust.md and docs/scaling.md from the data files in results/trust.

python docs/figures/trust.py
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from equipoise.common.files import write_text_atomically

DOCS = Path(__file__).parents[1]
DATA = DOCS.parent / "results" / "trust"
NAMES = ("faults", "study_faults", "ray_faults", "tests", "fuzz", "fuzz_atheris", "health", "processes", "ranks")
LINES = ("| fault or input | tried | lost or wrong | worst recovery |", "| --- | --- | --- | --- |")
Data = dict[str, Any]


def read() -> Data:
    return {name: json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}


def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def line(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def trust(data: Data) -> str:
    """One row for each fault or input."""
    rows = [
        line(f"a run: {kind}", row["struck_before_the_end"], row["runs_lost_or_wrong"], worst(row))
        for kind, row in data["faults"]["summary"]["by_kind"].items()
    ]
    rows += [
        line(f"a study: {kind}", row["struck_before_the_end"], row["studies_lost_or_wrong"], worst(row))
        for kind, row in data["study_faults"]["summary"]["by_kind"].items()
        if row["tried"]
    ]
    ray = data["ray_faults"]["summary"]
    rows.append(
        line("a study on Ray: a killed node", ray["struck_before_the_end"], ray["studies_lost_or_wrong"], worst(ray))
    )
    rows += [
        line(name, row["tried"], row["lost_or_wrong"], seconds(row.get("recovery_seconds")))
        for name, row in data["tests"]["rows"].items()
        if row["tried"]
    ]
    rows += [
        line(f"damaged bytes: {name}", f"{row['tried']:,}", row["findings"], "") for name, row in fuzzed(data).items()
    ]
    return "\n".join([*LINES, *rows])


def worst(row: Data) -> str:
    return seconds(row["worst_recovery_seconds"])


def fuzzed(data: Data) -> dict[str, Data]:
    """The inputs of both fuzzers together."""
    found: dict[str, Data] = {}
    for source in ("fuzz", "fuzz_atheris"):
        for name, row in data[source]["readers"].items():
            kept = found.setdefault(name, {"tried": 0, "findings": 0})
            kept["tried"] += row["tried"]
            kept["findings"] += row["findings"]
    return found


def injected(data: Data) -> str:
    runs, studies = data["faults"]["summary"], data["study_faults"]["summary"]
    struck = runs["struck_before_the_end"]
    return (
        f"{struck} faults struck {runs['runs']} runs of {runs['experiments']} toy experiments, of every algorithm,\n"
        f"before they were over ({runs['faults'] - struck} more came too late), and "
        f"{studies['struck_before_the_end']} a study."
    )


def health(data: Data) -> str:
    rows = [
        line(row["name"], *(f"{row['ways']['without']['ratio'][key]:.3f}" for key in ("median", *QUARTILES)))
        for row in data["health"]["rows"]
    ]
    return "\n".join(["| recipe | ratio | quarter below | quarter above |", "| --- | --- | --- | --- |", *rows])


QUARTILES = ("lower_quartile", "upper_quartile")


def ranks(data: Data) -> str:
    found = data["ranks"]
    largest, smallest = max(found["largest"].values()), found["smallest_without_the_gather"]
    return (
        f"In float64, after 20 iterations, all {found['experiments']} toy experiments agree with one process to "
        f"{largest:.1e}\nat 2 and at 4 processes (`results/trust/ranks.json`); without the gather the nearest one is "
        f"{smallest:.0e} away."
    )


def wire(data: Data) -> str:
    rows = [
        line(f"{row['bytes']:,}", f"{1e3 * row['seconds_fastest']:.2f}", f"{1e3 * row['seconds_median']:.2f}")
        for row in data["processes"]["all_reduce"]
    ]
    fit = data["processes"]["wire"]
    return "\n".join(
        [
            "| bytes of an all-reduce | fastest, ms | median, ms |",
            "| --- | --- | --- |",
            *rows,
            "",
            f"That is a latency of {1e6 * fit['latency_seconds']:.0f} us and "
            f"{fit['bandwidth_bytes_per_second'] / 1e9:.2f} GB/s.",
        ]
    )


def points(data: Data) -> str:
    head = (
        "recipe",
        "parameters",
        "bytes",
        "messages",
        "1 process",
        "its half",
        "2 processes",
        "model",
        "model / measured",
    )
    rows = [
        line(
            point["all_processes"]["recipe"],
            f"{point['all_processes']['parameters']:,}",
            f"{point['all_processes']['bytes_reduced_per_step']:,}",
            point["all_processes"]["messages_per_step"],
            *(milliseconds(point[name]) for name in ("one_process", "one_process_with_its_part", "all_processes")),
            f"{1e3 * point['predicted_seconds_per_step']:.1f} ms",
            f"{point['predicted_over_measured']:.2f}",
        )
        for point in data["processes"]["points"]
    ]
    return "\n".join([line(*head), line(*["---"] * len(head)), *rows])


def milliseconds(point: Data) -> str:
    return f"{1e3 * point['seconds_per_step_fastest']:.1f} ms"


PREDICTION = """Take {millions:.0f} million parameters in both players, stepped once an iteration, batch {batch:,}
({each:.0f} a GPU), {gigabytes:.0f} GB/s between GPUs, {microseconds:.0f} us a message, {batch_normalisations} batch
normalisations with {messages_of_one_batch_normalisation_and_pass} messages in each of {passes} passes, and
{compute:.0f} ms to compute 64 images. An iteration then reduces {reduced:.0f} MB, which travel for {travelling:.1f} ms;
latency adds {latency:.1f} ms; a step takes {step:.0f} ms, {images_per_second:,.0f} images a second:
{share_of_ideal_speed:.0%} of 64 times one GPU's speed, and {share_without_batch_normalisation:.0%} without batch
normalisation."""


def prediction(data: Data) -> str:
    assumed, found = data["processes"]["gpus"]["assumed"], data["processes"]["gpus"]["predicted"]
    shown = {
        "millions": assumed["parameters_stepped"] / 1e6,
        "each": assumed["batch"] / assumed["gpus"],
        "gigabytes": assumed["bandwidth_bytes_per_second"] / 1e9,
        "microseconds": 1e6 * assumed["latency_seconds"],
        "compute": 1e3 * assumed["compute_seconds_of_64_images"],
        "reduced": found["bytes_reduced_per_step"] / 1e6,
        "travelling": 1e3 * found["seconds_of_travelling"],
        "latency": 1e3 * found["seconds_of_latency"],
        "step": 1e3 * found["seconds_per_step"],
    }
    return PREDICTION.format_map(assumed | found | shown)


PLACES: dict[str, tuple[str, Callable[[Data], str]]] = {
    "trust": ("trust.md", trust),
    "injected": ("trust.md", injected),
    "health": ("trust.md", health),
    "ranks": ("scaling.md", ranks),
    "wire": ("scaling.md", wire),
    "points": ("scaling.md", points),
    "prediction": ("scaling.md", prediction),
}
"""Between <!-- NAME --> and <!-- end --> of a document stands what the function makes of the data."""


def filled(document: str, data: Data) -> str:
    """A document's text with every table renewed."""
    text = (DOCS / document).read_text(encoding="utf-8")
    for name, (place, make) in PLACES.items():
        if place == document:
            before, begin, rest = text.partition(f"<!-- {name} -->\n")
            _, end, after = rest.partition("<!-- end -->")
            assert begin, f"{document} has no place for {name}"
            assert end, f"the place of {name} in {document} has no end"
            text = f"{before}{begin}{make(data)}\n{end}{after}"
    return text


def main() -> None:
    data = read()
    for document in sorted({place for place, _ in PLACES.values()}):
        write_text_atomically(DOCS / document, filled(document, data))


if __name__ == "__main__":
    main()
