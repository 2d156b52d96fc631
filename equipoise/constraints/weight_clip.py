"""Weight clipping, the original way to keep a critic Lipschitz."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from equipoise.common.checks import check_positive


@dataclass(frozen=True)
class WeightClip:
    """Every parameter is cut to [-limit, limit] after each step (Arjovsky et al. 2017, Algorithm 1, line 7).

    Args:
        limit: the paper's c.
        except_last: leave the last layer free, as the Geometric GAN does. The last layer is the last module, in the
            order of definition, that owns a parameter.
    """

    limit: float = 0.01
    except_last: bool = False

    def __post_init__(self) -> None:
        check_positive("limit", self.limit)

    def attach(self, module: nn.Module, example: Tensor, generator: torch.Generator) -> None:
        """Does nothing: the weights are first clipped after the first step, as in the paper."""
        if not self._clipped(module):
            raise ValueError("module must hold parameters that are clipped, and holds none.")

    @torch.no_grad()
    def after_step(self, module: nn.Module) -> None:
        """Clip the parameters in place."""
        for parameter in self._clipped(module):
            parameter.clamp_(-self.limit, self.limit)

    def _clipped(self, module: nn.Module) -> list[nn.Parameter]:
        owners = [part for part in module.modules() if any(True for _ in part.parameters(recurse=False))]
        free = set(owners[-1].parameters(recurse=False)) if self.except_last and owners else set()
        return [parameter for parameter in module.parameters() if parameter not in free]
