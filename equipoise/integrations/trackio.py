"""trackio: a local, free tracker with the interface of wandb. Nothing leaves the machine."""

from collections.abc import Mapping

from equipoise.integrations.tracker import PROJECT, Tracked, imported

_LETTERS = 8


class TrackioTracker:
    """One run in the project "equipoise" of trackio's own folder; `trackio show` draws it.

    Raises:
        EquipoiseError: trackio is not installed.
    """

    def __init__(self, run: Tracked):
        trackio = imported("trackio", "'equipoise[trackers]'")
        name = f"{run.name} {run.identity[:_LETTERS]}"
        self._run = trackio.init(
            project=PROJECT,
            name=name,
            resume="allow",
            config=dict(run.config),
            embed=False,
            auto_log_cpu=False,
            auto_log_gpu=False,
        )

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        """Keep the values."""
        self._run.log(dict(values), step=iteration)

    def close(self) -> None:
        """End the run."""
        self._run.finish()
