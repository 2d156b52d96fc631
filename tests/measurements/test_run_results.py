import json
from pathlib import Path
from typing import Any

from PIL import Image

from equipoise.runs.directory import RunDirectory
from measurements.figures.run_results import above_one_another, beside_one_another, passport

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


def test_pictures_of_any_size_stand_above_and_beside_one_another() -> None:
    red, blue = Image.new("RGB", (3, 2), "red"), Image.new("RGB", (3, 4), "blue")
    above = above_one_another([red, blue, red], 1)
    assert above.size == (3, 10)
    assert [above.getpixel((0, row)) for row in (1, 2, 3, 6, 7, 8)] == [
        (255, 0, 0), (255, 255, 255), (0, 0, 255), (0, 0, 255), (255, 255, 255), (255, 0, 0),
    ]  # fmt: skip
    turned = beside_one_another([each.transpose(Image.Transpose.TRANSPOSE) for each in (red, blue, red)], 1)
    assert turned.transpose(Image.Transpose.TRANSPOSE).tobytes() == above.tobytes()
