"""A generator without its run: weights as safetensors, and a `model.json` that says which network they are of.

A file that comes from elsewhere is read without trust: no code and no pickle is in it, the network is one of the
catalogue, and names and sizes are compared before anything is made.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn.utils import parametrize

from equipoise.common.errors import EquipoiseError, printable, shortened
from equipoise.common.files import check_regular, read_text_bounded
from equipoise.common.machine import choose_device
from equipoise.evaluation.maker import SampleMaker, count_for, wanted
from equipoise.evaluation.sample_files import interpolation_arrays, sample_arrays, sample_sheet
from equipoise.experiments.build import build_network, empty_network, network_shape
from equipoise.experiments.config import built
from equipoise.experiments.experiment import NetworkConfig
from equipoise.integrations.hub import FILES, PREFIX, download
from equipoise.networks.network import Generator
from equipoise.training.draw import Latent

WEIGHTS, DESCRIPTION = "model.safetensors", "model.json"
"""The files of a shipped generator's folder."""
FORMAT = 1
"""The version of what is written; a file of another one is refused."""
_MOST_BYTES = 1 << 20
_ATTACHED = ".parametrizations."
_ABOUT = "equipoise"
"""The entry of a weights file's metadata that holds the description."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What `model.json` holds.

    Attributes:
        format: of this file.
        made_by: the version that wrote it.
        experiment: what the run was called.
        seed: of the run.
        iteration: of the checkpoint.
        value_range: of the network's images: "unit" for [0, 1], "symmetric" for [-1, 1].
        latent: the distribution of what the network takes.
        network: its kind in `equipoise.networks` and the constructor's options; no constraint is attached.
        class_names: of the classes that the generator can be asked for, where they have names.
    """

    format: int = FORMAT
    made_by: str
    experiment: str
    seed: int
    iteration: int
    value_range: Literal["unit", "symmetric"]
    latent: Latent
    network: NetworkConfig
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shipped:
    """A generator out of a file or a folder, ready for use.

    Attributes:
        description: what it is.
        network: in evaluation mode, without gradients, on the CPU.
    """

    description: Description
    network: nn.Module

    def sample(self, count: int | None = None, *, device: str = "auto", **which: Any) -> NDArray[Any]:
        """The same samples as those of the run: uint8 [count, height, width, channels], or points float32 [count, 2].

        Args:
            count: how many, by default 1 or one for each of `seeds`; of each class, where all are asked for.
            device: "auto", "cpu", "cuda", ...
            which: as for `equipoise.runs.run.Run.sample`; `keep_best` needs the run.

        Raises:
            EquipoiseError: `count` is no whole number of at least 1, or so many need more memory than there is.
        """
        asked = wanted(which)
        return sample_arrays(self.maker(device), count_for(count, asked, 1), asked)

    def picture(self, count: int | None = None, *, device: str = "auto", **which: Any) -> Image.Image:
        """The same samples as one picture."""
        asked = wanted(which)
        return sample_sheet(self.maker(device), count_for(count, asked, 64), asked)

    def interpolate(
        self, seeds: Sequence[int], frames: int = 20, *, device: str = "auto", **which: Any
    ) -> NDArray[Any]:
        """Pictures on the way from each seed to the next, as `equipoise.runs.run.Run.interpolate`."""
        return interpolation_arrays(self.maker(device), frames, wanted({"seeds": seeds} | which))

    def maker(self, device: str = "auto") -> SampleMaker:
        """Makes samples, for `equipoise.evaluation.sample_files.write_samples`, batch by batch."""
        about = self.description
        shape = network_shape(about.network)
        network = self.network.to(choose_device(device))
        return SampleMaker(network, about.latent, about.value_range, shape, about.class_names)

    def origin(self) -> dict[str, Any]:
        """Where the generator comes from, in JSON values."""
        return {"experiment": self.description.experiment, "iteration": self.description.iteration}


def plain_weights(generator: nn.Module) -> dict[str, Tensor]:
    """The tensors of a generator by name, without what a constraint attached to it, on the CPU."""
    tensors = {name: value for name, value in generator.state_dict().items() if _ATTACHED not in f".{name}"}
    for place, module in generator.named_modules():
        if parametrize.is_parametrized(module):
            names = [name for name, _ in module.get_submodule("parametrizations").named_children()]
            tensors |= {f"{place}.{name}".lstrip("."): getattr(module, name) for name in names}
    return {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}


