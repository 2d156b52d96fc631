"""The four stories of the demo: which runs stand against each other, and what their scores say."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from equipoise.common.counted import counted
from equipoise.experiments.experiment import Experiment, Watch
from equipoise.recipes.demo import amplifiers, encoders, kernels, margins
from equipoise.studies.log_measures import lower_is_better
from equipoise.studies.paired import LEVEL, Paired, holm, paired

_WATCH = Watch(sample_grids=6, checkpoints=2)
Values = Mapping[str, Sequence[float]]
"""Of one metric: a value per seed, by the label of the group."""


@dataclass(frozen=True)
class Story:
    """What one of the papers claims, tried on data that come with the package.

    Attributes:
        title: what stands against what.
        setting: what the runs share, and what differs.
        groups: the experiments by label; that of the paper comes first.
        metrics: which decide, each by itself.
        samples: how many they see.
    """

    title: str
    setting: str
    groups: Mapping[str, Experiment]
    metrics: tuple[str, ...]
    samples: int = 10_000


@dataclass(frozen=True)
class Told:
    """What stands against what, and what came of it.

    Attributes:
        title: what stands against what.
        answer: what the scores say, in a few words.
        details: paragraphs: the figures, then what the runs share.
        groups: the run directories by label.
    """

    title: str
    answer: str
    details: tuple[str, ...]
    groups: Mapping[str, Sequence[Path]]


@dataclass(frozen=True)
class Verdict:
    """What a story's scores say: in a few words, and with its figures."""

    answer: str
    figures: str


def stories() -> tuple[Story, ...]:
    """The stories, in the order of the page, their runs watched less often than the recipes say."""
    return tuple(
        replace(story, groups={label: replace(each, watch=_WATCH) for label, each in story.groups.items()})
        for story in _stories()
    )


def verdict(metrics: Sequence[str], values: Mapping[str, Values]) -> Verdict:
    """Whether the first group is better than the others: the paired test over seeds, corrected by Holm's method.

    Args:
        metrics: which decide.
        values: by metric, then by group; a metric has the same seeds in every group, and two groups or more.
    """
    answers, figures = zip(*(_by_metric(metric, values[metric]) for metric in metrics), strict=True)
    if len(metrics) == 1:
        return Verdict(answers[0], figures[0])
    told = (f"{answer} by {_named(metric)}" for metric, answer in zip(metrics, answers, strict=True))
    return Verdict(", ".join(told), " ".join(figures))


def _by_metric(metric: str, values: Values) -> tuple[str, str]:
    """(the answer, its figures)."""
    first, *others = values
    tests = [_test(values[first], values[other]) for other in others]
    corrected = holm([test.p_value for test in tests])
    sides = [_side(metric, test, p_value) for test, p_value in zip(tests, corrected, strict=True)]
    against = (f"{other} {_mean(values[other])} ({_interval(test)})" for other, test in zip(others, tests, strict=True))
    count = len(values[first])
    figures = (
        f"By {_named(metric)}, {first} has {_mean(values[first])}, {', '.join(against)}; {counted(count, 'seed')}."
    )
    return _in_words(sides), figures


def _test(one: Sequence[float], other: Sequence[float]) -> Paired:
    found = paired(dict(enumerate(one)), dict(enumerate(other)))
    if found is None:
        raise ValueError("a story needs a score of every run.")
    return found


def _side(metric: str, test: Paired, corrected: float) -> str:
    if not corrected < LEVEL:
        return "no difference beyond chance"
    return "better" if (test.mean < 0) == bool(lower_is_better(metric)) else "worse"


def _in_words(sides: Sequence[str]) -> str:
    """One answer for all pairs, or how many of each."""
    kinds = sorted(set(sides))
    if len(kinds) == 1:
        return kinds[0]
    return ", ".join(f"{kind} in {sides.count(kind)} of {len(sides)} pairs" for kind in kinds)


def _mean(values: Sequence[float]) -> str:
    mean = statistics.fmean(values)
    return f"{mean:.2f} ± {statistics.stdev(values):.2f}" if len(values) > 1 else f"{mean:.2f}"


def _interval(test: Paired) -> str:
    if test.low is None or test.high is None:
        return "one seed: no test"
    return f"difference {test.mean:.2f}, 95 % interval {test.low:.2f} to {test.high:.2f}"


def _named(metric: str) -> str:
    return {"share-near": "share of samples near a mode", "classifier-fid": "classifier FID"}.get(
        metric, metric.replace("-", " ")
    )


def _stories() -> tuple[Story, ...]:
    return (
        Story(
            "Adaptive against fixed margins",
            "MAGAN (Wang et al. 2017) against EBGAN on handwritten digits of 8x8 pixels. EBGAN keeps its margin, so "
            "you must find a good one by trial. MAGAN starts from the energy of the real data and lowers its margin "
            "whenever the generator stops improving. Thirty epochs, at five times the learning rate of the recipes "
            "magan-digits and ebgan-digits; with theirs and 200 epochs, margin 1 is as good as MAGAN.",
            margins(),
            ("inception-score",),
        ),
        Story(
            "Repulsive against attractive MMD-GAN",
            "The discriminator maps digits to 16 features. The attractive loss pulls the features of each side "
            "together; the repulsive one with bounds (Wang et al. 2019) spreads those of real images. Without "
            "spectral normalisation, which the paper has.",
            kernels(),
            ("inception-score", "classifier-fid"),
        ),
        Story(
            "Amplified against plain hinge loss",
            "The discriminator gives each digit 16 scores, and the generator's gradient of each is multiplied by its "
            "magnitude (LGA). In the paper the scores belong to places of a large picture; here every score sees all "
            "8x8 pixels. Both with a gradient penalty.",
            amplifiers(),
            ("inception-score",),
        ),
        Story(
            "With against without an encoder",
            "Six Gaussians in a ring. Reg-GAN (Che et al. 2017) adds an encoder to a GAN, which pulls the generator "
            "to all modes. The learning rates are twice those that Reg-GAN was tuned with; a GAN does better "
            "with others.",
            encoders(),
            ("modes-covered", "share-near"),
            samples=2_500,
        ),
    )
