"""The curves of the demo's runs, as its summary keeps them."""

import json
from pathlib import Path

from equipoise.runs.directory import RunDirectory
from equipoise.studies.demo import _curves


def test_what_is_no_number_is_null(tmp_path: Path) -> None:
    """As in the log: a run of the demo that diverges must not make the summary a file that no reader of JSON takes."""
    lines = [
        {"kind": "epoch", "iteration": number, "epoch": number, "stage": "adversarial", "values": values}
        for number, values in enumerate([{"margin": 1.23456789}, {"margin": None}, {"real_energy": 2.0}])
    ]
    run = RunDirectory(tmp_path)
    run.log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    found = _curves(run)
    assert found["margin"][1:] == [None, None]
    assert found["real_energy"] == [None, None, 2.0]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
