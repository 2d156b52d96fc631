"""The page of `explore` and what it asks for: pictures of chosen latents, and how the run is doing meanwhile."""

import io
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from equipoise.common.errors import EquipoiseError, printable, shortened
from equipoise.evaluation.directions import moved
from equipoise.evaluation.latents import between, latent_batch, of_class
from equipoise.evaluation.sampling import as_picture
from equipoise.reports.frames import data_uri
from equipoise.reports.local_server import Answer
from equipoise.reports.measurements import score_figures, variety_figure
from equipoise.reports.pages import curve_figures, first_facts, policy, render
from equipoise.reports.verdict import verdict
from equipoise.runs.explored import DIRECTIONS, Model, Source
from equipoise.runs.lock import is_claimed
from equipoise.runs.record import RunRecord, read_run

TILES = 24
"""How many samples of a seed are shown."""
FARTHEST = 4.0
"""How far a slider moves along a direction, in standard deviations of the latents."""
_PAUSE_SECONDS, _MOST_SHARE = 3.0, 0.1
"""The curves are drawn anew no sooner than after the pause, and take no larger share of the time."""
_POINT = re.compile(r"(\d{1,15}):(\d{1,2}):(\d{0,6}):([-\d.,]{0,200})", re.ASCII)
_SEED = re.compile(r"\d{1,15}", re.ASCII)
_SCRIPT = "explore.js"


class NotYet(EquipoiseError):
    """There is no model to make pictures with."""


@dataclass(frozen=True)
class News:
    """How a run is doing: `version` of its log, and the two parts of the page that show it."""

    version: str = ""
    now: str = ""
    curves: str = ""
    status: str = ""


@dataclass
class Explorer:
    """Answers what the page asks for.

    Attributes:
        source: of the generator.
        place: what the page calls it, as the run's directory.
    """

    source: Source
    place: Path
    _news: News = field(default_factory=News, init=False)
    _next_news: float = field(default=0.0, init=False)
    _making: threading.Lock = field(default_factory=threading.Lock, init=False)
    _drawing: threading.Lock = field(default_factory=threading.Lock, init=False)

    def answer(self, path: str, given: Sequence[tuple[str, str]]) -> Answer:
        """The answer to a request; an `Answering`."""
        routes: dict[str, tuple[Callable[..., Answer], tuple[str, ...]]] = {
            "/": (self._page, ()),
            "/news": (self._tell, ("version",)),
            "/grid": (self._grid, ("seed", "label")),
            "/picture": (self._picture, ("at",)),
            "/way": (self._way, ("start", "end", "share")),
        }
        if path not in routes:
            return _json({"error": "There is nothing here."}, 404)
        make, names = routes[path]
        try:
            if sorted(name for name, _ in given) != sorted(names):
                raise EquipoiseError(f"the parameters are {', '.join(names) or 'none'}, each once.")
            return make(**dict(given))
        except NotYet as error:
            return _json({"error": str(error)}, 503)
        except EquipoiseError as error:
            return _json({"error": str(error)}, 400)

    def _page(self) -> Answer:
        prior = self.source.prior
        text = render(
            "explore.html",
            script=_SCRIPT,
            title=self.source.name,
            place=printable(self.place),
            is_run=self.source.run is not None,
            labels=[printable(name) for name in self.source.class_names] or range(prior.classes),
            tiles=range(TILES),
            directions=range(1, min(DIRECTIONS, prior.size - prior.classes) + 1),
            farthest=FARTHEST,
        )
        headers = {"Content-Security-Policy": f"{policy(_SCRIPT)}; frame-ancestors 'none'"}
        return Answer(200, text, "text/html; charset=utf-8", headers)

    def _tell(self, version: str) -> Answer:
        """What is new since the version that the page has."""
        with self._drawing:
            news = self._current_news()
        with self._making:
            model = self.source.model()
        about = {
            "version": news.version,
            "status": news.status,
            "shown": model.shown if model else "",
            "origin": model.directions.origin if model else "",
            "problem": self.source.problem,
        }
        parts = {} if version == news.version or not news.version else {"now": news.now, "curves": news.curves}
        return _json({**about, "parts": parts})

    def _current_news(self) -> News:
        run = self.source.run
        if run is None or time.monotonic() < self._next_news:
            return self._news
        begun = time.monotonic()
        training, version = is_claimed(run.config), _version(run.log)
        if f"{version}/{training}" != self._news.version:
            self._news = _news(read_run(run.path), f"{version}/{training}", training)
        ended = time.monotonic()
        self._next_news = ended + max(_PAUSE_SECONDS, (ended - begun) / _MOST_SHARE)
        return self._news

    def _grid(self, seed: str, label: str) -> Answer:
        """The first samples of a seed: those of `equipoise sample --seed`, unless a class is asked for."""
        if not _SEED.fullmatch(seed):
            raise EquipoiseError(f"seed must be a whole number of at most 15 digits, got '{shortened(seed)}'.")
        chosen = _label(label, self.source.prior.classes)
        with self._making:
            model = self._model()
            return _pictures(model, of_class(model.prior, latent_batch(model.prior, int(seed), 0)[:TILES], chosen))

    def _picture(self, at: str) -> Answer:
        with self._making:
            model = self._model()
            return _pictures(model, _latent(model, at)[None])

    def _way(self, start: str, end: str, share: str) -> Answer:
        part = _number(share, 0.0, 1.0)
        with self._making:
            model = self._model()
            ends = _latent(model, start)[None], _latent(model, end)[None]
            return _pictures(model, between(model.prior, *ends, torch.tensor([[part]])))

    def _model(self) -> Model:
        found = self.source.model()
        if found is None:
            raise NotYet(self.source.problem)
        return found


