"""The page's parts beside the rows: the way of the data, peak memory, and growth with its figure."""

from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

Points = list[dict[str, Any]]


def input_section(found: dict[str, Any]) -> str:
    """From a folder to the first step, every epoch after, and what a step waits."""
    if not found:
        return ""
    lines = [
        "## From a folder to the first step",
        "",
        f"{found['pictures']} are read, decoded, resized and kept as bytes in the cache; a later start",
        "reads the cache. An epoch draws every image once, from bytes in memory to floating-point batches of 64. CPU",
        "seconds, all threads together; the last column is of 2,048 images in memory, over five epochs.",
        "",
        "| side | first start, s | images decoded a second | later start, s | an epoch of them, s | images a second |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for folder, memory in zip(found["folder"], found["in_memory"], strict=True):
        first, rate = folder["first_start_seconds"], folder["decoded_images_per_second"]
        later, epoch = folder["later_start_seconds"], folder["epoch_seconds"]
        lines.append(
            f"| {folder['side']} | {first:.2f} | {rate:,.0f} | {later:.3f} | {epoch:.3f} | "
            f"{memory['images_per_second']:,.0f} |"
        )
    lines += [
        "",
        "Data lie in memory (or in a mapped file), and a batch is drawn by the training thread itself: there is no",
        "queue to run dry. What a step waits is the time inside `source.batch`:",
        "",
        "| game | CPU seconds an iteration | share of it that draws real data |",
        "| --- | --- | --- |",
        *(
            f"| {each['game']} | {each['seconds_per_iteration']:.3g} | {each['share']:.2%} |"
            for each in found["waiting"]
        ),
    ]
    return "\n".join(lines) + "\n"


def growth_section(found: dict[str, Any]) -> str:
    """Peak memory of the families, and growth."""
    if not found:
        return ""
    lines = [
        "## Memory",
        "",
        "One whole iteration of the adversarial stage in a fresh process, on random images, at the paper's batch; one",
        "discriminator step an iteration. Peak is the largest resident size of the process; of it, about",
        f"{_idle(found['memory']):.0f} MiB are Python, torch and the libraries before anything is built.",
        "",
        "| recipe | batch | parameters | peak, MiB | above the libraries, MiB | CPU seconds an iteration |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {each['recipe']} | {each['batch']} | {each['parameters']:,} | {each['peak_mib']:,.0f} | "
            f"{each['peak_above_start_mib']:,.0f} | {each['seconds']:.3g} |"
            for each in found["memory"]
        ),
        "",
        "## Growth",
        "",
        "![Time per image, and peak memory, as batch, resolution and data set grow](figures/growth.png)",
        "",
        "The figure's time is that of 32x32 pixels, one image but for the larger sides.",
        "Batch: the repulsive MMD GAN of 32x32 images. Resolution and data set: a DCGAN of width 16 at batch 16.",
        "Processes: what one of them sends in a step of `gan-digits`, in bytes, since processes that share a machine's",
        "cores say nothing of seconds; [scaling](scaling.md) has more.",
        "",
        "| what grows | to | CPU ms an image | above the libraries, MiB |",
        "| --- | --- | --- | --- |",
    ]
    for axis, field in (("batch", "batch"), ("resolution", "image_size"), ("images", "images")):
        lines += [
            f"| {axis} | {each[field]:,} | {1000 * each['seconds_per_image']:.3g} | "
            f"{each['peak_above_start_mib']:,.0f} |"
            for each in found[axis]
        ]
    lines += ["", "| processes | bytes reduced a step | bytes gathered a step |", "| --- | --- | --- |"]
    lines += [
        f"| {each['processes']} | {each['bytes_reduced_per_step']:,} | {each['bytes_gathered_per_step']:,} |"
        for each in found["ranks"]
    ]
    return "\n".join(lines) + "\n"


def growth_figure(found: dict[str, Any], path: Any) -> None:
    """One row of panels for time, one for memory."""
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    panels = figure.subplots(2, 3)
    axes = (
        ("batch", "batch", "batch size"),
        ("resolution", "image_size", "side, pixels"),
        ("images", "images", "images"),
    )
    for column, (axis, field, label) in enumerate(axes):
        _panel(panels[0][column], found[axis], field, "", _milliseconds)
        _panel(panels[1][column], found[axis], field, label, lambda each: each["peak_above_start_mib"])
    panels[0][0].set_ylabel("CPU ms for 32x32 pixels")
    panels[1][0].set_ylabel("MiB above the libraries")
    figure.savefig(path, dpi=110)


def _milliseconds(point: dict[str, Any]) -> float:
    """For an image, or for 32x32 pixels of a larger one."""
    return 1000 * float(point["seconds_per_image"]) * (32 / float(point["image_size"])) ** 2


def _panel(panel: Axes, points: Points, field: str, label: str, value: Callable[[dict[str, Any]], float]) -> None:
    places = [each[field] for each in points]
    panel.plot(places, [value(each) for each in points], marker="o", color="#4477aa")
    panel.set_xscale("log", base=2 if max(places) < 1000 else 10)
    panel.set_xticks(places, [f"{place:,}" for place in places])
    panel.minorticks_off()
    panel.set_ylim(0, 1.1 * max(value(each) for each in points))
    panel.set_xlabel(label)
    panel.spines[["top", "right"]].set_visible(False)


def _idle(points: Points) -> float:
    return float(sum(each["peak_mib"] - each["peak_above_start_mib"] for each in points) / len(points))
