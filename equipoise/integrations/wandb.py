"""Weights & Biases, as its own environment variables set it up."""

import os
from collections.abc import Mapping

from equipoise.integrations.tracker import PROJECT, Tracked, imported


class WandbTracker:
    """One run of the project that WANDB_PROJECT names, or "equipoise"; WANDB_MODE=offline keeps it on this machine.

    A resumed run goes on under the same identity. Its horizontal axis is the iteration.

    Raises:
        EquipoiseError: wandb is not installed.
    """

    def __init__(self, run: Tracked):
        wandb = imported("wandb", "wandb")
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=run.name,
            id=run.identity,
            resume="allow",
            config=dict(run.config),
            dir=str(run.folder),
        )
        self._run.define_metric("*", step_metric="iteration")

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        """Send the values."""
        self._run.log({**values, "iteration": iteration})

    def close(self) -> None:
        """Send what is left."""
        self._run.finish()
