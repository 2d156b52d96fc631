"""What words lead to: a study's own file; or what a row of it is made from, a recipe, a YAML file, a run's directory.

Torch-free, so that a wrong name is refused at once.
"""

from pathlib import Path
from typing import Any

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import YAML_SUFFIXES, local_path
from equipoise.experiments.reading import read_yaml_file
from equipoise.recipes.catalogue import RECIPES
from equipoise.runs.directory import open_run
from equipoise.studies.catalogue import STUDIES

FILE = "study.yaml"
"""The name of a study's own file in its folder."""
RESULTS = "results.json"
"""The name of a study's results in its folder."""
MOST_BYTES, MOST_VALUES = 16 << 20, 1_000_000
"""Of a study's file."""


def own_study(name: str) -> Path | None:
    """The file that these words lead to, a study's or that of a comparison's directory; None where they name one."""
    place = local_path(name)
    if name in STUDIES or not (name.endswith(YAML_SUFFIXES) or (place / FILE).is_file()):
        return None
    return place if name.endswith(YAML_SUFFIXES) else place / FILE


def check_study(name: str) -> None:
    """There must be such a study, or such a file.

    Raises:
        EquipoiseError: there is none; the nearest study is named.
    """
    file = own_study(name)
    if file is None:
        STUDIES.check(name)
    else:
        read_yaml_file(file, MOST_BYTES, MOST_VALUES)


def is_file_or_run(source: str, folder: Path = Path()) -> bool:
    """Whether these words lead to a file or a folder rather than name a recipe; `folder` is where paths begin."""
    return (
        source not in RECIPES and bool(source) and (source.endswith(YAML_SUFFIXES) or _place(source, folder).exists())
    )


def plain_of(source: str, folder: Path = Path()) -> dict[str, Any]:
    """The whole configuration in a YAML file or a run's directory, as plain data without its seed.

    Raises:
        EquipoiseError: there is none, or it is damaged.
    """
    from equipoise.experiments.config import load_experiment, to_plain  # imports torch

    place = _place(source, folder)
    experiment = open_run(place).experiment() if place.is_dir() else load_experiment(place)
    plain: dict[str, Any] = to_plain(experiment)
    return {name: value for name, value in plain.items() if name != "seed"}


def check_source(source: str) -> None:
    """There must be such a recipe, YAML file or run.

    Raises:
        EquipoiseError: there is none; the nearest recipe is named.
    """
    if source in RECIPES:
        return
    if is_file_or_run(source):
        place = _place(source, Path())
        if place.is_dir():
            open_run(place)
        else:
            read_yaml_file(place)
        return
    if "/" in source or "\\" in source:
        raise EquipoiseError(f"there is no file or run {printable(source)}.")
    raise RECIPES.unknown(source, what="recipe, YAML file or run")


def short_name(source: str) -> str:
    """A recipe's name, a file's name without its ending, or the name of a run's directory."""
    if not is_file_or_run(source):
        return source
    place = _place(source, Path()).resolve()
    return place.stem if source.endswith(YAML_SUFFIXES) else place.name


def _place(source: str, folder: Path) -> Path:
    return folder / local_path(source)
