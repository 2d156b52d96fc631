"""Writes records, figures and grids into one HTML file each; all names are escaped."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

import equipoise
from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_text_atomically
from equipoise.data.account import Account
from equipoise.reports import figures, measurements
from equipoise.reports.frames import Frame, read_frames, read_picture
from equipoise.reports.grouping import refuse_unlike
from equipoise.reports.summary import comparison_table, shown, title, with_spread
from equipoise.reports.verdict import picture_size, times, verdict
from equipoise.runs.curves import FAKE, MARGIN, REAL
from equipoise.runs.record import RunRecord, read_run

if TYPE_CHECKING:
    from equipoise.studies.demo_stories import Told

_HERE = Path(__file__).parent
_FRAME_BUDGET_BYTES = 1_700_000
_MOST_FRAMES = 24
_MOST_FILES = 10_000
_PLACES = "places"
_SCRIPT = "page.js"
_MOST_FRAMES_COMPARED = 12


@dataclass(frozen=True)
class Grids:
    """The sample grids of one run, named for the page."""

    label: str
    note: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class Step:
    """One position of the time slider."""

    iteration: int
    label: str


@dataclass(frozen=True)
class Group:
    """One group of the comparison."""

    label: str
    runs: tuple[RunRecord, ...]
    energies: figures.Figure | None
    histogram: figures.Figure | None


def write_run_report(run: Path) -> Path:
    """Write `report.html` into a run directory and return its path.

    Raises:
        EquipoiseError: there is no run, or the page cannot be written.
    """
    record = read_run(run)
    frames = read_frames(record.path / "samples", _MOST_FRAMES, _FRAME_BUDGET_BYTES)
    scored = measurements.score_figures(record)
    text = render(
        "run.html",
        title=record.name,
        run=record,
        verdict=verdict(record),
        first=first_facts(record),
        newest=frames[-1] if frames else None,
        real=read_picture(record.path / "real.png"),
        facts=_facts(record),
        steps=[Step(frame.iteration, _moment(record, frame.iteration)) for frame in frames],
        grids=[Grids(record.name, "", frames)] if frames else [],
        curves=[figure for figure in curve_figures(record) if figure],
        score=scored[0] if scored else measurements.variety_figure(record),
        scored=scored[1:],
        was_scored=bool(scored),
        others=measurements.other_figures(record),
        histogram=figures.histogram_figure("classes", [record.histogram()]) if record.histogram() else None,
        environment=_flat(_without_places(record.environment)),
        files=_files(record.account),
    )
    return _written(record.path / "report.html", text)


def write_comparison(
    title: str, introduction: str, groups: Mapping[str, Sequence[Path]], out: Path, stories: "Sequence[Told]" = ()
) -> Path:
    """Write one page that compares groups of runs, and return its path.

    Args:
        title: the page's heading.
        introduction: plain text under it; blank lines part paragraphs.
        groups: the name of each group and its run directories, which differ in nothing but their seeds; `group_runs`
            makes such groups.
        out: the HTML file.
        stories: verdicts on some of the groups, to stand above everything with the newest samples of theirs.

    Raises:
        EquipoiseError: a directory holds no run, there is no group, the runs of one are unlike, or the page cannot be
            written.
    """
    if not groups:
        raise EquipoiseError("a comparison needs at least one group of runs; name their directories.")
    records = {label: tuple(read_run(path) for path in paths) for label, paths in groups.items()}
    refuse_unlike(records)
    grids = _compared_grids(records)
    text = render(
        "comparison.html",
        title=title,
        stories=stories,
        paragraphs=[part.strip() for part in introduction.split("\n\n") if part.strip()],
        table=comparison_table(records),
        groups=_groups(records),
        grids=grids,
        steps=steps_of(grids),
    )
    return _written(Path(out), text)


def first_facts(record: RunRecord) -> list[tuple[str, str]]:
    """What stands beside the verdict: how far it is, how long it took and takes, and the pictures' size."""
    facts = {"iterations": f"{record.log.last_iteration:,}", **times(record), "size": picture_size(record)}
    return [(label, value) for label, value in facts.items() if value]


def curve_figures(record: RunRecord) -> tuple[figures.Figure | None, ...]:
    """Energies, losses and, where scores were taken, the samples' variety; None for what was not logged."""
    variety = measurements.variety_figure(record) if record.log.scores else None  # else it stands at the top
    return figures.energy_figure(record), figures.loss_figure(record), variety


def _groups(records: Mapping[str, Sequence[RunRecord]]) -> list[Group]:
    limits = figures.shared_limits(list(records.values()))
    histograms = {label: [shares for run in runs if (shares := run.histogram())] for label, runs in records.items()}
    highest = max(
        (share for rows in histograms.values() for row in rows for share in row.values() if share == share), default=1.0
    )
    return [
        Group(
            label,
            tuple(runs),
            figures.energy_panel(f"energies-{index}", runs, limits),
            figures.histogram_figure(f"classes-{index}", histograms[label], highest),
        )
        for index, (label, runs) in enumerate(records.items())
    ]


