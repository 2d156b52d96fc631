"""Progress for a person: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tqdm import tqdm

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
_BAR = "{percentage:3.0f}% |{bar:16}| {n_fmt}/{total_fmt} [{remaining} left, {rate_fmt}]  {desc}"


@dataclass
class Progress:
    """A listener of the log that shows how far a run is: iterations per second, time left, the losses, the margin."""

    total: int
    start: int = 0
    quiet: bool = False
    _margin: float | None = None
    _shown: float = field(default_factory=time.monotonic)
    _begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._bar = tqdm(
            total=self.total,
            initial=self.start,
            unit="it",
            disable=self.quiet or sys.stderr is None or not sys.stderr.isatty(),
            file=sys.stderr,
            dynamic_ncols=True,
            bar_format=_BAR,
        )

    def __call__(self, lines: Sequence[Line]) -> None:
        """Show the newest of these lines."""
        for line in lines:
            self._margin = line["values"].get("margin", self._margin) if line["kind"] == "epoch" else self._margin
        iterations = [line for line in lines if line["kind"] == "iteration"]
        if iterations:
            self._show(iterations[-1])

    def close(self) -> None:
        """Leave the bar as it stands."""
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
        if self._bar.disable and not self.quiet and (now - self._shown >= _PLAIN_LINE_SECONDS or self._is_last(line)):
            self._shown = now
            self._print(line["iteration"], words, now)

    def _is_last(self, line: Line) -> bool:
        return bool(line["iteration"] == self.total)

    def _print(self, iteration: int, words: dict[str, str], now: float) -> None:
        rate = (iteration - self.start) / max(now - self._begun, 1e-9)
        left = (self.total - iteration) / max(rate, 1e-9)
        shown = ", ".join(f"{name.removesuffix('/loss')} {word}" for name, word in words.items())
        print(  # noqa: T201
            f"iteration {iteration} of {self.total}, {rate:.1f}/s, {left:.0f} s left: {shown}",
            file=sys.stderr,
            flush=True,
        )
