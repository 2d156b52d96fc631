"""Which metric puts known degradations in the right order? EfficientNet-Lite0's features of real images made worse.

python -m measurements.figures.degradations cifar10-jpeg FOLDER   measures a folder of class folders; 8 minutes
python -m measurements.figures.degradations mnist DATA_ROOT       measures MNIST; 1 minute
python -m measurements.figures.degradations --tables              prints the tables of docs/which_metric.md

The data are results/metrics/degradations-*.json. Reference images and those that are made worse are different ones.
"""

import argparse
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.common.random import stream
from equipoise.data.folder import Folder
from equipoise.data.mnist import Mnist
from equipoise.evaluation.backbones import LITE0_SIDE, efficientnet_lite0
from equipoise.evaluation.features import extract
from equipoise.evaluation.passport import current_versions
from equipoise.evaluation.sampling import as_picture
from equipoise.evaluation.scoring_features import FeatureMetric, once_each
from measurements import RESULTS_FOLDER
from measurements.pages import table

METRICS = RESULTS_FOLDER / "metrics"
TAKEN = ("kernel", "frechet", "precision", "recall", "density", "coverage")
LOWER_IS_BETTER = ("kernel", "frechet")
SHOWN = ("real", "blur 0.5")
COUNTS: dict[str, dict[int, tuple[int, ...]]] = {
    "cifar10-jpeg": {112: (250, 500, 1000, 2000), 64: (1000,)},
    "mnist": {112: (500,)},
}
"""Images of each side, by the size that the network looks at, for each set."""
DRAWS = 2
"""Random choices of images at each count that leaves one."""
MOST = {"cifar10-jpeg": 2000, "mnist": 500}
"""Images of each side, by the set."""
FLOOR = {"cifar10-jpeg": 5000}
"""Real images on each side, of which only real ones are compared with real ones."""


def by_picture(change: Callable[[Image.Image, np.random.Generator], Image.Image]) -> Callable[[Tensor], Tensor]:
    """A change of one picture as a change of uint8 images [count, channels, height, width]."""

    def changed(images: Tensor) -> Tensor:
        chance, found = np.random.default_rng(0), []
        for image in images:
            pixels = image.permute(1, 2, 0).numpy()
            worse = np.array(change(as_picture(pixels), chance))
            found.append(torch.from_numpy(worse).reshape(pixels.shape).permute(2, 0, 1))
        return torch.stack(found)

    return changed


def blur(radius: float) -> Callable[[Tensor], Tensor]:
    return by_picture(lambda picture, chance: picture.filter(ImageFilter.GaussianBlur(radius)))


