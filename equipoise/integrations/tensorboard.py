"""TensorBoard events in the run's directory."""

from collections.abc import Mapping

from equipoise.integrations.tracker import Tracked, imported

FOLDER = "tensorboard"
"""Where the events lie in a run's directory."""
_FLUSH_SECONDS = 5


class TensorBoardTracker:
    """Every value as a scalar; events after the session's start that an earlier session wrote are purged.

    Raises:
        EquipoiseError: tensorboard is not installed.
    """

    def __init__(self, run: Tracked):
        module = imported("torch.utils.tensorboard", "'equipoise[tensorboard]'")
        folder = str(run.folder / FOLDER)
        self._writer = module.SummaryWriter(folder, purge_step=run.start + 1, flush_secs=_FLUSH_SECONDS)

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        """Write the values."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, iteration)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
