"""The measures of real data: held-out items take the place of samples, so that the table shows what is within reach."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError
from equipoise.common.files import write_text_atomically
from equipoise.common.machine import choose_device
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.evidence import Evidence
from equipoise.evaluation.judge import all_items, parts_of
from equipoise.recipes.catalogue import recipe
from equipoise.runs.train import Settings
from equipoise.studies.carry_out import kept_answer
from equipoise.studies.plan import scale_of, scored_metrics
from equipoise.studies.study import Reference, Study

_FILE = "real-data.json"


def score_real_data(study: Study, budget: str, settings: Settings, out: Path) -> list[dict[str, Any]]:
    """The scores of the references that are real data, as JSON values; kept in `real-data.json` of the study.

    Args:
        study: whose references.
        budget: which says how many items each metric sees; there is nothing to score at "smoke", without real data.
        settings: where published files and weights lie, and where to compute.
        out: the study's directory.
    """
    wanted = [reference for reference in study.references if reference.recipe] if budget != "smoke" else []
    metrics = scored_metrics(study, settings.inception_weights is not None)
    path, request = out / _FILE, {"samples": scale_of(study, budget).samples, "metrics": list(metrics)}
    kept = kept_answer(path, request)
    if kept is not None or not wanted:
        references: list[dict[str, Any]] = kept["references"] if kept else []
        return references
    found = [_scored(reference, request, settings) for reference in wanted]
    write_text_atomically(path, json.dumps({"request": request, "references": found}, indent=1, sort_keys=True))
    return found


class HeldOut(nn.Module):
    """A generator that returns given items in order, whatever the latents are."""

    def __init__(self, items: Tensor) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros((), dtype=torch.float64), requires_grad=False)
        self.items = items

    def forward(self, latent: Tensor) -> Tensor:
        """The next items, one for each latent, from the first again after the last."""
        chosen = (torch.arange(len(latent)) + int(self.place)) % len(self.items)
        self.place.add_(len(latent))
        return self.items[chosen]


def _scored(reference: Reference, request: dict[str, Any], settings: Settings) -> dict[str, Any]:
    experiment = recipe(reference.recipe)
    _, held_out = parts_of(experiment.data, settings.data_root, experiment.seed)
    items = all_items(held_out).float() / 255
    items = items if experiment.value_range == "unit" else 2 * items - 1
    count = min(len(items), request["samples"])
    device = choose_device(settings.device)
    weights = settings.inception_weights
    evidence = Evidence(
        experiment, HeldOut(items).to(device), count, settings.data_root, device, inception_weights=weights
    )
    scores: dict[str, Any] = {}
    for name in request["metrics"]:
        try:
            scores[name] = METRICS.load(name)(evidence).as_dict()
        except (EquipoiseError, ValueError):
            continue  # what this data set cannot be judged by stays an empty cell
        scores[name]["passport"]["samples"] = "held-out real data"
    return {"label": reference.label, "block": reference.block, "scores": scores}
