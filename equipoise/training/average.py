"""An exponential moving average of a player's weights."""

import copy
from dataclasses import dataclass, field

import torch
from torch import nn

from equipoise.training.schedules import Constant, Schedule


@dataclass(frozen=True)
class Average:
    """Which player is averaged, and how slowly.

    Attributes:
        half_life_images: after this many real images the weight of the past has halved; above 0. An iteration counts
            as one batch, however many its moves draw.
        player: whose weights are averaged.
        warm_up: whether the past counts less at the start: a share of at most (1 + t) / (10 + t) of it survives update
            number t, so that the first weights are soon forgotten.
        schedule: the course of the half-life; while it is 0 the average is the player itself.
    """

    half_life_images: float
    player: str = "generator"
    warm_up: bool = False
    schedule: Schedule = field(default_factory=Constant)

    def __post_init__(self) -> None:
        if not 0 < self.half_life_images < float("inf"):
            raise ValueError(f"half_life_images must be a finite number above 0, got {self.half_life_images}.")

    def decay(self, batch_size: int, updates: int = 0) -> float:
        """The share of the old average that survives an update with a batch of this size and so many before."""
        half_life = self.half_life_images * self.schedule.factor(updates)
        settled = 0.5 ** (batch_size / half_life) if half_life > 0 else 0.0
        return min(settled, (1 + updates) / (10 + updates)) if self.warm_up else settled


def start_average(player: nn.Module) -> nn.Module:
    """A frozen copy of the player to average into."""
    return copy.deepcopy(player).requires_grad_(False)


@torch.no_grad()
def update_average(average: nn.Module, player: nn.Module, decay: float) -> None:
    """average <- decay * average + (1 - decay) * player for parameters; buffers are copied.

    Running statistics and spectral vectors are therefore those of the player's weights, not of the average's: before it
    is used, `equipoise.experiments.averaged.settled` makes its own.
    """
    torch._foreach_lerp_(list(average.parameters()), list(player.parameters()), 1 - decay)
    for old_buffer, new_buffer in zip(average.buffers(), player.buffers(), strict=True):
        old_buffer.copy_(new_buffer)
