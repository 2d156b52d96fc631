"""One page per study: the table with its verdicts, curves, boxes, samples from the same latents, and passports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.common.errors import EquipoiseError, shortened
from equipoise.common.files import write_text_atomically
from equipoise.experiments.difference import differences
from equipoise.reports import conclusions
from equipoise.reports import figures as run_figures
from equipoise.reports import study_figures as figures
from equipoise.reports.frames import read_frames
from equipoise.reports.pages import Grids, render, steps_of
from equipoise.reports.study_tables import FORMATS, SENTENCE_COLUMNS, StudyTable, study_table
from equipoise.reports.summary import DASH, Cell, Table
from equipoise.runs.record import RunRecord, read_run
from equipoise.studies.carry_out import WALK_STEPS
from equipoise.studies.catalogue import study as find_study
from equipoise.studies.critic_map import read_critic_map
from equipoise.studies.results import read_results
from equipoise.studies.sources import FILE as OWN_STUDY
from equipoise.studies.study import Study
from equipoise.studies.study_file import load_study
from equipoise.studies.summary import Summary, summarise
from equipoise.studies.verdict import RULE, SENTENCE_RULE

_DIVERGENCE = (
    "A run counts as diverged if its training produced NaN, if its last logged losses or energies are not finite, if "
    "its samples are not finite, or if its score is above the study's threshold, if there is one. Diverged runs are "
    "counted and left out of means."
)
_HERE = Path(__file__).parent
_FRAME_BUDGET_BYTES, _WALK_BUDGET_BYTES = 1_200_000, 1_500_000
_MOST_FRAMES, _MOST_ROWS, _MOST_SETTINGS, _LONGEST_SETTING = 12, 24, 60, 60
Records = Mapping[tuple[str, str], Sequence[RunRecord]]
"""By row and variant."""


@dataclass(frozen=True)
class Panel:
    """A drawing with its heading, and the numbered list that goes with it."""

    figure: run_figures.Figure
    title: str
    labels: tuple[str, ...] = ()


def write_study_report(directory: Path, formats: Sequence[str] = tuple(FORMATS)) -> Path:
    """Write `report.html`, and the table in the named formats, into a study's directory; return the page's path.

    Raises:
        EquipoiseError: there are no results, or nothing can be written there.
    """
    directory = Path(directory)
    summary = summary_of(directory)
    table = study_table(summary)
    for name in formats:
        file, write = FORMATS[name]
        write_text_atomically(directory / file, write(table))
    path = directory / "report.html"
    write_text_atomically(path, _page(summary, table, _records(directory, summary)))
    return path


def summary_of(directory: Path) -> Summary:
    """The results in a directory with the study that they are of: one of the user's own lies beside them.

    Raises:
        EquipoiseError: there are none.
    """
    results = read_results(directory)
    own = directory / OWN_STUDY
    return summarise(load_study(own) if own.is_file() else find_study(results["study"]), results)


def _page(summary: Summary, table: StudyTable, records: Records) -> str:
    walks = _pictures(records, "walk", WALK_STEPS, _WALK_BUDGET_BYTES)
    grids = _pictures(records, "samples", _MOST_FRAMES, _FRAME_BUDGET_BYTES)
    return render(
        "study.html",
        (_HERE / "study_templates",),
        title=summary.study.title,
        study=summary.study,
        budget=summary.budget,
        table=table,
        texts=[(file, write(table)) for file, write in FORMATS.values()],
        rule=RULE if summary.study.has_claims else conclusions.RULE,
        differences=_differences(records) if not summary.study.has_claims else Table("", (), ()),
        together=_together(summary.study, records),
        sentence_columns=SENTENCE_COLUMNS,
        sentence_rule=SENTENCE_RULE,
        divergence=_DIVERGENCE,
        boxes=_boxes(summary),
        curves=_curves(summary.study, records),
        histograms=_histograms(records),
        maps=_maps(records),
        walks=walks,
        walk_steps=list(range(WALK_STEPS)),
        walk_labels=[f"{step} of {WALK_STEPS - 1}" for step in range(WALK_STEPS)],
        grids=grids,
        steps=steps_of(grids),
        rows=[*summary.rows, *_real_data_rows(summary)],
    )


def _records(directory: Path, summary: Summary) -> Records:
    """The runs' directories where they are still there, row by row; at most so many rows as a page can hold."""
    return {
        (row.label, row.block): found
        for row in summary.rows[:_MOST_ROWS]
        if (found := [record for run in row.runs if (record := _record(directory, run)) is not None])
    }


