"""What every simulation writes: numbers as JSON with their provenance, and a figure drawn only from them."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image

from equipoise.common.files import write_atomically, write_text_atomically
from equipoise.common.machine import git_commit
from equipoise.evaluation.passport import current_versions

FIGURE_WIDTH_INCHES = 5.4
"""Of every figure."""
_COLOURS = 64
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 10,
    "legend.fontsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

Results = dict[str, Any]
"""What a simulation found, as it is written to its file."""
Draw = Callable[[Mapping[str, Any]], Figure]
"""From results to a figure."""


def write_report(out: Path, name: str, results: Results, draw: Draw) -> list[Path]:
    """Write `name`.json and `name`.png into `out`; the figure shows nothing that the JSON does not hold."""
    data, picture = out / f"{name}.json", out / f"{name}.png"
    write_text_atomically(data, as_json({"simulation": name, "versions": versions(), **results}))
    write_figure(picture, draw, json.loads(data.read_text(encoding="utf-8")))
    return [data, picture]


def write_figure(path: Path, draw: Draw, results: Mapping[str, Any]) -> None:
    """Draw the results and write the picture as PNG; no figure of anyone else is touched."""
    with matplotlib.rc_context(_STYLE):
        figure = draw(results)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=130)
    picture = Image.open(buffer).convert("RGB").quantize(_COLOURS)
    write_atomically(path, lambda temporary: picture.save(temporary, format="png", optimize=True))


def versions() -> dict[str, str | None]:
    """The versions that computed the numbers; the commit is None outside a checkout."""
    return {"commit": git_commit(), **current_versions(), "matplotlib": matplotlib.__version__}


def as_json(results: Results) -> str:
    """JSON with one top-level entry a line, so that long lists stay short files and changes stay readable."""
    lines = (f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in results.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def rounded(values: torch.Tensor, digits: int = 5) -> Any:
    """The tensor as nested lists of numbers with so many significant digits."""
    flat = [float(f"{value:.{digits}g}") for value in values.reshape(-1).tolist()]
    return np.array(flat).reshape(tuple(values.shape)).tolist()
