"""Known vulnerabilities of the pinned versions, from a database on this disk: for machines that reach no service.

    python -m measurements.trust.audit insecure.json --out results/trust/audit.json

The database is PyUp's public one, `data/insecure.json` of the repository pyupio/safety-db: for each package the ranges
of versions that an advisory names. `make audit` asks PyPI or OSV instead, which know more.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from equipoise.common.files import write_text_atomically
from measurements import ROOT

CONSTRAINTS = ROOT / "constraints.txt"


def pinned(text: str) -> dict[str, str]:
    """Name and version of every line NAME==VERSION."""
    lines = [line.split("#")[0].split(";")[0].strip() for line in text.splitlines()]
    parts = [line.partition("==") for line in lines]
    return {canonicalize_name(name): version for name, _, version in parts if version}


def audited(pins: dict[str, str], ranges: dict[str, list[str]]) -> dict[str, Any]:
    """How many ranges were looked at, and those that hold a pinned version, by package."""
    known: dict[str, list[str]] = {canonicalize_name(name): found for name, found in ranges.items()}
    named = {
        name: [each for each in known.get(name, []) if SpecifierSet(each, prereleases=True).contains(version)]
        for name, version in pins.items()
    }
    return {
        "pins": len(pins),
        "pins_with_advisories": sum(name in known for name in pins),
        "ranges": sum(len(known.get(name, [])) for name in pins),
        "named": {f"{name}=={pins[name]}": found for name, found in named.items() if found},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("database", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    ranges = json.loads(chosen.database.read_text(encoding="utf-8"))
    date = datetime.fromtimestamp(ranges.pop("$meta")["timestamp"], UTC).date().isoformat()
    found = {"database": f"PyUp, {date}"} | audited(pinned(CONSTRAINTS.read_text(encoding="utf-8")), ranges)
    write_text_atomically(chosen.out, json.dumps(found, indent=1) + "\n")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
