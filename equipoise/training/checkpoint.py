"""Checkpoints: tensors as safetensors, everything else as a JSON index with a checksum; each is whole or not there.

A checkpoint is two files: `iteration-000000123.safetensors`, and `iteration-000000123.json`, which is written last and
makes the checkpoint count. No pickle is read or written.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from equipoise.common.counted import is_count
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import check_regular, read_text_bounded, sha256_of, write_text_atomically
from equipoise.common.say import warn
from equipoise.common.tensor_files import write_tensors_atomically
from equipoise.training.state import Clock, State, load_state_tensors, state_tensors

FORMAT = 3
"""The version of the layout; it is written into every checkpoint."""
DERIVED = "derived/"
"""Names of tensors that are computed from others begin so."""
_NAME = re.compile(r"iteration-[0-9]{1,18}\.json")

_UNREADABLE = (SafetensorError, OSError, RuntimeError)
"""What reading a file of tensors raises; the last is torch's, where the file is removed while it is opened."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk, known by its index file."""

    index: Path

    @property
    def tensors(self) -> Path:
        """The safetensors file."""
        return self.index.with_suffix(".safetensors")

    @property
    def iteration(self) -> int:
        """The iterations completed when it was taken."""
        return int(self.index.stem.removeprefix("iteration-"))

    def read_index(self) -> dict[str, Any]:
        """Read and check the index: format, completeness and the checksum of the tensors.

        Raises:
            EquipoiseError: the checkpoint is damaged or of another format; the message names it.
        """
        try:
            index = json.loads(read_text_bounded(self.index))
            _refuse_another_format(self.index, index["format"])
            checksum, clock = index["sha256"], asdict(Clock(**index["clock"]))
            if not isinstance(index["extra"], dict) or not all(is_count(count) for count in clock.values()):
                raise ValueError("extra or clock is of another kind")
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise EquipoiseError(f"checkpoint {printable(self.index)} is damaged: its index cannot be read.") from error
        if index.get("seal") != _seal(index):
            name = printable(self.index)
            raise EquipoiseError(f"checkpoint {name} is damaged: its index does not match its own checksum.")
        if not _has_checksum(self.tensors, checksum):
            raise EquipoiseError(_unreadable(self.tensors, "its bytes do not match the checksum"))
        return dict(index)

    def good_index(self) -> dict[str, Any] | None:
        """The index as `read_index` gives it; None where the checkpoint is damaged or of another format."""
        try:
            return self.read_index()
        except EquipoiseError:
            return None

    def load(self, state: State) -> dict[str, Any]:
        """Restore the state, bit for bit. Returns: the index's `extra` entries.

        Raises:
            EquipoiseError: as `read_index`, or the checkpoint belongs to another recipe.
        """
        index = self.read_index()
        try:
            check_regular(self.tensors)
            tensors = load_file(self.tensors)
        except _UNREADABLE as error:
            raise EquipoiseError(_unreadable(self.tensors, error)) from error
        load_state_tensors(state, {name: value for name, value in tensors.items() if not name.startswith(DERIVED)})
        state.clock = Clock(**index["clock"])
        return dict(index["extra"])

    def read_tensors(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin with this prefix, named without it.

        Raises:
            EquipoiseError: the file is damaged.
        """
        try:
            check_regular(self.tensors)
            with safe_open(self.tensors, framework="pt") as file:
                names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
                return {name.removeprefix(prefix): file.get_tensor(name) for name in names}
        except _UNREADABLE as error:
            raise EquipoiseError(_unreadable(self.tensors, error)) from error

    def rewrite_index(self, index: Mapping[str, Any]) -> None:
        """Write another index for the same tensors, atomically.

        Raises:
            EquipoiseError: it cannot be written; the old one stands.
        """
        sealed = {**index, "seal": _seal(index)}
        write_text_atomically(self.index, json.dumps(sealed, indent=1, allow_nan=False))

    def delete(self) -> None:
        """Remove both files, the index first, so that half a checkpoint never counts."""
        self.index.unlink(missing_ok=True)
        self.tensors.unlink(missing_ok=True)


def save_checkpoint(
    directory: Path, state: State, extra: dict[str, Any], derived: Mapping[str, Tensor] | None = None
) -> Checkpoint:
    """Write a checkpoint of the state, atomically.

    Args:
        directory: where checkpoints live; made if need be.
        extra: JSON values that come back from `Checkpoint.load`, as the log's length.
        derived: tensors that follow from the state and are no part of it, for whoever reads the checkpoint; by names
            that begin with `DERIVED`.

    Raises:
        EquipoiseError: the disk is full or cannot be written; older checkpoints stand.
    """
    return write_checkpoint(directory, state.clock, state_tensors(state) | dict(derived or {}), extra)


def write_checkpoint(directory: Path, clock: Clock, tensors: Mapping[str, Tensor], extra: dict[str, Any]) -> Checkpoint:
    """Write tensors and JSON values as the checkpoint of a moment; arguments and errors are those of `save_checkpoint`.

    Two tensors may share memory; each is written out.
    """
    checkpoint = Checkpoint(directory / f"iteration-{clock.iteration:09d}.json")
    kept = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    write_tensors_atomically(checkpoint.tensors, kept)
    index = {"format": FORMAT, "clock": asdict(clock), "sha256": sha256_of(checkpoint.tensors), "extra": extra}
    checkpoint.rewrite_index(index)
    return checkpoint


def _refuse_another_format(index: Path, version: object) -> None:
    if version != FORMAT:
        found = f"format {version}" if type(version) is int else "no valid format number"
        raise EquipoiseError(
            f"checkpoint {printable(index)} has {found}, and this version of Equipoise reads format {FORMAT} only: "
            "train with the version that wrote it, or start a new run."
        )


def _has_checksum(tensors: Path, checksum: object) -> bool:
    """Whether the file can be read and holds these bytes; a run may remove it while it is read."""
    try:
        return tensors.is_file() and sha256_of(tensors) == checksum
    except OSError:
        return False


def _unreadable(tensors: Path, error: object) -> str:
    if not tensors.exists():
        return f"checkpoint {printable(tensors)} is damaged: this file is missing."
    return f"checkpoint {printable(tensors)} is damaged: {printable(error)}."


def _seal(index: Mapping[str, Any]) -> str:
    """The SHA-256 of everything else in an index, so that one flipped bit of it is noticed too."""
    text = json.dumps({name: value for name, value in index.items() if name != "seal"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def list_checkpoints(directory: Path) -> list[Checkpoint]:
    """All checkpoints with an index, oldest first."""
    paths = sorted(path for path in directory.glob("iteration-*.json") if _NAME.fullmatch(path.name))
    return [Checkpoint(path) for path in paths]


def newest_or_none(directory: Path, owner: Path) -> Checkpoint | None:
    """The newest good checkpoint, None where there is none yet; a warning names each newer one that is damaged.

    Raises:
        EquipoiseError: all are damaged; `owner` is what has no good one left.
    """
    checkpoint, complaints = newest_good(directory)
    offer = "" if checkpoint is None else f"; continuing from {checkpoint.index.name}"
    for complaint in complaints:
        warn(f"{printable(complaint.rstrip('.'))}{offer}.")
    if checkpoint is None and complaints:
        raise EquipoiseError(f"{printable(owner)} has no good checkpoint left; {complaints[0]}")
    return checkpoint


def newest_good(directory: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that passes its checks, and what was wrong with each newer one."""
    complaints = []
    for checkpoint in reversed(list_checkpoints(directory)):
        try:
            checkpoint.read_index()
        except EquipoiseError as error:
            complaints.append(str(error))
        else:
            return checkpoint, complaints
    return None, complaints


def keep_newest(directory: Path, count: int, protected: Sequence[int] = ()) -> None:
    """Delete all but the newest `count` checkpoints and those of the protected iterations."""
    checkpoints = list_checkpoints(directory)
    for checkpoint in checkpoints[: max(0, len(checkpoints) - count)]:
        if checkpoint.iteration not in protected:
            checkpoint.delete()
