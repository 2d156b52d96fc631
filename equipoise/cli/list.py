"""`list`."""

import argparse

from equipoise.registries import REGISTRIES, registry


def fill_list(parser: argparse.ArgumentParser) -> None:
    """The arguments of `list`."""
    parser.add_argument("what", nargs="?", choices=[_title(kind) for kind in REGISTRIES], help="show one table only")


def _title(kind: str) -> str:
    """The plural of the word for a kind."""
    if kind == "data":
        return kind
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}es" if kind.endswith("s") else f"{kind}s"


def list_command(chosen: argparse.Namespace) -> int:
    """Print the tables of names."""
    from equipoise.recipes.families import folded_summaries

    for kind in REGISTRIES:
        title = _title(kind)
        if chosen.what in (None, title):
            summaries = {name: entry.summary for name, entry in registry(kind).items()}
            rows = folded_summaries(summaries) if kind == "recipe" else summaries
            print(f"{title}:")
            width = max(len(name) for name in rows)
            for name, summary in rows.items():
                print(f"  {name:<{width}}  {summary}")
            print()
    return 0
