"""Whether the players are in balance: decisions, margin, gradients, saturation, oscillation."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.common.checks import check_whole
from equipoise.common.decisions import right_decisions
from equipoise.monitor import words
from equipoise.monitor.alarm import Report
from equipoise.monitor.imbalance import KEPT, PATIENCE, WARM_UP, Window, imbalances, values_of
from equipoise.monitor.lasting import Lasting
from equipoise.monitor.uncompiled import uncompiled
from equipoise.monitor.waiting import Waiting, detached
from equipoise.monitor.windows import Windows, with_nan, without_nan

WINDOW, TOGETHER = 50, 25
"""Steps of a window, unless another count is asked for; and steps whose scores are worked on together."""
Scores = Tensor | Sequence[Tensor] | float
"""One map of scores of any shape, or several; or their mean alone."""
_Given = dict[str, Tensor | float]
_Step = tuple[Tensor, Tensor, _Given]


@dataclass
class Falling:
    """How far a loss that is never negative has fallen.

    Attributes:
        largest, last: of its windows so far.
        negative: whether one was: then its size says nothing.
    """

    largest: float = 0.0
    last: float | None = None
    negative: bool = False

    def see(self, loss: float) -> None:
        """The mean over a window; NaN where it is not known."""
        if not math.isnan(loss):
            self.largest, self.last = max(self.largest, loss), loss
            self.negative = self.negative or loss < 0

    @property
    def saturation(self) -> float:
        """The last mean divided by the largest; NaN where that means nothing."""
        return math.nan if self.negative or self.last is None or not self.largest else self.last / self.largest


class BalanceMonitor:
    """Follows the scores of real and fake items, both losses and both gradients, by windows of steps.

    It works with every loss on scores: real scores must be meant to be the larger ones, and that is all.

    Attributes:
        steps: the last step that was noted.
    """

    takes = frozenset({"real_scores", "fake_scores", "right_decisions", "losses", "gradients"})

    def __init__(self, window: int = WINDOW):
        """Judge by means over `window` steps, at least 10 of them; the first six windows are never judged."""
        self.steps = 0
        self._pending: _Given = {}
        self._sides: dict[str, Tensor] = {}
        self._scores: list[_Step] = []
        self._waiting = Waiting()
        self._windows = Windows(check_whole("window", window, 10), len(Window._fields), KEPT)
        self._lasting = Lasting(PATIENCE)
        self._loss = Falling()

    @uncompiled
    def update(
        self,
        real_scores: Scores | None = None,
        fake_scores: Scores | None = None,
        right_decisions: Tensor | float | None = None,
        losses: Mapping[str, Tensor | float] | None = None,
        gradients: Mapping[str, Tensor | float] | None = None,
        step: int | None = None,
    ) -> None:
        """Record a step, without waiting for the device. It is whole once real and fake scores have come, together or
        one after the other; until then all values wait, and newer ones replace older ones.

        Args:
            real_scores: what the discriminator gave to real items: of any shape, several maps of scores, or their mean.
            fake_scores: the same for fake ones.
            right_decisions: the share of right ones, where only the means of the scores are at hand.
            losses: by player, of "generator" and "discriminator".
            gradients: the norm of the gradient by player, as `clip_grad_norm_` and `gradient_norm` return it.
            step: the training step, or None to count on from the last.
        """
        numbers = {f"{player}_loss": value for player, value in (losses or {}).items()}
        numbers |= {f"{player}_gradient": value for player, value in (gradients or {}).items()}
        if right_decisions is not None:
            numbers["right"] = right_decisions
        pending = self._pending
        pending |= {name: _number(name, value) for name, value in numbers.items()}
        given = {"real": real_scores, "fake": fake_scores}
        self._sides |= {side: _flat(scores) for side, scores in given.items() if scores is not None}
        if len(self._sides) < len(given):
            return
        self.steps = self.steps + 1 if step is None else step
        self._scores.append((*_on_one_device(self._sides["real"], self._sides["fake"]), pending))
        self._pending, self._sides = {}, {}
        if len(self._scores) == TOGETHER:
            self._condense()

    def _condense(self) -> None:
        """From scores to rows of numbers, many steps at once; still on the device."""
        for (_, _, given), found in zip(self._scores, _of_scores(self._scores), strict=True):
            row = found | given
            self._waiting.keep([row.get(name, math.nan) for name in Window._fields])
        self._scores.clear()

    @uncompiled
    def report(self) -> Report:
        """Read the waiting values, and judge every full window."""
        self._condense()
        alarms = []
        for means in self._windows.take(self._waiting.read()):
            self._loss.see(Window(*means).discriminator_loss)
            windows = [Window(*each) for each in self._windows.means]
            wrong = imbalances(windows, self._loss.saturation) if self._windows.count > WARM_UP else {}
            new, over = self._lasting.judge(wrong)
            alarms += [words.alarm(name, wrong[name], self.steps) for name in new]
            alarms += [words.passed(name, "the signs of it are gone", self.steps) for name in over]
        last = self._windows.means[-1:]
        values = values_of(Window(*last[0]), self._loss.saturation) if last else {}
        return Report(values, tuple(alarms), tuple(self._lasting.said))

    def forget(self) -> None:
        """Drop what waits: the training goes back to before it."""
        self._waiting.forget()
        self._scores.clear()
        self._pending, self._sides = {}, {}

    def state_dict(self) -> dict[str, Any]:
        """JSON values; what waits is read into them, which waits for the device."""
        self._condense()
        return {
            "steps": self.steps,
            "pending": dict(
                zip(self._pending, without_nan([float(each) for each in self._pending.values()]), strict=True)
            ),
            "sides": {side: _as_json(scores) for side, scores in self._sides.items()},
            "waiting": without_nan(self._waiting.look()),
            "windows": self._windows.state_dict(),
            "lasting": self._lasting.state_dict(),
            "loss": asdict(self._loss),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.forget()
        self.steps = state["steps"]
        self._pending = dict(zip(state["pending"], with_nan(list(state["pending"].values())), strict=True))
        self._sides = {side: _from_json(scores) for side, scores in state.get("sides", {}).items()}
        self._waiting.keep(with_nan(state["waiting"]))
        self._windows.load_state_dict(state["windows"])
        self._lasting.load_state_dict(state["lasting"])
        self._loss = Falling(**state["loss"])


def gradient_norm(players: nn.Module | Iterable[Tensor]) -> Tensor:
    """The norm of the whole gradient of a module, or of parameters: 0-dimensional, on the device, and not read.

    `torch.nn.utils.clip_grad_norm_` returns the same where a loop clips.
    """
    parameters = players.parameters() if isinstance(players, nn.Module) else players
    return torch.nn.utils.get_total_norm([each.grad for each in parameters if each.grad is not None])


def _of_scores(steps: Sequence[_Step]) -> list[_Given]:
    """What the scores of each step come to."""
    if len({(real.shape, fake.shape) for real, fake, _ in steps}) > 1:
        return [found for step in steps for found in _of_scores([step])]
    if not steps:
        return []
    real, fake = torch.stack([step[0] for step in steps]), torch.stack([step[1] for step in steps])
    columns = {"real": real.mean(dim=1), "fake": fake.mean(dim=1)}
    if real.shape[1] > 1:
        columns["right"] = right_decisions(real, fake)
    rows = zip(*(column.unbind() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _number(name: str, value: Tensor | float) -> Tensor | float:
    if isinstance(value, Tensor) and value.numel() != 1:
        raise ValueError(f"{name} must be one number, got shape {tuple(value.shape)}.")
    return detached(value.reshape(())) if isinstance(value, Tensor) else value


def _on_one_device(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """A side of several scores that a state brought back to the CPU joins the other one."""
    if real.device == fake.device or min(real.numel(), fake.numel()) == 1:
        return real, fake
    return (real.to(fake.device), fake) if real.device.type == "cpu" else (real, fake.to(real.device))


def _as_json(scores: Tensor) -> dict[str, Any]:
    return {"type": str(scores.dtype).removeprefix("torch."), "scores": without_nan(scores.tolist())}


def _from_json(state: Mapping[str, Any]) -> Tensor:
    return torch.tensor(with_nan(state["scores"]), dtype=getattr(torch, state["type"]))


def _flat(scores: Scores) -> Tensor:
    """All scores as one row: of one map or of several."""
    if isinstance(scores, float | int):
        return torch.tensor([scores], dtype=torch.float64)
    if isinstance(scores, Tensor):
        flat = scores.detach().reshape(-1)
    else:
        flat = torch.cat([torch.as_tensor(each).detach().reshape(-1) for each in scores])
    return flat if flat.is_floating_point() else flat.float()