def jpeg(quality: int) -> Callable[[Tensor], Tensor]:
    def change(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
        stream_of_bytes = io.BytesIO()
        picture.save(stream_of_bytes, format="JPEG", quality=quality)
        return Image.open(stream_of_bytes)

    return by_picture(change)


def noise(deviation: float) -> Callable[[Tensor], Tensor]:
    def change(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
        pixels = np.asarray(picture).astype(np.float64)
        noisy = pixels + chance.normal(0, deviation, pixels.shape)
        return Image.fromarray(noisy.round().clip(0, 255).astype(np.uint8))

    return by_picture(change)


CHANGES: dict[str, Callable[[Tensor], Tensor]] = {
    "blur 0.5": blur(0.5),
    "blur 1": blur(1.0),
    "noise 10": noise(10),
    "noise 25": noise(25),
    "JPEG 50": jpeg(50),
    "JPEG 15": jpeg(15),
}
CHOICES: dict[str, tuple[float, int]] = {
    "1 class of 10 missing": (1.0, 1),
    "5 classes of 10 missing": (1.0, 5),
    "1 in 10 distinct": (0.1, 0),
    "1 in 100 distinct": (0.01, 0),
}
"""The share of distinct images, the others being repeats; and how many classes are missing."""
PAIRS = [("blur 0.5", "blur 1"), ("noise 10", "noise 25"), ("JPEG 50", "JPEG 15")]
PAIRS += [("1 class of 10 missing", "5 classes of 10 missing"), ("1 in 10 distinct", "1 in 100 distinct")]
"""A mild degradation and the same one stronger."""


def chosen(labels: Tensor, count: int, share: float, missing: int, draw: int, what: str) -> Tensor:
    """Positions of `count` images of a pool, so many classes of it left out and so few of them distinct."""
    order = torch.randperm(len(labels), generator=stream(draw, f"degradations/{what}"))
    order = order[labels[order] >= missing]
    distinct = order[: max(1, round(share * count))]
    return distinct.repeat(-(-count // len(distinct)))[:count]


def measured(reference: Tensor, other: Tensor) -> dict[str, float]:
    once = once_each()
    metrics = [FeatureMetric(name, "efficientnet-lite0", name) for name in TAKEN]
    return {each.name: each.of_features(reference, other, few_samples=True, once=once).value for each in metrics}


def rows_of(data: str, reference: Tensor, pool: Tensor, labels: Tensor, side: int) -> Iterable[dict[str, Any]]:
    """The scores of each degradation at each count, at one size."""
    most, extractor = MOST[data], efficientnet_lite0(side=side)
    floor = FLOOR.get(data, 0) if side == LITE0_SIDE else 0
    print(f"{data} at {side}: features", flush=True)
    known = extract(reference[: max(floor, most)], extractor).features
    every = extract(pool[: max(floor, 2 * most)], extractor).features
    worse = {name: extract(change(pool[:most]), extractor).features for name, change in CHANGES.items()}
    if floor:
        yield {"side": side, "count": floor, "draw": 0, "set": "real"} | measured(known[:floor], every[:floor])
    for count in COUNTS[data][side]:
        for draw in range(DRAWS if count < most else 1):
            some = torch.randperm(most, generator=stream(draw, "degradations/reference"))[:count]
            places = {name: chosen(labels[:most], count, 1.0, 0, draw, name) for name in CHANGES}
            sets = {"real": every[chosen(labels[: 2 * most], count, 1.0, 0, draw, "real")]}
            sets |= {name: features[places[name]] for name, features in worse.items()}
            pools = {name: chosen(labels[: 2 * most], count, *how, draw, name) for name, how in CHOICES.items()}
            sets |= {name: every[chosen_there] for name, chosen_there in pools.items()}
            for name, features in sets.items():
                yield {"side": side, "count": count, "draw": draw, "set": name} | measured(known[some], features)
        print(f"{data} at {side}: {count}", flush=True)


def images_of(data: str, place: Path) -> tuple[Tensor, Tensor, Tensor]:
    """Reference images; others, and their labels, both in an order by chance."""
    if data == "mnist":
        train, test = (Mnist(split, resolution=28).load(place) for split in ("train", "test"))
    else:
        train, test = (Folder(str(place / split), resolution=32).load() for split in ("train", "test"))
    assert test.labels is not None
    orders = [torch.randperm(len(store), generator=stream(0, "degradations/order")) for store in (train, test)]
    most = max(2 * MOST[data], FLOOR.get(data, 0))
    reference, pool = (store.items.gather(order[:most]) for store, order in zip((train, test), orders, strict=True))
    return reference, pool, test.labels[orders[1][:most]]


def ordered(rows: list[dict[str, Any]], metric: str, pair: tuple[str, str]) -> bool:
    """Whether in every draw real images score best, then the mild degradation, then the strong one."""
    sign = 1 if metric in LOWER_IS_BETTER else -1
    draws = {row["draw"] for row in rows}
    values = {(row["set"], row["draw"]): sign * row[metric] for row in rows}
    return all(values["real", draw] < values[pair[0], draw] < values[pair[1], draw] for draw in draws)


def table_of_order(document: dict[str, Any]) -> str:
    """How many of the five pairs each metric puts in order, by size and count."""
    lines = []
    counted = {(row["side"], row["count"]) for row in document["rows"] if row["set"] != "real"}
    for side, count in sorted(counted, key=lambda key: (-key[0], key[1])):
        rows = [row for row in document["rows"] if (row["side"], row["count"]) == (side, count)]
        cells = [f"{sum(ordered(rows, metric, pair) for pair in PAIRS)} of {len(PAIRS)}" for metric in TAKEN]
        lines.append(" | ".join([f"{side}", f"{count:,}", *cells]))
    return table(" | ".join(["size", "images", *TAKEN]), lines) + "\n"


def table_of_values(document: dict[str, Any], side: int = 112) -> str:
    """The scores of each degradation at the largest count."""
    count = MOST[document["data"]]
    lines = []
    for row in document["rows"]:
        if (row["side"], row["count"], row["draw"]) == (side, count, 0):
            cells = [f"{row[metric]:.3g}" if metric == "kernel" else f"{row[metric]:.2f}" for metric in TAKEN]
            lines.append(" | ".join([row["set"], *cells]))
    return table(" | ".join(["images", *TAKEN]), lines) + "\n"


def table_of_floors(document: dict[str, Any], side: int = 112) -> str:
    """Real images against real ones, and the mildest blur, by count: means over the draws."""
    lines = []
    rows = [row for row in document["rows"] if row["side"] == side]
    for count in sorted({row["count"] for row in rows}):
        found = {name: [row for row in rows if (row["count"], row["set"]) == (count, name)] for name in SHOWN}
        cells = [mean_of(found[name], metric) for metric in LOWER_IS_BETTER for name in SHOWN]
        lines.append(" | ".join([f"{count:,}", *cells]))
    return table("images | kernel: real | blur 0.5 | frechet: real | blur 0.5", lines) + "\n"


def mean_of(rows: list[dict[str, Any]], metric: str) -> str:
    return f"{sum(row[metric] for row in rows) / len(rows):.3g}" if rows else "-"


def file_of(data: str) -> Path:
    return METRICS / f"degradations-{data}.json"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="?", choices=tuple(MOST))
    parser.add_argument("place", nargs="?", type=Path)
    parser.add_argument("--tables", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.data:
        given = images_of(arguments.data, arguments.place)
        rows = [row for side in COUNTS[arguments.data] for row in rows_of(arguments.data, *given, side)]
        document = {"data": arguments.data, "commit": git_commit(), "versions": current_versions(), "rows": rows}
        write_text_atomically(file_of(arguments.data), json.dumps(document, indent=1) + "\n")
    if arguments.tables:
        for data in MOST:
            document = json.loads(file_of(data).read_text(encoding="utf-8"))
            print(data, table_of_order(document), table_of_values(document), table_of_floors(document), sep="\n\n")


if __name__ == "__main__":
    main()
