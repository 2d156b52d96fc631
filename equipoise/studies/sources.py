"""What a row of a study of one's own can be made from: a recipe, an experiment's YAML file, a run's directory."""

from pathlib import Path
from typing import Any

from equipoise.common.errors import EquipoiseError, UnknownName, printable
from equipoise.common.files import YAML_SUFFIXES, local_path
from equipoise.recipes.catalogue import RECIPES
from equipoise.runs.directory import open_run


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
    """There must be such a recipe, file or run.

    Raises:
        EquipoiseError: there is none; the nearest recipe is named.
    """
    if source in RECIPES or is_file_or_run(source):
        return
    if "/" in source or "\\" in source:
        raise EquipoiseError(f"there is no file or run {printable(source)}.")
    raise UnknownName("recipe, YAML file or run", source, RECIPES)


def short_name(source: str) -> str:
    """A recipe's name, a file's name without its ending, or the name of a run's directory."""
    if not is_file_or_run(source):
        return source
    place = _place(source, Path()).resolve()
    return place.stem if source.endswith(YAML_SUFFIXES) else place.name


def _place(source: str, folder: Path) -> Path:
    return folder / local_path(source)
