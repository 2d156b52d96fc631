"""A tracker of your own: a line of text for each iteration, in the run's directory.

equipoise --plugin examples/extending/my_tracker.py train gan-digits --track my-lines
"""

from collections.abc import Mapping

import equipoise
from equipoise.integrations.tracker import Tracked


class Lines:
    """Writes what it gets to lines.txt."""

    def __init__(self, run: Tracked):
        self.path = run.folder / "lines.txt"

    def log(self, values: Mapping[str, float], iteration: int) -> None:
        """One line."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(f"{iteration} {dict(values)}\n")

    def close(self) -> None:
        """Nothing is left to write."""


equipoise.register(tracker=equipoise.Entry("my-lines", "A line of text for each iteration", Lines))