def _compared_grids(records: Mapping[str, Sequence[RunRecord]]) -> list[Grids]:
    budget = _FRAME_BUDGET_BYTES // max(len(records), 1)
    found = (_first_grids(label, runs, budget) for label, runs in records.items())
    return [grids for grids in found if grids.frames]


def _first_grids(label: str, runs: Sequence[RunRecord], budget: int) -> Grids:
    for run in runs:
        frames = read_frames(run.path / "samples", _MOST_FRAMES_COMPARED, budget)
        if frames:
            return Grids(label, f"seed {run.seed}" if run.seed else run.path.name, frames)
    return Grids(label, "", ())


def steps_of(grids: Sequence[Grids]) -> list[Step]:
    """The iterations of all grids, as the slider's positions."""
    iterations = sorted({frame.iteration for one in grids for frame in one.frames})
    return [Step(iteration, f"iteration {iteration:,}") for iteration in iterations]


def _moment(run: RunRecord, iteration: int) -> str:
    reached = [record for record in (*run.log.iterations, *run.log.epochs) if record.iteration <= iteration]
    if not reached:
        return f"iteration {iteration:,}"
    latest = max(reached, key=lambda record: record.iteration)
    return f"iteration {iteration:,} · {latest.stage}, epoch {latest.epoch + 1}"


def _facts(run: RunRecord) -> list[tuple[str, str]]:
    facts = [("seed", run.seed)]
    facts += [(title(s.metric), with_spread(s.value, s.deviation)) for s in run.scores if isinstance(s.value, float)]
    ends = ((REAL, "final energy, real"), (FAKE, "final energy, generated"), (MARGIN, "final margin"))
    facts += [(label, shown(found.last)) for name, label in ends if (found := run.by_epoch(name))]
    return [(label, value) for label, value in facts if value]


def _without_places(environment: Mapping[str, Any]) -> dict[str, Any]:
    """The record of the sessions without this machine's folders: a page is handed on."""
    sessions = environment.get("sessions")
    if not isinstance(sessions, list):
        return dict(environment)
    kept = [{name: each[name] for name in each if name != _PLACES} for each in sessions if isinstance(each, Mapping)]
    return {**environment, "sessions": kept}


def _files(account: Account | None) -> list[tuple[str, str]]:
    """(name, why it is not among the images) of each such file of the data."""
    if account is None:
        return []
    listed = [*account.skipped, *account.unread, *account.left_out]
    shown = [(printable(name), reason) for name, reason in listed[:_MOST_FILES]]
    rest = len(listed) - len(shown)
    return shown + ([(f"and {rest:,} more", "named in data.json")] if rest else [])


def _with_deviation(value: float | Sequence[float], deviation: float | None) -> str:
    return f"{len(value)} values" if isinstance(value, Sequence) else with_spread(value, deviation)


def _flat(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in tree.items():
        name = f"{prefix}{key}"
        rows += _flat(value, f"{name}.") if isinstance(value, Mapping) else [(name, _plain(value))]
    return rows


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    return "none" if value is None else str(value)


def policy(script: str) -> str:
    """What a page with this script may do: run it, and ask its own server unless it is the reports' script."""
    text = (_HERE / script).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    asks = "" if script == _SCRIPT else "connect-src 'self'; "
    return (
        f"default-src 'none'; {asks}img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def render(template: str, folders: Sequence[Path] = (), script: str = _SCRIPT, **values: Any) -> str:
    """A self-contained page, or a part of one, from a template of this package, or of one of the folders."""
    return (
        _environment(tuple(folders))
        .get_template(template)
        .render(
            style=Markup((_HERE / "style.css").read_text(encoding="utf-8")),
            script=Markup((_HERE / script).read_text(encoding="utf-8")),
            policy=Markup(policy(script)),
            version=equipoise.__version__,
            **values,
        )
    )


@lru_cache(maxsize=8)
def _environment(folders: tuple[Path, ...]) -> jinja2.Environment:
    """What reads the templates; each is compiled once, and again where its file has changed."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, _HERE / "templates"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        flat=_flat, name=title, with_deviation=_with_deviation, unbroken=_unbroken, counted=counted
    )
    return environment


def _unbroken(text: str) -> str:
    """A figure that no line break parts from its deviation, nor a count from what it counts."""
    parts = re.split(r"(?<=±) | (?=±)|(?<=\(\d) (?=seed|run)|(?<=\(\d\d) (?=seed|run)", text)
    return "\N{NO-BREAK SPACE}".join(parts)


def _written(path: Path, text: str) -> Path:
    write_text_atomically(path, text)
    return path
