"""The page's tables of reading data, peak memory and growth."""

from typing import Any

from measurements.benchmarks.page_rows import NOT_MEASURED
from measurements.pages import table

_LARGE = 100
"""MiB."""
Points = list[dict[str, Any]]
AXES = (("batch", "batch"), ("resolution", "image_size"), ("images", "images"))
"""What grows, and the field that says how large it is."""


def figures(read: dict[str, Any], grown: dict[str, Any], memory: dict[str, Any]) -> dict[str, str]:
    """By the names of the page's places."""
    measured = [each for each in memory["recipes"] if "peak_mib" in each]
    return {
        "pictures": read["pictures"],
        "reading": table(
            "side | first start, s | images decoded per s | later start, s | one epoch, s | images per s, in memory",
            [_reading(*each) for each in zip(read["folder"], read["in_memory"], strict=True)],
        ),
        "waiting": table(
            "recipe | CPU seconds per iteration | share spent on drawing real data",
            [f"{each['game']} | {each['seconds_per_iteration']:.3g} | {each['share']:.2%}" for each in read["waiting"]],
        ),
        "idle": f"{_idle(measured):.0f}",
        "memory-recipes": f"{sum(len(each['recipes']) for each in memory['recipes'])}",
        "memory-ratio": _against_estimates(measured),
        "memory": table(
            "recipes | batch | parameters | peak, MiB | without libraries, MiB | estimate, MiB | CPU s per iteration",
            [_memory(each) for each in memory["recipes"]],
        ),
        "larger": table(
            "side | images | CPU ms per image | memory without libraries, MiB",
            [_larger(each) for each in memory["larger"]],
        ),
        "growth": table(
            "what grows | to | CPU ms per image | memory without libraries, MiB",
            [_growth(axis, each[field], each) for axis, field in AXES for each in grown[axis]],
        ),
        "ranks": table(
            "processes | bytes reduced per step | bytes gathered per step", [_ranks(each) for each in grown["ranks"]]
        ),
    }


def _reading(folder: dict[str, Any], memory: dict[str, Any]) -> str:
    first, rate = folder["first_start_seconds"], folder["decoded_images_per_second"]
    later, epoch = folder["later_start_seconds"], folder["epoch_seconds"]
    speed = memory["images_per_second"]
    return f"{folder['side']} | {first:.2f} | {rate:,.0f} | {later:.3f} | {epoch:.3f} | {speed:,.0f}"


def _memory(each: dict[str, Any]) -> str:
    measured = (
        (f"{each['parameters']:,}", f"{each['peak_mib']:,.0f}", f"{each['peak_above_start_mib']:,.0f}")
        if "peak_mib" in each
        else (NOT_MEASURED,) * 3
    )
    seconds = f"{each['seconds']:.3g}" if "seconds" in each else NOT_MEASURED
    first, others = each["recipes"][0], len(each["recipes"]) - 1
    names = f"{first} and {others} like it" if others else first
    return " | ".join([names, f"{each['batch']}", *measured, f"{each['estimated_mib']:,.0f}", seconds])


def _against_estimates(points: Points) -> str:
    """How many times the estimate is taken by recipes whose estimate is no small part of what libraries take."""
    ratios = [each["peak_above_start_mib"] / each["estimated_mib"] for each in points if each["estimated_mib"] > _LARGE]
    return f"{min(ratios):.1f} to {max(ratios):.1f}"


def _larger(each: dict[str, Any]) -> str:
    images = f"{each['images'] or each['batch']:,}{', mapped' if each['mapped'] else ''}"
    speed = f"{1000 * each['seconds_per_image']:.3g}"
    return f"{each['image_size']} | {images} | {speed} | {each['peak_above_start_mib']:,.0f}"


def _growth(axis: str, size: int, each: dict[str, Any]) -> str:
    return f"{axis} | {size:,} | {1000 * each['seconds_per_image']:.3g} | {each['peak_above_start_mib']:,.0f}"


def _ranks(each: dict[str, Any]) -> str:
    return f"{each['processes']} | {each['bytes_reduced_per_step']:,} | {each['bytes_gathered_per_step']:,}"


def _idle(points: Points) -> float:
    return float(sum(each["peak_mib"] - each["peak_above_start_mib"] for each in points) / len(points))
