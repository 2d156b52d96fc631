"""Toy experiments and contract checks, for our own tests and for authors of new methods.

Each `check_...` raises an AssertionError that names what is broken; its module lists the single contracts. Names are
loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import homes, lazy_names

if TYPE_CHECKING:
    from equipoise.testing.algorithms import check_algorithm as check_algorithm
    from equipoise.testing.augmentation import check_augmentation as check_augmentation
    from equipoise.testing.constraints import check_constraint as check_constraint
    from equipoise.testing.constraints import check_penalty as check_penalty
    from equipoise.testing.data import check_data as check_data
    from equipoise.testing.losses import check_loss as check_loss
    from equipoise.testing.losses import draw as draw
    from equipoise.testing.metrics import check_metric as check_metric
    from equipoise.testing.networks import check_network as check_network
    from equipoise.testing.studies import check_study as check_study
    from equipoise.testing.toys import TOY_EXPERIMENTS as TOY_EXPERIMENTS
    from equipoise.testing.toys import ToyImages as ToyImages
    from equipoise.testing.toys import toy as toy

_HOMES = homes(
    __name__,
    algorithms="check_algorithm",
    augmentation="check_augmentation",
    constraints="check_constraint check_penalty",
    data="check_data",
    losses="check_loss draw",
    metrics="check_metric",
    networks="check_network",
    studies="check_study",
    toys="TOY_EXPERIMENTS ToyImages toy",
)

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