def _latent(model: Model, point: str) -> Tensor:
    """The latent vector [size] of SEED:NUMBER:CLASS:MOVES, as "3:0::" or "3:17:2:0,-1.5".

    The number counts from 0 among the samples of the seed; without a class it keeps the one that it has by chance. The
    moves are along the first main directions, in standard deviations.
    """
    found = _POINT.fullmatch(point)
    if found is None or int(found[2]) >= TILES:
        raise EquipoiseError(f"a point is SEED:NUMBER:CLASS:MOVES, got '{shortened(point)}'.")
    seed, number, label, moves = found.groups()
    amounts = [_number(each, -FARTHEST, FARTHEST) for each in moves.split(",")] if moves else []
    vectors = model.directions.vectors
    if len(amounts) > len(vectors):
        raise EquipoiseError(f"there are {len(vectors)} directions, got {len(amounts)} moves.")
    latents = latent_batch(model.prior, int(seed), 0)[int(number)][None]
    latent = of_class(model.prior, latents, _label(label, model.prior.classes))[0]
    return moved(model.prior, latent, vectors[: len(amounts)], torch.tensor(amounts)) if amounts else latent


def _label(text: str, classes: int) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not text.isascii() or len(text) > 6 or int(text) >= classes:
        raise EquipoiseError(f"there are {classes} classes, counted from 0, got '{shortened(text)}'.")
    return int(text)


def _number(text: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise EquipoiseError(f"expected a number from {low:g} to {high:g}, got '{shortened(text)}'.")
    return number


def _pictures(model: Model, latents: Tensor) -> Answer:
    return _json({"shown": model.shown, "pictures": [_png(each) for each in model.pictures(latents)]})


def _png(pixels: Any) -> str:
    buffer = io.BytesIO()
    as_picture(pixels).save(buffer, format="PNG", compress_level=1)
    return data_uri("image/png", buffer.getvalue())


def _news(record: RunRecord, version: str, training: bool) -> News:
    figures = [*(score_figures(record) or (variety_figure(record),)), *curve_figures(record)]
    facts = dict(first_facts(record))
    left = f", {facts['time left']} left" if "time left" in facts else ""
    if not training:
        facts.pop("time left", None)
    now = render("explore_now.html", verdict=verdict(record))
    shown = [each for each in figures if each]
    curves = render("explore_curves.html", facts=list(facts.items()), figures=shown)
    return News(version, now, curves, f"training now{left}" if training else "not training now")


def _version(log: Path) -> str:
    """Changes whenever the log does."""
    try:
        found = log.stat()
    except OSError:
        return "0"
    return f"{found.st_size}-{found.st_mtime_ns}"


def _json(content: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(status, json.dumps(content), "application/json")
