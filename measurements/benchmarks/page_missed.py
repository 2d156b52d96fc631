"""The page's list of missed targets: which ones, by how much, and why."""

from collections.abc import Iterator
from textwrap import fill
from typing import Any

_HEAD = "## Missed targets\n"
_SHARE_OF_PEAK = 0.7
_WHY = {
    "MMD loss, one bandwidth": """code for only one kernel, one loss and one size, with no argument checks, reaches
        {floor}. A million operations take almost no time; the cost is some fifteen small calls and one node of torch's
        graph. Ours also checks its arguments, and supports every kernel, loss and size, and second derivatives. A
        better target is 3.""",
    "SNGAN ResNet, 1 discriminator step": """the target was set for a batch of 64, which has a row of its own. With
        a batch of 16, the cost of transforming the kernels is shared by fewer images.""",
    "SNGAN ResNet, 5 discriminator steps": "as above.",
    "Five metrics, 4000 samples": """with few samples, most of the time is one pass through the network, whose
        convolutions run at the machine's peak on both sides.""",
    "Five metrics, 50000 samples": """the kernel distance is computed in float64, as every metric here, and in float32
        on the other side; precision and recall compare distances as in float64, mostly by products in float32.""",
}
_SHARE = """Share of the peak: only a large convolution by itself reaches the peak. A step also normalises, activates,
    copies and updates its optimisers, which are limited by memory speed. Most of MAGAN's operations on MNIST are in one
    layer between maps of 7x7 and 14x14, and its transposed convolution is torch's own. Replacing it by matrix products,
    by four convolutions, or by minimal filtering of 2x2 kernels was no faster."""


def missed_section(rows: dict[str, Any]) -> str:
    """Every way whose median lies below its target; then the shares of the peak."""
    lines = [f"- {sentence}" for row in rows.values() for sentence in _missed(row)]
    low = [f"{name} {share:.2f}" for name, share in _shares(rows) if share < _SHARE_OF_PEAK]
    if low:
        lines.append(f"- {_SHARE} Below {_SHARE_OF_PEAK}, in operations of direct convolutions: {', '.join(low)}.")
    filled = [fill(" ".join(line.split()), 120, subsequent_indent="  ", break_on_hyphens=False) for line in lines]
    return "\n".join([_HEAD, *filled]) + "\n" if lines else ""


def _missed(row: dict[str, Any]) -> Iterator[str]:
    targets = [(way, row["ways"][way]["ratio"], target) for way, target in row["target"].items()]
    targets += [(f"against {other}", also["ratio"], also["target"]) for other, also in row.get("also", {}).items()]
    for what, ratio, target in targets:
        if ratio["median"] < target:
            spread = ", within the spread" if ratio["upper_quartile"] >= target else ""
            yield f"{row['name']}, {what}: {ratio['median']:.2f} of {target:.2f}{spread}{_why(row)}"


def _why(row: dict[str, Any]) -> str:
    if row["name"] not in _WHY:
        return "."
    bare = row["ways"].get("nothing but the calls")
    return ": " + _WHY[row["name"]].format(floor=f"{bare['ratio']['median']:.2f}" if bare else "")


def _shares(rows: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for row in rows.values():
        for name, way in list(row["ways"].items())[1:] if row.get("peak_gigaflops") else []:
            operations = way.get("direct_gigaflop") or way["gigaflop"]
            yield f"{row['name']} ({name})", operations / way["median_seconds"] / row["peak_gigaflops"]
