import json
from pathlib import Path
from typing import Any

from equipoise.runs.directory import RunDirectory
from measurements.figures.run_results import passport

EXPERIMENT = {"data": {"kind": "mnist"}}


def sessions(folder: Path, *found: dict[str, Any]) -> RunDirectory:
    (folder / "environment.json").write_text(json.dumps({"sessions": found}))
    return RunDirectory(folder)


def test_a_passport_says_where_a_run_was_resumed_and_what_all_sessions_took(tmp_path: Path) -> None:
    first = {"seed": 1, "places": {}, "precision": "float32", "from_iteration": 0, "to_iteration": 30, "seconds": 2.5}
    second = {"seed": 1, "precision": "bfloat16", "from_iteration": 30, "to_iteration": 90, "seconds": 4.25}
    whole = {"data": "mnist", "seed": 1, "precision": "float32", "from_iteration": 0}
    assert passport(sessions(tmp_path, first), EXPERIMENT) == whole | {"to_iteration": 30, "seconds": 2.5}
    resumed = whole | {"precision": "float32, then bfloat16", "to_iteration": 90, "resumed_at": [30]}
    assert passport(sessions(tmp_path, first, second), EXPERIMENT) == resumed | {"seconds": 6.8}
    del first["seconds"]
    assert passport(sessions(tmp_path, first, second), EXPERIMENT) == resumed, "a killed session could not say"
