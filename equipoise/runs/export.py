"""A trained generator as one file for use elsewhere: ONNX for any runtime, or safetensors for Python."""

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
from safetensors.torch import save
from torch import Tensor, nn

from equipoise import __version__
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import write_atomically
from equipoise.experiments.build import network_shape
from equipoise.experiments.config import to_plain
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
    """Write a run's generator to a new file and return its path.

    `.onnx` holds the whole computation, latent [batch, latent size] -> images in [0, 1], for any batch size; it was run
    once and gave what the network gives. `.safetensors` holds the weights, for `equipoise.networks`. Both say in their
    metadata what they were made from. `checkpoint` and `tell` are those of `load_trained`.

    Raises:
        EquipoiseError: as `load_trained`; the ending is another one, the file cannot be written, or the extra that
            writes ONNX is not installed.
    """
    write = _WRITERS.get(out.suffix.lower())
    if write is None:
        endings = " or ".join(_WRITERS)
        raise EquipoiseError(f"a generator is exported to a file that ends in {endings}, not to {printable(out)}.")
    trained = load_trained(path, torch.device("cpu"), checkpoint, tell)
    content = _quietly(lambda: write(trained, _described(trained)), printable(out))

    def put(place: Path) -> None:
        place.write_bytes(content)

    write_atomically(out, put)
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


def _described(trained: Trained) -> dict[str, str]:
    experiment, plain = trained.experiment, to_plain(trained.experiment)
    return {
        "made_by": f"equipoise {__version__}",
        "experiment": experiment.name,
        "seed": str(experiment.seed),
        "iteration": str(trained.iteration),
        "latent": json.dumps(plain["latent"]),
        "network": json.dumps(plain["players"]["generator"]["network"]),
        "value_range": experiment.value_range,
    }


def _safetensors(trained: Trained, described: dict[str, str]) -> bytes:
    tensors = {name: value.contiguous() for name, value in trained.generator.state_dict().items()}
    return save(tensors, metadata=described)


def _onnx(trained: Trained, described: dict[str, str]) -> bytes:
    onnx, runtime = _extra("onnx"), _extra("onnxruntime")
    _extra("onnxscript")
    experiment = trained.experiment
    is_image = len(network_shape(experiment.players["generator"].network)) > 1
    module = UnitImages(trained.generator, is_image and experiment.value_range == "symmetric").eval()
    latent = experiment.latent.sample(3, torch.Generator().manual_seed(0))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "generator.onnx"
        torch.onnx.export(
            module,
            (latent,),
            file,
            input_names=["latent"],
            output_names=["images" if is_image else "points"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            external_data=False,
            verbose=False,
        )
        model = onnx.load(file)
    for key, value in described.items():
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
        furthest = float((torch.from_numpy(found) - module(latent)).abs().max())
    if not furthest <= _TOLERANCE:
        raise EquipoiseError(f"the exported file differs from the network by {furthest:.2g}; nothing was written.")


def _extra(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise EquipoiseError("writing ONNX needs an extra: pip install 'equipoise[onnx]'.") from error


_WRITERS: dict[str, Callable[[Trained, dict[str, str]], bytes]] = {".onnx": _onnx, ".safetensors": _safetensors}
