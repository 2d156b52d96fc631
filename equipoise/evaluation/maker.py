"""Samples as they are asked for: by seeds, of a class, nearer to the mean latent, or the best by a discriminator."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from equipoise.common.errors import EquipoiseError, UnknownName, printable, refuse_unknown, shown
from equipoise.data.store import ValueRange
from equipoise.evaluation.latents import BATCH, latent_batch, latents_of_seeds, of_class, round_trip, truncated
from equipoise.evaluation.sampling import images_of
from equipoise.training.draw import Latent

ALL = "all"
"""The word for every class in turn."""
_VALUES_AT_ONCE = BATCH * 3 * 32 * 32
"""So many values of images are made at once, which bounds the memory."""

Rating = Callable[[Tensor, Tensor], Tensor]
"""(images [batch, ...], latents [batch, size]) -> how real they look, [batch], high for real."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which samples are wanted.

    Attributes:
        seed: of the latents, where `seeds` names none.
        seeds: for each of these seeds one sample: the first of that seed alone.
        of_class: the name or number of a class, or "all", for a generator that knows classes. By default each sample's
            class is drawn at random.
        truncation: how far latents may lie from their mean, from 0, where all samples are the same, to 1.
        keep_best: the share, above 0 and up to 1, that is kept: of every 500 samples those that the discriminator takes
            for real the most.
    """

    seed: int = 0
    seeds: tuple[int, ...] | None = None
    of_class: str | int | None = None
    truncation: float = 1.0
    keep_best: float = 1.0

    def __post_init__(self) -> None:
        given = (self.seed,) if self.seeds is None else tuple(self.seeds)
        if not given or any(isinstance(seed, bool) or not isinstance(seed, int) or seed < 0 for seed in given):
            raise EquipoiseError(f"seeds must be whole numbers of at least 0, at least one, got {shown(given)}.")
        _check_share("truncation", self.truncation, 0)
        _check_share("keep_best", self.keep_best, 1 / BATCH)
        if self.seeds is not None:
            object.__setattr__(self, "seeds", given)  # any sequence was given
            if self.seed or self.keep_best < 1:
                raise EquipoiseError("seeds name each sample, so there is neither another seed nor a best share.")


def wanted(given: Mapping[str, Any]) -> Wanted:
    """From keywords.

    Raises:
        UnknownName: there is no such keyword; the nearest one is named.
        EquipoiseError: a value is impossible.
    """
    refuse_unknown("keyword", given, (each.name for each in fields(Wanted)))
    return Wanted(**given)


def count_for(count: int | None, asked: Wanted, usual: int) -> int:
    """How many samples: as asked for, else one for each seed that is named, else the usual number.

    Raises:
        EquipoiseError: the count is another one than that of the seeds.
    """
    if asked.seeds is None or count in (None, len(asked.seeds)):
        return usual if count is None else count
    raise EquipoiseError(f"seeds name {len(asked.seeds)} samples, so leave out the count, which is {shown(count)}.")


@dataclass(frozen=True)
class Series:
    """Samples in batches, of which each can be made without the others.

    Attributes:
        name: of their class where there are several series, else "".
        count: how many.
        step: how many there are in a batch, save the last one.
        make: the number of a batch -> at most `step` samples [batch, ...].
        numbers: of the samples, for the names of files: their seeds, or 0, 1, 2 ...
    """

    name: str
    count: int
    step: int
    make: Callable[[int], Tensor]
    numbers: Sequence[int]

    def batches(self) -> Iterator[tuple[int, range]]:
        """The number of each batch, and the positions of its samples."""
        for number, start in enumerate(range(0, self.count, self.step)):
            yield number, range(start, min(start + self.step, self.count))

    def all(self) -> Tensor:
        """All samples, [count, ...]."""
        return torch.cat([self.make(number) for number, _ in self.batches()])


@dataclass(frozen=True)
class SampleMaker:
    """A generator, and what its samples depend on.

    Attributes:
        generator: latent [batch, size] -> samples [batch, *shape].
        latent: the distribution of its latents.
        value_range: of its images.
        shape: of one sample.
        classes: the names of the classes that it knows, as far as they are known.
        judge: gives the rating of the discriminator; None where only a generator is at hand.
    """

    generator: nn.Module
    latent: Latent
    value_range: ValueRange
    shape: tuple[int, ...]
    classes: tuple[str, ...] = ()
    judge: Callable[[], Rating] | None = field(default=None, repr=False)

    def series(self, count: int, asked: Wanted) -> list[Series]:
        """One series of samples; with all classes, one for each class, from the same latents.

        Args:
            count: how many, of each class; `seeds` say their number themselves.
            asked: which ones.

        Raises:
            EquipoiseError: the generator knows no classes, or no such class, or there is no discriminator to ask.
        """
        chosen: dict[int | None, str] = (
            dict(enumerate(self.class_names())) if asked.of_class == ALL else {self.class_number(asked.of_class): ""}
        )
        rating = self._rating() if asked.keep_best < 1 else None
        return [self._series(count, asked, number, rating, name) for number, name in chosen.items()]

    def samples(self, count: int, asked: Wanted) -> Tensor:
        """All at once, class by class: [count, ...] on the CPU; raises as `series`."""
        return torch.cat([series.all() for series in self.series(count, asked)])

    def interpolation(self, asked: Wanted, frames: int) -> Tensor:
        """Samples on the way from each seed to the next and back to the first, [seeds * frames, ...].

        Raises:
            EquipoiseError: there are fewer than two seeds, or points, or as `series`.
        """
        if len(asked.seeds or ()) < 2:
            raise EquipoiseError("an interpolation needs at least two seeds.")
        if frames < 1:
            raise EquipoiseError(f"frames must be at least 1, got {frames}.")
        if asked.of_class == ALL or len(self.shape) == 1:
            raise EquipoiseError("an interpolation shows pictures of one class, not points nor all classes.")
        stops = latents_of_seeds(self.latent, asked.seeds or ())
        placed = self._placed(stops, asked, self.class_number(asked.of_class))
        return self._made(round_trip(self.latent, placed, frames))

    def class_names(self) -> tuple[str, ...]:
        """A name for each class: its number where none is known.

        Raises:
            EquipoiseError: the generator knows no classes.
        """
        if not self.latent.classes:
            raise EquipoiseError(
                "this generator knows no classes; those of equipoise train PICTURES --labels can be asked for one."
            )
        named = len(self.classes) == self.latent.classes
        return self.classes if named else tuple(map(str, range(self.latent.classes)))

    def class_number(self, asked: str | int | None) -> int | None:
        """The number of a class by its name, or else by its number; None for no class.

        Raises:
            EquipoiseError: as `class_names`, or there is no such class.
        """
        if asked is None:
            return None
        names, word = self.class_names(), str(asked)
        if word in names and not isinstance(asked, int):
            return names.index(word)
        if word.isdecimal() and int(word) < len(names):
            return int(word)
        if not names[0].isdecimal():
            raise UnknownName("class", word, names)
        raise EquipoiseError(f"there is no class {printable(word)}: they are numbered 0 to {len(names) - 1}.")

    def _series(self, count: int, asked: Wanted, label: int | None, rating: Rating | None, name: str) -> Series:
        if asked.seeds is not None:
            alone = partial(self._of_seed, asked=asked, label=label)
            return Series(name, len(asked.seeds), 1, alone, asked.seeds)
        kept = max(1, round(BATCH * asked.keep_best))

        def make(number: int) -> Tensor:
            least = BATCH if rating else count - number * BATCH
            latents = self._placed(latent_batch(self.latent, asked.seed, number)[:least], asked, label)
            made = self._made(latents)
            if rating is not None:
                made = made[_best(rating(made, latents), kept)]
            return made[: count - number * kept]

        return Series(name, count, kept, make, range(count))

    def _of_seed(self, number: int, asked: Wanted, label: int | None) -> Tensor:
        assert asked.seeds is not None
        latents = latents_of_seeds(self.latent, asked.seeds[number : number + 1])
        return self._made(self._placed(latents, asked, label))

    def _placed(self, latents: Tensor, asked: Wanted, label: int | None) -> Tensor:
        """The latents, truncated and of the class."""
        if asked.truncation < 1:
            latents = truncated(self.latent, latents, asked.truncation)
        return of_class(self.latent, latents, label)

    def _made(self, latents: Tensor) -> Tensor:
        values = torch.Size(self.shape).numel()
        return images_of(self.generator, latents, max(1, min(BATCH, _VALUES_AT_ONCE // values)))

    def _rating(self) -> Rating:
        if self.judge is None:
            raise EquipoiseError(
                "an exported generator has no discriminator to choose the best samples by; name the run instead."
            )
        return self.judge()


def _best(scores: Tensor, count: int) -> Tensor:
    """The positions of the highest scores, in the order in which they were made."""
    return scores.argsort(descending=True, stable=True)[:count].sort().values


def _check_share(name: str, value: object, least: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 1:
        raise EquipoiseError(f"{name} must be a number from {least:g} to 1, got {shown(value)}.")
