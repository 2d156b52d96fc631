"""Writes the tables of docs/trust.md and docs/scaling.md from the data files in results/trust.

python -m measurements.figures.trust
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from equipoise.common.files import write_text_atomically
from measurements import DOCS_FOLDER, RESULTS_FOLDER

DATA = RESULTS_FOLDER / "trust"
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
        f"{struck} faults were injected into {runs['runs']} runs of {runs['experiments']} toy experiments, which\n"
        f"cover every algorithm ({runs['faults'] - struck} more arrived after the run had ended), and "
        f"{studies['struck_before_the_end']} into a study."
    )


def health(data: Data) -> str:
    rows = [
        line(row["name"], *(f"{row['ways']['without']['ratio'][key]:.3f}" for key in ("median", *QUARTILES)))
        for row in data["health"]["rows"]
    ]
    head = ["| recipe | ratio (median) | lower quartile | upper quartile |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows])


QUARTILES = ("lower_quartile", "upper_quartile")


def ranks(data: Data) -> str:
    found = data["ranks"]
    largest, smallest = max(found["largest"].values()), found["smallest_without_the_gather"]
    return (
        f"In float64, after 20 iterations, all {found['experiments']} toy experiments agree with one process to "
        f"{largest:.1e}\nat 2 and at 4 processes (`results/trust/ranks.json`). Without gathering the scores, the "
        f"closest one differs by {smallest:.0e}."
    )


def wire(data: Data) -> str:
    last = data["processes"]["sittings"][-1]
    sent = last["messages"]
    rows = [
        line(f"{gathered['bytes']:,}", *(f"{1e3 * row['seconds']:.2f}" for row in (gathered, reduced)))
        for gathered, reduced in zip(sent[::2], sent[1::2], strict=True)
    ]
    fit = last["wire"]
    return "\n".join(
        [
            "| bytes per process | gather, ms | sum, ms |",
            "| --- | --- | --- |",
            *rows,
            "",
            f"That is a latency of {1e6 * fit['gather_seconds']:.0f} us for a gather and "
            f"{1e6 * fit['reduce_seconds']:.0f} us for a sum, and a bandwidth of "
            f"{fit['bandwidth_bytes_per_second'] / 1e9:.2f} GB/s.",
        ]
    )


POINTS = (
    "recipe",
    "parameters",
    "bytes",
    "messages",
    "1 process",
    "1 process, half batch",
    "work",
    "waiting",
    "time for messages",
    "model",
    "2 processes",
    "model / measured",
    "all sessions",
)


def points(data: Data) -> str:
    sittings = [sitting["points"] for sitting in data["processes"]["sittings"]]
    rows = [point(each) for each in zip(*sittings, strict=True)]
    return "\n".join([line(*POINTS), line(*["---"] * len(POINTS)), *rows])


def point(sittings: Sequence[Data]) -> str:
    """The last session, and how far the model was off in any."""
    found, ratios = sittings[-1], [each["predicted_over_measured"] for each in sittings]
    shared, sent = found["all_processes"], found["all_processes"]["collectives"]
    work, together = shared["work"]["seconds"], shared["work_and_waiting"]["seconds"]
    predicted = found["predicted"]
    alone = (found[name]["seconds"] for name in ("one_process", "one_process_with_its_part"))
    times = (*alone, work, together - work, predicted["messages_seconds"], predicted["step_seconds"])
    return line(
        found["recipe"],
        f"{shared['parameters']:,}",
        f"{sum(each['bytes'] for each in sent.values()):,}",
        sum(each["messages"] for each in sent.values()),
        *(f"{1e3 * each:.1f} ms" for each in (*times, shared["step"]["seconds"])),
        f"{ratios[-1]:.2f}",
        f"{min(ratios):.2f} to {max(ratios):.2f}",
    )


PREDICTION = """Assume {millions:.0f} million parameters in both players, stepped once per iteration; batch {batch:,}
({each:.0f} per GPU); {gigabytes:.0f} GB/s between GPUs; {microseconds:.0f} us per message; {batch_normalisations} batch
normalisations with {messages_of_one_batch_normalisation_and_pass} messages in each of {passes} passes, and
{other_messages} other messages; {compute:.0f} ms to compute 64 images; and {waiting_share_of_compute:.0%} of that
for waiting. Each iteration then reduces {reduced:.0f} MB, which takes {travelling:.1f} ms. The latency of
{messages_per_step} messages adds {latency:.1f} ms. A step takes {step:.0f} ms, or {images_per_second:,.0f} images per
second. That is {share_of_ideal_speed:.0%} of 64 times the speed of one GPU, and {share_without_batch_normalisation:.0%}
without batch normalisation."""


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
    text = (DOCS_FOLDER / document).read_text(encoding="utf-8")
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
        write_text_atomically(DOCS_FOLDER / document, filled(document, data))


if __name__ == "__main__":
    main()
