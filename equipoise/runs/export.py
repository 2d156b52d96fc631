"""A trained generator for use elsewhere: ONNX for any runtime, torch.export for PyTorch alone, or safetensors."""

import importlib
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from equipoise import __version__
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_atomically, write_folder_atomically
from equipoise.experiments.config import to_plain
from equipoise.runs.classes import kept_class_names
from equipoise.runs.shipped import DESCRIPTION, WEIGHTS, Description, Shipped, check_folder, open_shipped, plain_weights
from equipoise.runs.trained import Tell, Trained, load_trained

_TOLERANCE = 1e-4
_ERRORS_ALONE = 3


class UnitImages(nn.Module):
    """latent [batch, latent size] -> the generator's images moved to [0, 1], or its points as they are."""

    def __init__(self, generator: nn.Module, symmetric: bool):
        super().__init__()
        self.generator, self.symmetric = generator, symmetric

    def forward(self, latent: Tensor) -> Tensor:
        """Images [batch, channels, height, width] in [0, 1], or points [batch, 2]."""
        made: Tensor = self.generator(latent)
        return ((made + 1) / 2).clamp(0, 1) if self.symmetric else made


def export(path: Path, out: Path, checkpoint: str | None = None, tell: Tell | None = None) -> Path:
    """Write a run's generator to a file or folder and return its path.

    `.onnx` and `.pt2` (of torch.export) hold the whole computation, latent [batch, latent size] -> images in [0, 1],
    for any batch size. `.safetensors` holds the weights, and a folder, whose name has no ending, the weights and a
    `model.json`: `equipoise.load` rebuilds the network from either. Each is read again before it is put in place, and
    must give what the run's generator gives. An earlier export is replaced, and a model card in the folder stays;
    a folder that holds anything else is refused. `checkpoint` and `tell` are those of `load_trained`.

    Raises:
        EquipoiseError: as `load_trained`; the ending is another one, the file cannot be written, or the extra that
            writes ONNX is not installed.
    """
    write = _WRITERS.get(out.suffix.lower())
    if write is None and out.suffix:
        endings = ", ".join(_WRITERS)
        raise EquipoiseError(
            f"a generator is exported to a file that ends in {endings}, or to a folder, not to {printable(out)}."
        )
    if write is None:
        check_folder(out)
    trained = load_trained(path, torch.device("cpu"), checkpoint, tell)
    if write is None:
        write_folder_atomically(out, lambda folder: write_model(trained, folder), beside=True)
        return out
    content = _quietly(lambda: write(trained, description_of(trained)), printable(out))
    write_atomically(out, lambda place: place.write_bytes(content))
    return out


def _quietly(write: Callable[[], bytes], called: str) -> bytes:
    """What `write` returns; its libraries' warnings, log lines and prints are kept from the user.

    Raises:
        EquipoiseError: its own, or one sentence in place of whatever a library raised.
    """
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            return write()
    except EquipoiseError:
        raise
    except Exception as error:  # of torch's exporter, onnx or onnxruntime: each has its own kinds
        lines = str(error).strip().splitlines() or [""]
        reason = printable(f"{type(error).__name__}: {lines[0]}")
        raise EquipoiseError(f"the generator cannot be written as {called}, which ended in {reason}") from error
    finally:
        logging.disable(before)


def description_of(trained: Trained) -> Description:
    """What the generator is, for whoever gets it without the run."""
    experiment = trained.experiment
    return Description(
        made_by=f"equipoise {__version__}",
        experiment=experiment.name,
        seed=experiment.seed,
        iteration=trained.iteration,
        value_range=experiment.value_range,
        latent=experiment.latent,
        network=experiment.players["generator"].network,
        class_names=kept_class_names(trained.run, experiment),
    )


def _plain(described: Description) -> dict[str, Any]:
    """As JSON values; earlier versions read a description without names of classes as well."""
    plain: dict[str, Any] = to_plain(described)
    return plain if described.class_names else {name: value for name, value in plain.items() if name != "class_names"}


def write_model(trained: Trained, folder: Path) -> None:
    """Write weights and `model.json` into a folder, and check that they give what the generator gives.

    Raises:
        EquipoiseError: they do not.
    """
    described = description_of(trained)
    save_file(plain_weights(trained.generator), folder / WEIGHTS, metadata=_metadata(described))
    (folder / DESCRIPTION).write_text(json.dumps(_plain(described), indent=1) + "\n", encoding="utf-8")
    _check_shipped(open_shipped(folder), trained)


def _metadata(described: Description) -> dict[str, str]:
    """The description as a whole, and its parts for readers without Equipoise."""
    plain = _plain(described)
    parts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in plain.items()}
    return parts | {"equipoise": json.dumps(plain)}


def _safetensors(trained: Trained, described: Description) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / WEIGHTS
        save_file(plain_weights(trained.generator), file, metadata=_metadata(described))
        _check_shipped(open_shipped(file), trained)
        return file.read_bytes()


def _check_shipped(shipped: Shipped | None, trained: Trained) -> None:
    assert shipped is not None
    latent = trained.experiment.latent.sample(2, torch.Generator().manual_seed(0))
    with torch.no_grad():
        _compare(shipped.network(latent), trained.generator(latent))


def _torch_export(trained: Trained, described: Description) -> bytes:
    module, latent = _whole(trained)
    program = torch.export.export(module, (latent,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    buffer = io.BytesIO()
    torch.export.save(program, buffer, extra_files={"equipoise.json": json.dumps(_plain(described))})
    with torch.no_grad():
        _compare(torch.export.load(io.BytesIO(buffer.getvalue())).module()(latent[:2]), module(latent[:2]))
    return buffer.getvalue()


def _whole(trained: Trained) -> tuple[nn.Module, Tensor]:
    """latent -> images in [0, 1] or points, and three latents."""
    experiment = trained.experiment
    symmetric = trained.makes_images and experiment.value_range == "symmetric"
    latent = experiment.latent.sample(3, torch.Generator().manual_seed(0))
    return UnitImages(trained.generator, symmetric).eval(), latent


def _onnx(trained: Trained, described: Description) -> bytes:
    onnx, runtime = _extra("onnx"), _extra("onnxruntime")
    _extra("onnxscript")
    module, latent = _whole(trained)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "generator.onnx"
        torch.onnx.export(
            module,
            (latent,),
            file,
            input_names=["latent"],
            output_names=["images" if trained.makes_images else "points"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            external_data=False,
            verbose=False,
        )
        model = onnx.load(file)
    for key, value in _metadata(described).items():
        model.metadata_props.add(key=key, value=value)
    content: bytes = model.SerializeToString()
    _check(runtime, content, module, latent[:2])
    return content


def _check(runtime: Any, content: bytes, module: nn.Module, latent: Tensor) -> None:
    """The file gives what the network gives, for another batch size than it was traced with."""
    options = runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ALONE
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"latent": latent.numpy()})
    with torch.no_grad():
        _compare(torch.from_numpy(found), module(latent))


def _compare(found: Tensor, expected: Tensor) -> None:
    furthest = float((found - expected).abs().max())
    if not furthest <= _TOLERANCE:
        raise EquipoiseError(f"the exported file differs from the network by {furthest:.2g}; nothing was written.")


def _extra(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise EquipoiseError("writing ONNX needs an extra: pip install 'equipoise[onnx]'.") from error


_WRITERS: dict[str, Callable[[Trained, Description], bytes]] = {
    ".onnx": _onnx,
    ".safetensors": _safetensors,
    ".pt2": _torch_export,
}
