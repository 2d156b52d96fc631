"""The generator that `explore` shows: a run's, read again when there is a newer checkpoint, or one out of a file."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError, printable
from equipoise.evaluation.directions import Directions, main_directions
from equipoise.evaluation.sampling import images_of, to_arrays
from equipoise.experiments.build import network_shape
from equipoise.runs.classes import kept_class_names
from equipoise.runs.directory import RunDirectory, open_run
from equipoise.runs.shipped import Shipped, open_from_hub, open_shipped
from equipoise.runs.trained import load_trained
from equipoise.training.checkpoint import list_checkpoints
from equipoise.training.draw import Latent

DIRECTIONS = 8
"""How many main directions can be moved along, where the latents have as many dimensions."""


@dataclass(frozen=True)
class Model:
    """A generator of pictures, ready for use.

    Attributes:
        generator: in evaluation mode, without gradients.
        prior: of its latents.
        value_range: of its pictures.
        shown: which one it is, as "iteration 1,200".
        directions: of its latent space.
    """

    generator: nn.Module
    prior: Latent
    value_range: Literal["unit", "symmetric"]
    shown: str
    directions: Directions

    def pictures(self, latents: Tensor) -> NDArray[Any]:
        """uint8 [batch, height, width, channels] of latents [batch, latent size]."""
        return to_arrays(images_of(self.generator, latents), self.value_range)


@dataclass
class Source:
    """Where a model comes from.

    Attributes:
        name: of the experiment.
        prior: of the latents.
        run: the run's directory; None for a generator out of a file.
        read: reads the model.
        version: what a model depends on; it is read again when that changes.
        class_names: of the classes that can be asked for, by number; none where they have no names.
        problem: why the last reading failed; "" if it did not.
    """

    name: str
    prior: Latent
    run: RunDirectory | None
    read: Callable[[], Model]
    version: Callable[[], Hashable] = tuple
    class_names: tuple[str, ...] = ()
    problem: str = field(default="", init=False)
    _model: Model | None = field(default=None, init=False)
    _version: Hashable = field(default=None, init=False)

    def model(self) -> Model | None:
        """The current model; the previous one where that cannot be read, and None before the first checkpoint."""
        version = self.version()
        if version != self._version:
            self._version = version
            try:
                self._model, self.problem = self.read(), ""
            except EquipoiseError as error:
                self.problem = str(error)
        return self._model


def open_source(what: Path, device: torch.device, checkpoint: str | None = None) -> Source:
    """The generator at a path: of a run's directory, in a file, in a folder with model.json, or on the hub.

    Args:
        what: where it is.
        device: where it computes.
        checkpoint: of a run: "best", "newest" or an iteration; as in `load_trained`.

    Raises:
        EquipoiseError: there is none, it makes points and not pictures, or a checkpoint of a file was asked for.
    """
    shipped = open_shipped(what) or open_from_hub(what)
    if shipped is None:
        return _of_run(open_run(what), device, checkpoint)
    if checkpoint is not None:
        raise EquipoiseError(f"{printable(what)} is a single generator; leave --checkpoint out.")
    return _of_shipped(what, shipped, device)


def _of_run(run: RunDirectory, device: torch.device, checkpoint: str | None) -> Source:
    experiment = run.experiment()
    _refuse_points(run.path, network_shape(experiment.players["generator"].network))

    def read() -> Model:
        if not list_checkpoints(run.checkpoints):
            raise EquipoiseError("There is no checkpoint yet; pictures come with the first one.")
        found = load_trained(run.path, device, checkpoint)
        shown = f"iteration {found.iteration:,}"
        return _model(found.generator, experiment.latent, experiment.value_range, shown)

    def version() -> Hashable:
        return tuple(each.iteration for each in list_checkpoints(run.checkpoints))

    return Source(experiment.name, experiment.latent, run, read, version, kept_class_names(run, experiment))


def _of_shipped(what: Path, shipped: Shipped, device: torch.device) -> Source:
    about = shipped.description
    _refuse_points(what, network_shape(about.network))
    shown = f"iteration {about.iteration:,}"
    read = partial(_model, shipped.network.to(device), about.latent, about.value_range, shown)
    return Source(about.experiment, about.latent, None, read, class_names=about.class_names)


def _model(generator: nn.Module, prior: Latent, value_range: Literal["unit", "symmetric"], shown: str) -> Model:
    return Model(generator, prior, value_range, shown, main_directions(generator, prior, DIRECTIONS))


def _refuse_points(what: Path, shape: tuple[int, ...]) -> None:
    if len(shape) != 3:
        raise EquipoiseError(f"{printable(what)} makes points, and explore shows pictures; see its report instead.")
