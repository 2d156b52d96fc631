"""A run as an object: its samples, curves and scores in Python and in a notebook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from equipoise.common import notebook
from equipoise.common.counted import counted
from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.common.machine import choose_device
from equipoise.evaluation.maker import SampleMaker, count_for, wanted
from equipoise.evaluation.nearest import By, Neighbours
from equipoise.evaluation.sample_files import interpolation_arrays, sample_arrays, sample_sheet
from equipoise.evaluation.sampling import check_count
from equipoise.evaluation.score_sheet import Scores
from equipoise.experiments.experiment import Experiment
from equipoise.runs import train as training
from equipoise.runs import trained
from equipoise.runs.directory import RunDirectory, open_run
from equipoise.runs.plot import plot_log
from equipoise.runs.record import read_run
from equipoise.runs.run_log import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("iterations", "epochs", "scores", "variety", "balance")
"""What a run's log holds curves of."""


@dataclass(frozen=True)
class Run:
    """A run in its directory. Nothing is kept in memory: what is asked for is read, also while the run goes on.

    Attributes:
        path: the run's directory.

    Raises:
        EquipoiseError: there is no run at this path.
    """

    path: Path

    def __post_init__(self) -> None:
        open_run(self.path)

    @property
    def experiment(self) -> Experiment:
        """What was trained."""
        return RunDirectory(self.path).experiment()

    @property
    def scores(self) -> Scores:
        """The latest evaluation's, by metric."""
        return Scores(read_run(self.path).scores)

    def sample(
        self, count: int | None = None, *, checkpoint: str | int | None = None, device: str = "auto", **which: Any
    ) -> NDArray[Any]:
        """Samples of the run's generator, the same ones as `equipoise sample` writes for this seed.

        Args:
            count: how many, by default 1 or one for each of `seeds`; the first ones do not depend on it. Of each class,
                where all are asked for.
            checkpoint: "best", "newest" or the number of an iteration; by default the best where the run keeps one.
            device: "auto", "cpu", "cuda", ...
            which: fields of `equipoise.evaluation.maker.Wanted`: seed=3, seeds=[3, 7], of_class="cats",
                truncation=0.7, keep_best=0.5.

        Returns: uint8 [count, height, width, channels], as pictures are stored; of a run on points float32 [count, 2].

        Raises:
            EquipoiseError: there is no such checkpoint or class, or so many samples need more memory than there is.
        """
        asked = wanted(which)
        return sample_arrays(self.maker(checkpoint, device), count_for(count, asked, 1), asked)

    def picture(
        self, count: int | None = None, *, checkpoint: str | int | None = None, device: str = "auto", **which: Any
    ) -> Image.Image:
        """The same samples as one picture: a grid, or a scatter plot of points."""
        asked = wanted(which)
        return sample_sheet(self.maker(checkpoint, device), count_for(count, asked, 64), asked)

    def interpolate(
        self,
        seeds: Sequence[int],
        frames: int = 20,
        *,
        checkpoint: str | int | None = None,
        device: str = "auto",
        **which: Any,
    ) -> NDArray[Any]:
        """Pictures on the way from each seed to the next and back to the first: uint8 [seeds * frames, ...].

        Args:
            seeds: two or more.
            frames: from each seed to the next.
            checkpoint: as for `sample`, like `device` and `which`.

        Raises:
            EquipoiseError: as `sample`; there is one seed only, or the run's samples are points.
        """
        return interpolation_arrays(self.maker(checkpoint, device), frames, wanted({"seeds": seeds} | which))

    def neighbours(
        self,
        count: int = 10,
        each: int = 5,
        *,
        by: By | None = None,
        checkpoint: str | int | None = None,
        device: str = "auto",
        **which: Any,
    ) -> Neighbours:
        """Samples, and for each of them the training pictures that are nearest.

        Args:
            count: how many samples.
            each: how many neighbours of a sample.
            by: "features" or "pixels"; by default the features where their weights are installed.
            checkpoint: as for `sample`, like `device` and `which`.

        Raises:
            EquipoiseError: as `sample`, or the training pictures are not there any more.
        """
        check_count(count)
        return self._trained(checkpoint, device).neighbours(count, wanted(which), each, by)

    def maker(self, checkpoint: str | int | None = None, device: str = "auto") -> SampleMaker:
        """Makes samples, for `equipoise.evaluation.sample_files.write_samples`, batch by batch."""
        return self._trained(checkpoint, device).maker()

    def generator(self, *, checkpoint: str | int | None = None, device: str = "auto") -> nn.Module:
        """The generator as a module, in evaluation mode and without gradients: latents in, images out."""
        return self._trained(checkpoint, device).generator

    def curves(self, kind: str = "iterations") -> Any:
        """What was logged, as columns.

        Args:
            kind: "iterations", "epochs", "scores" (taken during training), "variety" or "balance".

        Returns: a pandas DataFrame with the iterations as its index where pandas is installed; otherwise a dictionary
            of numpy arrays, of which "iteration" is one. A value that was not logged, or not finite, is NaN.

        Raises:
            EquipoiseError: there is no such kind.
        """
        if kind not in KINDS:
            raise UnknownName("kind of curve", kind, KINDS)
        columns = _columns(getattr(read_run(self.path).log, kind))
        try:
            import pandas
        except ImportError:
            return columns
        return pandas.DataFrame(columns).set_index("iteration")

    def plot(self, names: Sequence[str] = ()) -> "Figure":
        """Losses, energies and scores over the iterations as a matplotlib figure; or only the values that are named."""
        return plot_log(read_run(self.path).log, names)

    def evaluate(self, metrics: Sequence[str] = (), samples: int = 10_000, **settings: Any) -> Scores:
        """Score the run and keep the scores beside it; by default by the metrics that its data allow.

        Args:
            metrics: one name or several, as `equipoise list metrics` shows them.
            samples: how many the metrics see.
            settings: fields of `equipoise.runs.train.Settings`, as `device="cpu"`.

        Raises:
            PartlyMeasured: some metrics could not be taken; the others are kept.
            EquipoiseError: a metric is unknown or none can be taken.
        """
        chosen = settings_from(settings, ("metrics", "samples"))
        names = (metrics,) if isinstance(metrics, str) else tuple(metrics)
        taken = {each.metric for each in trained.evaluate(self.path, names, samples, chosen)}
        return Scores(score for name, score in self.scores.items() if name in taken)

    def resume(
        self,
        *,
        iterations: int | None = None,
        epochs: int | None = None,
        seconds: float | None = None,
        **settings: Any,
    ) -> "Run":
        """Go on from the newest good checkpoint, to the end, or beyond it.

        Args:
            iterations: a new length of the adversarial training. Give at most one of the three.
            epochs: the same, in epochs.
            seconds: so much longer than the run was to be.
            settings: as for `evaluate`.

        Raises:
            EquipoiseError: as `equipoise resume` says it.
        """
        asked = training.Longer(iterations, epochs, seconds)
        longer = None if asked == training.Longer() else asked
        chosen = settings_from(settings, ("iterations", "epochs", "seconds"))
        return Run(training.resume(self.path, chosen, longer).path)

    def _repr_html_(self) -> str:
        """What a notebook shows: where the run stands, its newest samples and its scores."""
        record = read_run(self.path)
        facts = (
            f"{record.name}, seed {record.seed or 0}: {counted(record.log.last_iteration, 'iteration')} in {self.path}"
        )
        grids = sorted(RunDirectory(self.path).samples.glob("iteration-*.png"))
        newest = notebook.picture(grids[-1], f"samples of {record.name}") if grids else ""
        scores = Scores(record.scores)._repr_html_() if record.scores else ""
        return notebook.paragraph(facts) + "".join(map(notebook.paragraph, record.log.told)) + newest + scores

    def _trained(self, checkpoint: str | int | None, device: str) -> trained.Trained:
        wish = None if checkpoint is None else str(checkpoint)
        return trained.load_trained(self.path, choose_device(device), wish)