def _record(directory: Path, run: Mapping[str, Any]) -> RunRecord | None:
    place = directory / str(run["directory"])
    if not place.resolve().is_relative_to(directory.resolve()):
        return None
    try:
        return read_run(place)
    except EquipoiseError:
        return None


def _boxes(summary: Summary) -> list[Panel]:
    """A drawing per measure and block."""
    blocks = dict.fromkeys(row.block for row in summary.rows)
    panels = []
    for number, measure in enumerate(summary.study.measures):
        for index, block in enumerate(blocks):
            rows = [row for row in summary.rows if row.block == block]
            figure = figures.box_figure(f"boxes-{number}-{index}", rows, measure.metric)
            if figure is not None:
                taken = summary.metrics[measure.metric]
                title = measure.title if taken == measure.metric else taken
                panels.append(Panel(figure, f"{title}, {block}" if block else title, tuple(row.label for row in rows)))
    return panels


def _curves(study: Study, records: Records) -> list[Panel]:
    limits = figures.shared_limits(list(records.values()), study.curves) if study.has_claims else None
    found = (
        (label, figures.curve_panel(f"curves-{index}", runs, study.curves, limits))
        for index, (label, runs) in enumerate(records.items())
    )
    return [Panel(figure, _name(label)) for label, figure in found if figure is not None]


def _together(study: Study, records: Records) -> list[Panel]:
    """What was measured during the training, all rows of a comparison in one drawing."""
    if study.has_claims or study.watched is None:
        return []
    rows = {_name(label): runs for label, runs in records.items()}
    logged = (each for runs in records.values() for run in runs for each in run.log.scores)
    names = dict.fromkeys(name for each in logged for name in each.values)
    found = ((name, figures.together_figure(f"together-{index}", rows, name)) for index, name in enumerate(names))
    return [Panel(figure, name.replace("-", " ")) for name, figure in found if figure is not None]


def _differences(records: Records) -> Table:
    """The settings in which the rows' experiments differ, with each row's value."""
    plain = {_name(label): {**runs[0].config, "seed": None, "name": None} for label, runs in records.items() if runs}
    first = next(iter(plain.values()), {})
    paths = dict.fromkeys(path for other in plain.values() for path in differences(first, other))
    rows = tuple(
        (Cell(path, path), *(Cell(_setting(_at(config, path))) for config in plain.values()))
        for path in list(paths)[:_MOST_SETTINGS]
    )
    notes = (f"And {len(paths) - len(rows)} more settings.",) if len(paths) > len(rows) else ()
    return Table("Settings that differ", ("setting", *plain), rows, notes)


def _at(config: Any, path: str) -> Any:
    for name in path.split("."):
        config = config.get(name) if isinstance(config, Mapping) else None
    return config


def _setting(value: Any) -> str:
    return DASH if value is None or isinstance(value, Mapping) else shortened(value, _LONGEST_SETTING)


def _histograms(records: Records) -> list[Panel]:
    shares = {label: [row for run in runs if (row := run.histogram())] for label, runs in records.items()}
    every = [share for rows in shares.values() for row in rows for share in row.values()]
    found = (
        (label, run_figures.histogram_figure(f"classes-{index}", rows, max(every)))
        for index, (label, rows) in enumerate(shares.items())
        if rows
    )
    return [Panel(figure, _name(label)) for label, figure in found if figure is not None]


def _maps(records: Records) -> list[Panel]:
    """The map of the first run of each row that has one."""
    panels = []
    for index, (label, runs) in enumerate(records.items()):
        found = next((each for run in runs if (each := read_critic_map(run.path)) is not None), None)
        if found is not None:
            panels.append(Panel(figures.map_figure(f"map-{index}", found), _name(label)))
    return panels


def _pictures(records: Records, folder: str, most: int, budget_bytes: int) -> list[Grids]:
    """The pictures of the first run of each row that has some in this folder, all within the budget."""
    share = budget_bytes // max(len(records), 1)
    found = []
    for label, runs in records.items():
        for run in runs[:3]:
            if frames := read_frames(run.path / folder, most, share):
                found.append(Grids(_name(label), f"seed {run.seed}" if run.seed else "", frames))
                break
    return found


def _real_data_rows(summary: Summary) -> list[dict[str, Any]]:
    """What real data score, as a row with one run: their passports stand below those of the others."""
    run = {"variant": "", "seed": 0, "status": "held-out real data in place of samples", "reason": "", "unmeasured": {}}
    return [
        {"label": label, "block": block, "diverged": 0, "runs": [run | {"scores": scores}]}
        for (label, block), scores in summary.real_data.items()
    ]


def _name(label: tuple[str, str]) -> str:
    return ", ".join(part for part in label if part)
