"""TensorBoard events, for those who installed the extra."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from equipoise.common.errors import EquipoiseError
from equipoise.training.log import Line


class EventWriter:
    """A listener of the log that writes every value as a TensorBoard scalar."""

    def __init__(self, directory: Path, start: int):
        """Events go to `directory`; those after iteration `start` that an earlier session wrote are purged.

        Raises:
            EquipoiseError: tensorboard is not installed.
        """
        self._writer = summary_writer()(str(directory), purge_step=start + 1)

    def __call__(self, lines: Sequence[Line]) -> None:
        """Write the lines' values."""
        for line in lines:
            prefix = "" if line["kind"] == "iteration" else f"{line['kind']}/"
            for name, value in line["values"].items():
                if value is not None:
                    self._writer.add_scalar(prefix + name, value, line["iteration"])
        self._writer.flush()


def summary_writer() -> Any:
    """TensorBoard's writer.

    Raises:
        EquipoiseError: tensorboard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        advice = "install it with: pip install 'equipoise[tensorboard]', or set watch.tensorboard to false"
        raise EquipoiseError(f"TensorBoard is not installed; {advice}.") from error
    return SummaryWriter
