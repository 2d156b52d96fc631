"""A study of your own: does the hinge loss give better digits?

equipoise --plugin examples/extending/my_study.py study my-losses --budget smoke
"""

import equipoise
from equipoise.studies.study import SMOKE, Measure, Order, Row, Scale, Study


def my_losses() -> Study:
    """Two losses, one network, three seeds."""
    three_seeds = Scale(seeds=3, samples=2_000)
    return Study(
        name="my-losses",
        title="Two losses on digits",
        paper="An example",
        place="no published table",
        introduction="The same networks, optimiser, passes over the data and seeds; only the loss differs.",
        rows=(
            Row("non-saturating", "gan-digits"),
            Row("hinge", "gan-digits", changes=("algorithm.loss=hinge",)),
        ),
        measures=(Measure("inception-score", "classifier inception score"),),
        orders=(Order("inception-score", better="hinge", worse="non-saturating"),),
        summary="all runs",
        scales={"smoke": SMOKE, "cpu": three_seeds, "paper": three_seeds},
    )


equipoise.register(study=equipoise.Entry("my-losses", "two losses on digits", my_losses))
