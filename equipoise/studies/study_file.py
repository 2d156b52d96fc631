"""Studies as YAML and back: what `show-study` prints, and what `study mine.yaml` reads."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from equipoise.common.checks import check_whole
from equipoise.common.errors import EquipoiseError, UnknownName, printable, shown
from equipoise.common.files import write_text_atomically
from equipoise.evaluation.catalogue import METRICS
from equipoise.experiments.config import built, to_plain
from equipoise.experiments.reading import read_yaml_file
from equipoise.recipes.catalogue import BUDGETS, RECIPES
from equipoise.studies.catalogue import study as find_study
from equipoise.studies.log_measures import LOG_MEASURES, lower_is_better
from equipoise.studies.sources import FILE, MOST_BYTES, MOST_VALUES, is_file_or_run, own_study, plain_of
from equipoise.studies.study import DIVERGED, SMOKE, Scale, Study
from equipoise.studies.wish import MOST_SEEDS, SAMPLES, SEEDS

_SPOKEN = {"scales": "seeds or samples", "changes": "settings", "measures": "metrics"}


def find_or_load(name: str) -> Study:
    """The study of this name, in this YAML file, or in the directory of a comparison.

    Raises:
        UnknownName: there is none; the nearest one is named.
        EquipoiseError: as `load_study`.
    """
    file = own_study(name)
    return find_study(name) if file is None else load_study(file)


def title_of(metric: str) -> str:
    """A metric as the head of a column; an arrow says which way is better.

    Examples:
        >>> title_of("classifier-fid"), title_of("recall")
        ('classifier fid ↓', 'recall ↑')
    """
    arrow = {True: " ↓", False: " ↑", None: ""}[lower_is_better(metric)]
    return metric.replace("-", " ") + arrow


def scales_of(seeds: int, samples: int) -> dict[str, Scale]:
    """The scales of a study of one's own: the same whatever the budget, but for a trial's samples."""
    scale = Scale(seeds=seeds, samples=samples)
    return {"smoke": dataclasses.replace(SMOKE, seeds=seeds), "cpu": scale, "paper": scale}


def check_count(name: str, value: Any, most: int | None = None) -> int:
    """A number of seeds or samples, as somebody wrote it.

    Raises:
        EquipoiseError: it is no whole number from 1 to `most`.
    """
    try:
        count = check_whole(name, value, 1)
    except ValueError as error:
        raise EquipoiseError(str(error)) from error
    if most is not None and count > most:
        raise EquipoiseError(f"{name} must be at most {most:,}, got {count:,}.")
    return count


def study_to_yaml(study: Study) -> str:
    """The whole study but for what is at its default; reading it back gives an equal one."""
    return yaml.safe_dump(_plain(study), sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)


def keep_study(study: Study | None, folder: Path, say: Callable[[str], None]) -> None:
    """Write a study of one's own into its folder, beside its results; None removes what was kept there.

    `say` is told where the folder held another one.
    """
    path = folder / FILE
    if study is None:
        path.unlink(missing_ok=True)
        return
    before, now = _kept(path), _plain(study)
    named = [name for name in dict.fromkeys([*now, *before]) if name not in ("name", "title", "introduction")]
    unlike = [_SPOKEN.get(name, name) for name in named if before and before.get(name) != now.get(name)]
    if unlike:
        say(
            f"{printable(folder)} held another comparison, with other {', '.join(unlike)}: its report is replaced, and "
            "its runs are used again where nothing in them changed."
        )
    write_text_atomically(path, study_to_yaml(study))


def _kept(path: Path) -> dict[str, Any]:
    """What was kept, as plain data; nothing where there is nothing that can be read."""
    try:
        found = read_yaml_file(path, MOST_BYTES, MOST_VALUES)
    except EquipoiseError:
        return {}
    return found if isinstance(found, dict) else {}


def load_study(path: Path) -> Study:
    """A study from a YAML file.

    Besides the fields of `Study`, a few short forms are read: a row may be the name of a recipe, the path of an
    experiment's YAML file or a run's directory; a measure may be the name of a metric; and `seeds` and `samples` stand
    for the scales. Paths are relative to the file.

    Raises:
        EquipoiseError: the file cannot be read, or a field, name or value in it is wrong; the nearest name is given.
    """
    plain = read_yaml_file(path, MOST_BYTES, MOST_VALUES)
    if not isinstance(plain, dict):
        raise EquipoiseError(f"{printable(path)} holds no study: it must be a mapping of fields, got {shown(plain)}.")
    if "players" in plain:
        raise EquipoiseError(
            f"{printable(path)} describes an experiment; train it with: equipoise train {printable(path)}"
        )
    try:
        study = built(Study, _in_full(plain, path))
    except EquipoiseError as error:
        raise EquipoiseError(f"{printable(path)}: {error}") from error
    check_names(study)
    return study


def check_names(study: Study) -> None:
    """Everything that the study names must exist, and once only.

    Raises:
        EquipoiseError: something does not; the nearest known name is given.
    """
    if not study.rows or not study.measures:
        raise EquipoiseError("a study needs at least one row and one measure.")
    for row in study.rows:
        if not row.label.strip():
            raise EquipoiseError("every row needs a label that can be read.")
        if (row.experiment is None) == (not row.recipe):
            raise EquipoiseError(f"the row '{printable(row.label)}' needs either a recipe or an experiment.")
        if row.recipe:
            RECIPES[row.recipe]
        _refuse_twice("variant", [variant.label for variant in row.variants])
    for budget in study.scales:
        if budget not in BUDGETS:
            raise UnknownName("budget", budget, BUDGETS)
    _refuse_twice("row", [f"{row.label}, {row.block}" if row.block else row.label for row in study.rows])
    _refuse_twice("measure", [measure.metric for measure in study.measures])
    if study.epochs is not None and study.iterations is not None:
        raise EquipoiseError("a study sets epochs or iterations, not both.")
    _check_metrics(study)
    _check_claims(study)


def _check_metrics(study: Study) -> None:
    scored = [*study.measures, *([study.watched] if study.watched else [])]
    for name in (name for each in scored for name in (each.metric, each.stand_in) if name is not None):
        METRICS.check(name, *LOG_MEASURES)
        if name in METRICS and METRICS[name].is_several:
            raise EquipoiseError(f"{name} is {METRICS[name].summary}: not one number, as a study's measures are.")


def _check_claims(study: Study) -> None:
    labels, metrics = {row.label for row in study.rows}, [measure.metric for measure in study.measures]
    named = [label for order in study.orders for label in (order.better, order.worse)]
    named += [each.row for each in study.sentences]
    named += [each.bound for each in study.sentences if isinstance(each.bound, str)]
    for label in named:
        if label not in labels:
            raise UnknownName("row", label, labels)
    judged = [each.metric for each in study.orders] + [each.metric for each in study.sentences]
    judged += [metric for row in study.rows for metric in row.published]
    judged += [metric for each in study.references for metric in each.published]
    for metric in judged:
        if metric not in metrics and metric != DIVERGED:
            raise UnknownName("measure", metric, metrics)


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise EquipoiseError(f"the {what} '{printable(name)}' is used twice; each needs its own label.")


def _in_full(plain: dict[str, Any], path: Path) -> dict[str, Any]:
    """The fields as `Study` has them, from what a person writes."""
    whole = {"name": path.stem, **plain}
    whole.setdefault("title", whole["name"])
    if isinstance(whole.get("rows"), list):
        whole["rows"] = [_row_in_full(row, path.parent) for row in whole["rows"]]
    if isinstance(whole.get("measures"), list):
        whole["measures"] = [_measure_in_full(measure) for measure in whole["measures"]]
    if "watched" in whole:
        whole["watched"] = _measure_in_full(whole["watched"])
    seeds, samples = whole.pop("seeds", None), whole.pop("samples", None)
    if "scales" not in whole:
        counts = {"seeds": SEEDS if seeds is None else seeds, "samples": SAMPLES if samples is None else samples}
        for name, most in {"seeds": MOST_SEEDS, "samples": None}.items():
            check_count(name, counts[name], most)
        whole["scales"] = {"smoke": to_plain(SMOKE) | {"seeds": counts["seeds"]}, "cpu": counts, "paper": counts}
    elif seeds is not None or samples is not None:
        raise EquipoiseError(
            "scales set the seeds and samples of each budget; leave out seeds and samples beside them."
        )
    return whole


def _row_in_full(row: Any, folder: Path) -> Any:
    """With a label; a path in place of a recipe is read now, so that the study depends on no other file."""
    fields = {"recipe": row} if isinstance(row, str) else row
    if not isinstance(fields, dict) or not isinstance(fields.get("recipe", ""), str):
        return fields
    source = fields.get("recipe", "")
    named = {"label": source, **fields}
    if source in RECIPES or not is_file_or_run(source, folder):
        return named
    if "experiment" in fields:
        raise EquipoiseError("a row has a recipe or an experiment, not both.")
    return {**named, "recipe": "", "experiment": plain_of(source, folder)}


def _measure_in_full(measure: Any) -> Any:
    fields = {"metric": measure} if isinstance(measure, str) else measure
    if not isinstance(fields, dict) or not isinstance(fields.get("metric"), str):
        return fields
    return {"title": title_of(fields["metric"]), **fields}


def _plain(value: Any) -> Any:
    """A part of a study as plain data without what is at its default."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: _plain(getattr(value, each.name))
            for each in dataclasses.fields(value)
            if not _is_default(each, getattr(value, each.name))
        }
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _is_default(declared: "dataclasses.Field[Any]", value: Any) -> bool:
    if declared.name == "scales":
        return False  # a reader should see what each budget buys
    if declared.default_factory is not dataclasses.MISSING:
        return bool(value == declared.default_factory())
    return bool(value == declared.default)
