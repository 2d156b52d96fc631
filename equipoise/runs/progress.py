"""Progress: a bar on a terminal, otherwise plain lines."""

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from equipoise.common.durations import duration
from equipoise.common.say import say
from equipoise.training.log import Line

_PLAIN_LINE_SECONDS = 10.0
_SHOWN = {
    "discriminator/loss": "D",
    "generator/loss": "G",
    "encoder/loss": "E",
    "real_energy": "real",
    "fake_energy": "fake",
    "margin": "margin",
}
"""What is shown, and its short name on the bar."""
_BAR = "{percentage:3.0f}% |{bar:16}| {n_fmt}/{total_fmt} [{left}, {rate_fmt}]  {desc}"


class _Bar(tqdm):  # type: ignore[type-arg]
    """A bar that gives the time left in words."""

    @property
    def format_dict(self) -> dict[str, Any]:
        """What the bar may show."""
        known = dict(super().format_dict)
        done, seconds = known["n"] - known["initial"], known["elapsed"]
        rate = known["rate"] or (done / seconds if seconds else 0.0)
        ahead = known["total"] - known["n"]
        left = "done" if not ahead else f"{duration(ahead / rate)} left" if rate else "just begun"
        return known | {"left": left}


@dataclass
class Progress:
    """A listener of the log that shows how far a run is: iterations per second, time left, the losses, the margin."""

    total: int
    start: int = 0
    quiet: bool = False
    _margin: float | None = None
    _shown: float = field(default_factory=time.monotonic)
    _begun: float = field(default_factory=time.monotonic)
    _above: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self._bar = _Bar(
            total=self.total,
            initial=self.start,
            unit="it",
            disable=self.quiet or sys.stderr is None or not sys.stderr.isatty(),
            file=sys.stderr,
            dynamic_ncols=True,
            bar_format=_BAR,
        )
        if not self._bar.disable:
            self._above.enter_context(_messages_above_the_bar())

    def __call__(self, lines: Sequence[Line]) -> None:
        """Show the newest of these lines."""
        for line in lines:
            self._margin = line["values"].get("margin", self._margin) if line["kind"] == "epoch" else self._margin
        iterations = [line for line in lines if line["kind"] == "iteration"]
        if iterations:
            self._show(iterations[-1])

    def close(self) -> None:
        """Close the bar and leave it on the screen."""
        self._above.close()
        self._bar.close()

    def _show(self, line: Line) -> None:
        values = line["values"] | ({} if self._margin is None else {"margin": self._margin})
        shown = {name: values[name] for name in _SHOWN if name in values}
        words = {name: "not finite" if value is None else f"{value:.3g}" for name, value in shown.items()}
        self._bar.set_description_str(
            "  ".join(f"{_SHOWN[name]} {word}" for name, word in words.items()), refresh=False
        )
        self._bar.update(line["iteration"] - self._bar.n)
        now = time.monotonic()
        is_due = now - self._shown >= _PLAIN_LINE_SECONDS or line["iteration"] == self.total
        if self._bar.disable and not self.quiet and is_due:
            self._shown = now
            self._print(line["iteration"], words, now)

    def _print(self, iteration: int, words: dict[str, str], now: float) -> None:
        rate = (iteration - self.start) / max(now - self._begun, 1e-9)
        left = (self.total - iteration) / max(rate, 1e-9)
        shown = ", ".join(f"{name.removesuffix('/loss')} {word}" for name, word in words.items())
        ahead = f"{duration(left)} left" if left else "done"
        say(f"iteration {iteration} of {self.total}, {rate:.1f}/s, {ahead}: {shown}")


@contextmanager
def _messages_above_the_bar() -> Iterator[None]:
    """Within, what others log, and Python's warnings, are written above the bar instead of into it."""
    logging.captureWarnings(True)
    try:
        with logging_redirect_tqdm():
            yield
    finally:
        logging.captureWarnings(False)
