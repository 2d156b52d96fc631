"""A metric of your own: are the samples as bright as the real images?

equipoise --plugin examples/extending/my_metric.py evaluate runs/gan-digits --metrics my-brightness-gap
"""

import equipoise
from equipoise.evaluation.evidence import Evidence, Score
from equipoise.metrics.arrays import Array, as_float64


def brightness_gap(real: Array, generated: Array) -> float:
    """The difference between the mean brightness of two sets of images, 0 to 1.

    Args:
        real: [count, channels, height, width] in [0, 1].
        generated: the same; the counts may differ.
    """
    images = "count, channels, height, width"
    return abs(float(as_float64("real", real, images).mean() - as_float64("generated", generated, images).mean()))


def score_brightness_gap(evidence: Evidence) -> Score:
    """`brightness_gap` of a run's samples and its data."""
    value = brightness_gap(evidence.real / 255, evidence.images)
    passport = evidence.passport("my-brightness-gap", real_count=len(evidence.real))
    return Score("my-brightness-gap", value, None, passport)


equipoise.register(
    metric=equipoise.MetricEntry(
        "my-brightness-gap",
        "difference of the mean brightness; lower is better",
        score_brightness_gap,
        lower_is_better=True,
        needs=("images",),
    )
)
