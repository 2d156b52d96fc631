"""Writes the tables of docs/trust.md and docs/scaling.md from the data files in results/trust.

python -m measurements.figures.trust
"""

import json
from collections.abc import Sequence
from typing import Any

from equipoise.common.files import write_text_atomically
from measurements import DOCS_FOLDER, RESULTS_FOLDER, take_no_words
from measurements.pages import filled, table

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


def injected(data: Data) -> dict[str, str]:
    runs, studies = data["faults"]["summary"], data["study_faults"]["summary"]
    struck = runs["struck_before_the_end"]
    return {
        "runs": str(runs["runs"]),
        "experiments": str(runs["experiments"]),
        "run-faults": str(struck),
        "late-faults": str(runs["faults"] - struck),
        "study-faults": str(studies["struck_before_the_end"]),
    }


def health(data: Data) -> str:
    rows = [
        line(row["name"], *(f"{row['ways']['without']['ratio'][key]:.3f}" for key in ("median", *QUARTILES)))
        for row in data["health"]["rows"]
    ]
    head = ["| recipe | ratio (median) | lower quartile | upper quartile |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows])


QUARTILES = ("lower_quartile", "upper_quartile")


def ranks(data: Data) -> dict[str, str]:
    found = data["ranks"]
    return {
        "experiments": str(found["experiments"]),
        "largest": f"{max(found['largest'].values()):.1e}",
        "without-gather": f"{found['smallest_without_the_gather']:.0e}",
    }


def wire(data: Data) -> dict[str, str]:
    last = data["processes"]["sittings"][-1]
    sent, fit = last["messages"], last["wire"]
    rows = [
        line(f"{gathered['bytes']:,}", *(f"{1e3 * row['seconds']:.2f}" for row in (gathered, reduced)))
        for gathered, reduced in zip(sent[::2], sent[1::2], strict=True)
    ]
    return {
        "wire": "\n".join(["| bytes per process | gather, ms | sum, ms |", "| --- | --- | --- |", *rows]),
        "gather": f"{1e6 * fit['gather_seconds']:.0f}",
        "sum": f"{1e6 * fit['reduce_seconds']:.0f}",
        "bandwidth": f"{fit['bandwidth_bytes_per_second'] / 1e9:.2f}",
    }


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


def prediction(data: Data) -> dict[str, str]:
    given, found = data["processes"]["gpus"]["assumed"], data["processes"]["gpus"]["predicted"]
    assumed = {
        "GPUs": f"{given['gpus']:.0f}",
        "parameters of both players, stepped once per iteration": f"{given['parameters_stepped']:,.0f}",
        "batch": f"{given['batch']:,.0f} ({given['batch'] / given['gpus']:.0f} per GPU)",
        "bandwidth between GPUs": f"{given['bandwidth_bytes_per_second'] / 1e9:.0f} GB/s",
        "latency of a message": f"{1e6 * given['latency_seconds']:.0f} us",
        "batch normalisations": f"{given['batch_normalisations']:.0f}",
        "messages of each, in one pass": f"{given['messages_of_one_batch_normalisation_and_pass']:.0f}",
        "passes": f"{given['passes']:.0f}",
        "other messages": f"{given['other_messages']:.0f}",
        "time to compute 64 images": f"{1e3 * given['compute_seconds_of_64_images']:.0f} ms",
        "waiting, as a share of it": f"{given['waiting_share_of_compute']:.0%}",
    }
    predicted = {
        "summed gradients": f"{found['bytes_reduced_per_step'] / 1e6:.0f} MB",
        "time to send them": f"{1e3 * found['seconds_of_travelling']:.1f} ms",
        "messages": f"{found['messages_per_step']:.0f}",
        "their latency": f"{1e3 * found['seconds_of_latency']:.1f} ms",
        "time of a step": f"{1e3 * found['seconds_per_step']:.0f} ms",
        "images per second": f"{found['images_per_second']:,.0f}",
        "share of 64 times the speed of one GPU": f"{found['share_of_ideal_speed']:.0%}",
        "the same without batch normalisation": f"{found['share_without_batch_normalisation']:.0%}",
    }
    return {
        "assumed": table("assumption | value", [f"{name} | {value}" for name, value in assumed.items()]),
        "predicted": table("prediction | value", [f"{name} | {value}" for name, value in predicted.items()]),
    }


def figures(document: str, data: Data) -> dict[str, str]:
    """By the names of the document's places."""
    if document == "trust.md":
        return {"trust": trust(data), "health": health(data), **injected(data)}
    return {"points": points(data), **ranks(data), **wire(data), **prediction(data)}


def renewed(document: str, data: Data) -> str:
    """A document's text with every figure of the data."""
    return filled(DOCS_FOLDER / document, figures(document, data))


def main() -> None:
    data = read()
    for document in ("trust.md", "scaling.md"):
        write_text_atomically(DOCS_FOLDER / document, renewed(document, data))


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
