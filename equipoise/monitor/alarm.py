"""What a monitor reports: numbers, and alarms in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Advice:
    """One thing to change.

    Attributes:
        text: what to do, as an imperative.
        setting: the name of the setting in a run of Equipoise, as in `--set players.generator.optimiser.lr=...`.
    """

    text: str
    setting: str = ""


@dataclass(frozen=True)
class Alarm:
    """A new problem, or the end of one.

    Attributes:
        name: the kind of trouble, as in "collapse" or "discriminator wins".
        seen: what was seen, with the number and its limit.
        step: after which step.
        meaning: what it usually means.
        advice: what to change first.
        passed: whether the alarm says that the trouble is over.
    """

    name: str
    seen: str
    step: int
    meaning: str = ""
    advice: tuple[Advice, ...] = ()
    passed: bool = False

    def __str__(self) -> str:
        """All of it, for a loop of one's own."""
        return self.words()

    def words(self, with_settings: bool = False) -> str:
        """The alarm in sentences; names of settings apply to runs of Equipoise."""
        first = f"{'recovered from ' if self.passed else ''}{self.name}: {self.seen} (iteration {self.step})."
        return " ".join(filter(None, (first, self.meaning, self._changes(with_settings))))

    def _changes(self, with_settings: bool) -> str:
        parts = [
            f"{each.text} ({each.setting})" if with_settings and each.setting else each.text for each in self.advice
        ]
        return f"Change first: {'; or '.join(parts)}." if parts else ""


@dataclass(frozen=True)
class Report:
    """What a monitor found since it was last asked.

    Attributes:
        values: the newest numbers, by name.
        alarms: what is newly wrong, and what has passed; each is said once.
        lasting: the names of all troubles that were said and have not passed.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()
    lasting: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether no reported problem lasts."""
        return not self.lasting

    def __str__(self) -> str:
        """The alarms, one a line; or the numbers where there is none."""
        if self.alarms:
            return "\n".join(map(str, self.alarms))
        return ", ".join(f"{name} {value:.4g}" for name, value in self.values.items())