def open_run_directory(what: str | Path) -> Run | None:
    """The run at a path; None where there is none. For `equipoise.load`."""
    path = Path(what)
    return Run(path) if (path / "config.yaml").is_file() else None


def settings_from(given: Mapping[str, Any], public: Sequence[str] = ()) -> training.Settings:
    """Settings from keywords; `public` are the caller's other keywords, which may have been meant.

    Raises:
        UnknownName: there is no such setting; the nearest one is named.
    """
    settings = {field.name for field in fields(training.Settings)}
    for name in (each for each in given if each not in settings):
        raise UnknownName("setting", name, {*public, *settings} - _INTERNAL)
    if isinstance(given.get("track"), str):
        raise EquipoiseError(f"track is a list of trackers; write track=('{given['track']}',).")
    return training.Settings(**given)


_INTERNAL = {"begin_from", "introduced", "page", "shorter", "stack"}
"""Settings that this package makes for itself, which no message offers."""


def _columns(records: Sequence[Record]) -> dict[str, NDArray[Any]]:
    names = dict.fromkeys(name for record in records for name in record.values)
    columns: dict[str, NDArray[Any]] = {
        "iteration": np.array([record.iteration for record in records], dtype=np.int64),
        "epoch": np.array([record.epoch + 1 for record in records], dtype=np.int64),
        "stage": np.array([record.stage for record in records], dtype=object),
    }
    return columns | {name: np.array([record.values.get(name, np.nan) for record in records]) for name in names}
