"""Equipoise: generative adversarial networks that stay in balance, and proof that they did.

Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import lazy_names

if TYPE_CHECKING:
    from equipoise.common.registry import Entry as Entry
    from equipoise.data.catalogue import DataEntry as DataEntry
    from equipoise.doors import load as load
    from equipoise.doors import train as train
    from equipoise.evaluation.catalogue import MetricEntry as MetricEntry
    from equipoise.losses.adversarial import AdversarialLoss as AdversarialLoss
    from equipoise.recipes.entry import RecipeEntry as RecipeEntry
    from equipoise.registries import register as register
    from equipoise.reports.compared import compare as compare
    from equipoise.runs.score import score as score

_HOMES = {
    "AdversarialLoss": "equipoise.losses.adversarial",
    "DataEntry": "equipoise.data.catalogue",
    "Entry": "equipoise.common.registry",
    "MetricEntry": "equipoise.evaluation.catalogue",
    "RecipeEntry": "equipoise.recipes.entry",
    "compare": "equipoise.reports.compared",
    "load": "equipoise.doors",
    "register": "equipoise.registries",
    "score": "equipoise.runs.score",
    "train": "equipoise.doors",
}

__version__ = "0.1.0"
__all__ = ["__version__", *sorted(_HOMES)]
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
