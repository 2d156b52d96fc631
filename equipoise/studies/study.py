"""A study as data: what is trained, what varies, what is measured, and what was published. Torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DIVERGED = "diverged"
"""In an order, in the place of a metric: the share of a row's runs that diverged, less being better."""


@dataclass(frozen=True)
class Published:
    """A published figure.

    Attributes:
        value: the figure, or None where the paper reports that every run diverged.
        deviation: its printed deviation, or None.
        source: where it is printed, if not where the study says.
    """

    value: float | None
    deviation: float | None = None
    source: str = ""


@dataclass(frozen=True)
class Measure:
    """A column of the table.

    Attributes:
        metric: a name of `equipoise.evaluation.catalogue.METRICS`, or of
            `equipoise.studies.log_measures.LOG_MEASURES`.
        title: what the column is called.
        stand_in: the metric that is taken where the first cannot be, for want of Inception's weights.
        same: whether the published figures were measured as ours are; if not, only their order can be compared.
    """

    metric: str
    title: str
    stand_in: str | None = None
    same: bool = True


@dataclass(frozen=True)
class Variant:
    """One cell of a grid: `field.path=value` assignments to the row's experiment."""

    label: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A row of the table: one recipe, with changes, over seeds and variants.

    Attributes:
        label: its name.
        recipe: in `equipoise.recipes.catalogue`; empty where `experiment` says what is trained.
        block: rows are compared within their block only, as in the data set.
        changes: `field.path=value` assignments to the recipe's experiment.
        variants: the grid; the first is the recipe as it stands where nothing else is said.
        published: by the measure's metric.
        diverged_beyond: a run whose first measure is worse than this counts as diverged, or None.
        published_diverged: (how many runs diverged, of how many) in the paper, or None.
        experiment: a whole configuration in place of a recipe, as plain data. It is trained as it stands, at every
            budget but "smoke".
    """

    label: str
    recipe: str = ""
    block: str = ""
    changes: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = (Variant(),)
    published: Mapping[str, Published] = field(default_factory=dict)
    diverged_beyond: float | None = None
    published_diverged: tuple[int, int] | None = None
    experiment: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Reference:
    """A published row that is not trained here: real data, or another paper's method.

    Attributes:
        label: its name.
        published: by the measure's metric.
        block: as of a row.
        recipe: of real data, one whose held-out data are measured in place of samples; else nothing.
    """

    label: str
    published: Mapping[str, Published]
    block: str = ""
    recipe: str = ""


@dataclass(frozen=True)
class Order:
    """A published claim that one row is better than another, where no figures were printed.

    Attributes:
        metric: the measure's, or `DIVERGED`.
        better, worse: the rows' labels.
        block: that both rows stand in.
    """

    metric: str
    better: str
    worse: str
    block: str = ""


@dataclass(frozen=True)
class Sentence:
    """A claim of the paper about one row's measure; it is judged below the table.

    Attributes:
        text: the sentence, in our words.
        metric: of one of the study's measures.
        row: whose figure it speaks of.
        relation: "above" or "below" the bound, or "about", as near as a published figure has to be.
        bound: a number, or the label of another row of the same block. A sentence that is about a number can only be
            judged at the paper's budget.
        block: as of a row.
    """

    text: str
    metric: str
    row: str
    relation: Literal["above", "below", "about"]
    bound: float | str
    block: str = ""


def _check_counts(**counts: int | None) -> None:
    for name, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}.")


@dataclass(frozen=True)
class Scale:
    """How large the study is at a budget.

    Attributes:
        seeds: of each row and variant.
        samples: that each metric sees.
        variants: at most so many of each row's, the first among them; None for all.
        rows: at most so many rows, evenly chosen; None for all.
        length: the share of each recipe's published length, in whole epochs; None for the budget's own length.
    """

    seeds: int
    samples: int
    variants: int | None = None
    rows: int | None = None
    length: float | None = None

    def __post_init__(self) -> None:
        _check_counts(seeds=self.seeds, samples=self.samples)


SMOKE = Scale(seeds=1, samples=60, variants=1)
"""Shows that a study runs, and nothing else."""
CPU = Scale(seeds=1, samples=10_000, variants=2)
"""What a computer without a GPU does in hours."""
PAPER = Scale(seeds=3, samples=50_000)
"""What the papers did."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """Many runs that make one table: a published one, or a comparison of one's own.

    Attributes:
        name: on the command line.
        title: the page's heading.
        paper: authors and year; empty for a comparison of one's own.
        place: the table or figure in it.
        introduction: what is compared, in a few sentences.
        rows: what is trained.
        measures: the columns; verdicts go by the first one with published figures or claims, and by diverged runs
            where the paper counts them or makes claims about them. Where nothing was published, rows are tested
            against each other by the first one.
        data: what every row is trained on in place of its own data, as `--data` takes it, or nothing.
        changes: `field.path=value` assignments to every row's experiment, before those of the row.
        epochs, iterations: the length of every row's adversarial training; without them it is the budget's own.
        references: published rows that nobody trains here.
        orders: claims of the paper that stand in no table.
        sentences: of the paper's text, each judged by itself.
        summary: a row's figure is that of its best variant, as papers report grids, or the mean over all its runs.
        curves: the logged values that the page draws.
        watched: the measure that is also taken during the training, or None.
        evaluations: how often it is taken, evenly over the run.
        scales: what each budget buys.
    """

    name: str
    title: str
    paper: str = ""
    place: str = ""
    introduction: str = ""
    rows: tuple[Row, ...]
    measures: tuple[Measure, ...]
    data: str = ""
    changes: tuple[str, ...] = ()
    epochs: int | None = None
    iterations: int | None = None
    references: tuple[Reference, ...] = ()
    orders: tuple[Order, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    summary: Literal["best variant", "all runs"] = "best variant"
    curves: tuple[str, ...] = ("discriminator/loss", "generator/loss")
    watched: Measure | None = None
    evaluations: int = 10
    scales: Mapping[str, Scale] = field(default_factory=lambda: {"smoke": SMOKE, "cpu": CPU, "paper": PAPER})

    def __post_init__(self) -> None:
        _check_counts(epochs=self.epochs, iterations=self.iterations)

    @property
    def has_claims(self) -> bool:
        """Whether it is of a paper, or claims anything that the table can be held against."""
        printed = any(row.published or row.published_diverged for row in self.rows)
        return bool(self.paper or printed or self.references or self.orders or self.sentences)


def evenly(count: int, most: int | None) -> list[int]:
    """At most `most` of the positions 0 .. count - 1, evenly spread, the first and the last among them.

    Examples:
        >>> evenly(5, 2), evenly(2, 5)
        ([0, 4], [0, 1])
    """
    if most is None or count <= most:
        return list(range(count))
    return [0] if most == 1 else [round(index * (count - 1) / (most - 1)) for index in range(most)]
