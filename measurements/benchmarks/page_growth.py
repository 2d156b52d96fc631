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
        "## Reading data",
        "",
        f"At the first start, {found['pictures']} are read, decoded, resized and stored as bytes in the",
        "cache. Later starts read the cache. An epoch draws every image once, from bytes in memory to floating-point",
        "batches of 64. Times are CPU seconds of all threads together. The last column is for 2,048 images in memory,",
        "over five epochs.",
        "",
        "| side | first start, s | images decoded per s | later start, s | one epoch, s | images per s, in memory |",
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
        "The data are in memory (or in a memory-mapped file), and the training thread draws each batch itself, so",
        "there is no queue that can run empty. The time a step waits for data is the time inside `source.batch`:",
        "",
        "| recipe | CPU seconds per iteration | share spent on drawing real data |",
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
        "One whole iteration of the adversarial stage in a new process, on random images, with the paper's batch size",
        "and one discriminator step per iteration. Peak is the largest resident size of the process. Python, torch and",
        f"the libraries alone take about {_idle(found['memory']):.0f} MiB of it.",
        "",
        "| recipe | batch | parameters | peak, MiB | without libraries, MiB | CPU seconds per iteration |",
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
        "The figure shows the time per 32x32 pixels: one image, or a part of a larger one.",
        "Batch: the repulsive MMD GAN on 32x32 images. Resolution and data set: a DCGAN of width 16 at batch 16.",
        "Processes: what one process sends in a step of `gan-digits`, in bytes, because processes that share the cores",
        "of one machine tell you nothing about time; [scaling](scaling.md) has more.",
        "",
        "| what grows | to | CPU ms per image | memory without libraries, MiB |",
        "| --- | --- | --- | --- |",
    ]
    for axis, field in (("batch", "batch"), ("resolution", "image_size"), ("images", "images")):
        lines += [
            f"| {axis} | {each[field]:,} | {1000 * each['seconds_per_image']:.3g} | "
            f"{each['peak_above_start_mib']:,.0f} |"
            for each in found[axis]
        ]
    lines += ["", "| processes | bytes reduced per step | bytes gathered per step |", "| --- | --- | --- |"]
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
    panels[0][0].set_ylabel("CPU ms per 32x32 pixels")
    panels[1][0].set_ylabel("MiB without libraries")
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
