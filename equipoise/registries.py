"""Every registry by its kind: `equipoise.register` adds to them and `equipoise list` shows them."""

from equipoise.common.errors import UnknownName
from equipoise.common.registry import Entry, Registry, all_or_nothing, thing_at

REGISTRIES: dict[str, str] = {
    "recipe": "equipoise.recipes.catalogue:RECIPES",
    "data": "equipoise.data.catalogue:DATA",
    "metric": "equipoise.evaluation.catalogue:METRICS",
    "backbone": "equipoise.evaluation.catalogue:BACKBONES",
    "study": "equipoise.studies.catalogue:STUDIES",
    "simulation": "equipoise.simulations.catalogue:SIMULATIONS",
    "algorithm": "equipoise.algorithms.catalogue:ALGORITHMS",
    "loss": "equipoise.losses.catalogue:LOSSES",
    "amplifier": "equipoise.losses.catalogue:AMPLIFIERS",
    "kernel": "equipoise.losses.catalogue:KERNELS",
    "penalty": "equipoise.algorithms.catalogue:PENALTIES",
    "constraint": "equipoise.constraints.catalogue:CONSTRAINTS",
    "augmentation": "equipoise.augmentation.catalogue:AUGMENTATIONS",
    "network": "equipoise.networks.catalogue:NETWORKS",
    "optimiser": "equipoise.training.catalogue:OPTIMISERS",
    "schedule": "equipoise.training.catalogue:SCHEDULES",
    "tracker": "equipoise.integrations.catalogue:TRACKERS",
}
"""kind -> "module:REGISTRY", in the order of listings."""


def registry(kind: str) -> Registry[Entry]:
    """The registry of this kind.

    Raises:
        UnknownName: there is none; the nearest kind is named.
    """
    if kind not in REGISTRIES:
        raise UnknownName("kind", kind, REGISTRIES)
    found: Registry[Entry] = thing_at(REGISTRIES[kind])
    return found


def register(**entries: Entry) -> None:
    """Add things of your own, all or none, by their kinds, as in `register(loss=Entry("mine", "My loss", MINE))`.

    Raises:
        UnknownName: there is no such kind.
        EquipoiseError: a name is taken, or an entry lacks the facts of its kind.
    """
    with all_or_nothing():
        for kind, entry in entries.items():
            registry(kind).register(entry)
