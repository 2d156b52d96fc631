"""MLflow, as its own environment variables set it up."""

import os
import time
from collections.abc import Mapping
from typing import Any

from equipoise.integrations.tracker import PROJECT, Tracked, flat, imported

_TAG = "equipoise.run"
_MOST_PARAMETERS, _MOST_LETTERS = 100, 500


class MLflowTracker:
    """One run of the experiment that MLFLOW_EXPERIMENT_NAME names, or "equipoise", at MLFLOW_TRACKING_URI.

    A resumed run goes on in the same run of MLflow's, which it finds by a tag. MLflow's own telemetry is turned off,
    unless MLFLOW_DISABLE_TELEMETRY says otherwise.

    Raises:
        EquipoiseError: mlflow is not installed.
    """

    def __init__(self, run: Tracked):
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        self._mlflow = imported("mlflow", "mlflow")
        self._client = self._mlflow.MlflowClient()
        self._run = self._found(run)

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        """Send the values."""
        now, metric = int(time.time() * 1000), self._mlflow.entities.Metric
        metrics = [metric(name, value, now, iteration) for name, value in values.items()]
        self._client.log_batch(self._run, metrics=metrics)

    def close(self) -> None:
        """Mark the run as finished."""
        self._client.set_terminated(self._run)

    def _found(self, run: Tracked) -> str:
        """The identity of MLflow's run, made if need be."""
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        known = self._client.get_experiment_by_name(name)
        experiment = self._client.create_experiment(name) if known is None else known.experiment_id
        runs = self._client.search_runs([experiment], f"tags.`{_TAG}` = '{run.identity}'", max_results=1)
        if runs:
            return str(runs[0].info.run_id)
        made = self._client.create_run(experiment, tags={_TAG: run.identity}, run_name=run.name)
        self._describe(made.info.run_id, run.config)
        return str(made.info.run_id)

    def _describe(self, identity: str, config: Mapping[str, Any]) -> None:
        parameter = self._mlflow.entities.Param
        parameters = [parameter(name, value[:_MOST_LETTERS]) for name, value in flat(config).items()]
        for start in range(0, len(parameters), _MOST_PARAMETERS):
            self._client.log_batch(identity, params=parameters[start : start + _MOST_PARAMETERS])
