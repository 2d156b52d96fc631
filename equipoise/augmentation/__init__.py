"""Changes of the images that a discriminator sees, real and fake alike: differentiable, and given their chance.

Imports only `equipoise.common`. Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import homes, lazy_names

if TYPE_CHECKING:
    from equipoise.augmentation.augment import Augment as Augment
    from equipoise.augmentation.augment import Strength as Strength
    from equipoise.augmentation.operations import Operation as Operation

_HOMES = homes(__name__, augment="Augment Strength", operations="Operation")

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