def open_shipped(path: Path) -> Shipped | None:
    """The generator in a .safetensors file or in a folder with `model.json`; None where there is neither.

    Raises:
        EquipoiseError: the file is damaged, or not what it says; one sentence says why.
    """
    path = Path(path)
    if (path / DESCRIPTION).is_file():
        return _rebuilt(_parsed(path / DESCRIPTION, _text(path / DESCRIPTION)), path / WEIGHTS)
    if path.suffix.lower() == ".safetensors" and path.is_file():
        return _rebuilt(_parsed(path, _metadata(path)), path)
    return None


def open_from_hub(path: Path) -> Shipped | None:
    """The generator that "hub:USER/NAME" names; None for any other path.

    Raises:
        EquipoiseError: it cannot be fetched, or as `open_shipped`.
    """
    if not str(path).startswith(PREFIX):
        return None
    folder = download(str(path))
    found = open_shipped(folder)
    if found is None:
        raise EquipoiseError(f"{printable(path)} holds no generator of Equipoise: there is no {DESCRIPTION} in it.")
    return found


def check_folder(folder: Path) -> None:
    """A shipped generator goes where there is nothing, an earlier one or a model card.

    Raises:
        EquipoiseError: the folder holds something else; it is named.
    """
    there = sorted(each.name for each in folder.iterdir() if not each.name.startswith(".")) if folder.is_dir() else []
    own = FILES if _holds_generator(folder) else set(FILES) - {WEIGHTS, DESCRIPTION}
    if foreign := [name for name in there if name not in own]:
        raise EquipoiseError(
            f"{printable(folder)} holds {printable(foreign[0])}, which equipoise export did not write; "
            "name a new folder."
        )


def _holds_generator(folder: Path) -> bool:
    """Whether one of the two files says that it is of a generator, whatever became of the other."""
    with suppress(EquipoiseError):
        return bool(_parsed(folder / DESCRIPTION, _text(folder / DESCRIPTION)))
    with suppress(EquipoiseError):
        return bool(_metadata(folder / WEIGHTS))
    return False


def _text(path: Path) -> str:
    try:
        return read_text_bounded(path, _MOST_BYTES)
    except (OSError, ValueError) as error:
        raise _refused(path, "cannot be read") from error


def _metadata(path: Path) -> str:
    try:
        check_regular(path)
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise _refused(path, "is damaged") from error
    if _ABOUT not in about:
        raise _refused(path, "does not say which network its weights belong to")
    return str(about[_ABOUT])


def _parsed(path: Path, text: str) -> Description:
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(path, "holds no readable description") from error
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise _refused(path, f"has a description of another format than {FORMAT}")
    try:
        found = built(Description, plain)
    except (EquipoiseError, TypeError, RecursionError) as error:
        raise _refused(path, f"describes no generator ({shortened(str(error).rstrip('.'))})") from error
    if found.class_names and len(found.class_names) != found.latent.classes:
        raise _refused(path, f"names {len(found.class_names)} classes, not {found.latent.classes}")
    return found


def _rebuilt(description: Description, weights: Path) -> Shipped:
    """The network with its weights; sizes are compared before memory is taken."""
    config, latent = description.network, description.latent
    if not issubclass(config.cls, Generator):
        raise _refused(weights, f"holds {printable(config.kind)}, which is no generator")
    empty = empty_network(config)
    expected = {name: tuple(value.shape) for name, value in empty.state_dict().items()}
    try:
        check_regular(weights)
        with safe_open(weights, framework="pt") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            _compare(weights, expected, found)
            tensors = {name: file.get_tensor(name) for name in found}
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise _refused(weights, "is damaged" if weights.exists() else "is missing") from error
    if getattr(empty, "latent_size", None) != latent.size:
        raise _refused(weights, f"takes latents of another size than {latent.size}")
    network = build_network(config, torch.Generator())
    network.load_state_dict(tensors)
    return Shipped(description, network.requires_grad_(False).eval())


def _compare(path: Path, expected: dict[str, tuple[int, ...]], found: dict[str, tuple[int, ...]]) -> None:
    names = sorted(expected.keys() | found.keys())
    different = next((name for name in names if expected.get(name) != found.get(name)), "")
    if different:
        raise _refused(path, f"does not fit the network that it names: {printable(different)} differs")


def _refused(path: Path, what: str) -> EquipoiseError:
    return EquipoiseError(f"{printable(path)} {what}; export the generator again with: equipoise export RUN --out FILE")
