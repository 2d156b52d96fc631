"""The audit from a database on the disk: it finds what it is given, and nothing else."""

import json
from pathlib import Path

from measurements.trust import audit

ROOT = Path(__file__).parents[2]
AUDIT = vars(audit)


def test_pinned_versions_within_a_range_are_named():
    pins = AUDIT["pinned"]("# a line\nOne_Package==1.2\nother==3.0 # why\nthird>=1\nlast==2.0; python_version < '3'\n")
    assert pins == {"one-package": "1.2", "other": "3.0", "last": "2.0"}
    ranges = {"one.package": ["<1.2", ">=1.0,<1.3"], "other": ["<3"], "another": [">=0"]}
    assert AUDIT["audited"](pins, ranges) == {
        "pins": 3,
        "pins_with_advisories": 2,
        "ranges": 3,
        "named": {"one-package==1.2": [">=1.0,<1.3"]},
    }


def test_what_the_recorded_audit_names_is_told():
    found = json.loads((ROOT / "results" / "trust" / "audit.json").read_text())
    told = (ROOT / "SECURITY.md").read_text()
    assert found["database"].partition(", ")[2] in told
    assert all(name.partition("==")[0].capitalize() in told for name in found["named"])
    pins = AUDIT["pinned"]((ROOT / "constraints.txt").read_text())
    assert found["pins"] == len(pins)
