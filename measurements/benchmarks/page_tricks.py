"""The page's tables of single optimisations, in use, not in use and gone, and of stacked seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

from measurements.benchmarks.page_rows import NOT_MEASURED, Settings, first_known, in_each, spread
from measurements.pages import table

_STACKS = "recipe | seeds | one by one, CPU ms | together | times as fast, idle (least to most) | busy"


def figures(settings: Settings) -> dict[str, str]:
    """By the names of the page's places."""
    heads = "optimisation | task | times as fast, idle (least to most) | busy | seconds without | with"
    compiling = [
        each["first_compiled_step_seconds"] for each in settings.values() if "first_compiled_step_seconds" in each
    ]
    return {
        **{
            place: table(heads, _lines({name: found["tricks"][place] for name, found in settings.items()}))
            for place in ("used", "unused", "gone")
        },
        "compiling": f"{compiling[0]:.0f}" if compiling else NOT_MEASURED,
        "stacks": table(_STACKS, _stacks({name: found.get("stacks", {}) for name, found in settings.items()})),
    }


def elsewhere(processors: Sequence[Settings]) -> dict[str, str]:
    """The seeds that are played together on other processors than the page's first."""
    found = [{name: each.get("stacks", {}) for name, each in settings.items()} for settings in processors]
    return {"stacks-elsewhere": table(_STACKS, [line for each in found for line in _stacks(each)])}


def _lines(found: Mapping[str, Any]) -> list[str]:
    """Each trick as the first setting has it, beside the same of the other."""
    lines = []
    for name, row in first_known(found).items():
        ways = {setting: each[name]["ways"]["with"] for setting, each in found.items() if name in each}
        seconds = (f"{row['ways'][way]['median_seconds']:.3g}" for way in ("without", "with"))
        speeds = in_each(ways, lambda way: spread(way["ratio"]))
        lines.append(" | ".join([row["name"], row["work"], *speeds, *seconds]))
    return lines


def _stacks(found: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, by_seeds in first_known(found).items():
        for seeds, each in by_seeds.items():
            times = (f"{each[key]:.1f}" for key in ("alone_ms", "together_ms"))
            ratios = {setting: stacks[name][seeds]["ratio"] for setting, stacks in found.items() if name in stacks}
            lines.append(" | ".join([name, seeds, *times, *in_each(ratios, spread)]))
    return lines
