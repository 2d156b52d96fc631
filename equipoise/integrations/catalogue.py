"""Every tracker by name."""

from equipoise.common.registry import Entry, Registry

_ROOM = "equipoise.integrations"

TRACKERS: Registry[Entry] = Registry(
    "tracker",
    (
        Entry("tensorboard", "TensorBoard events in the run's directory", f"{_ROOM}.tensorboard:TensorBoardTracker"),
        Entry("trackio", "trackio: local, with the interface of wandb", f"{_ROOM}.trackio:TrackioTracker"),
        Entry("wandb", "Weights & Biases, online or offline", f"{_ROOM}.wandb:WandbTracker"),
        Entry("mlflow", "MLflow, on its server or in a local file", f"{_ROOM}.mlflow:MLflowTracker"),
    ),
)
"""name -> what makes a `Tracker` from a `Tracked`."""
