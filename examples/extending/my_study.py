"""A study of your own: does a larger batch give better digits?

equipoise --plugin examples/extending/my_study.py study my-batches --budget smoke
"""

import equipoise
from equipoise.studies.study import SMOKE, Measure, Order, Row, Scale, Study


def my_batches() -> Study:
    """Two batch sizes, one network, three seeds."""
    three_seeds = Scale(seeds=3, samples=2_000)
    return Study(
        name="my-batches",
        title="Batch sizes on digits",
        paper="An example",
        place="no published table",
        introduction="The same networks, optimiser, passes over the data and seeds; only the batch size differs.",
        rows=(
            Row("batch 64", "gan-digits"),
            Row("batch 16", "gan-digits", changes=("batch_size=16",)),
        ),
        measures=(Measure("inception-score", "classifier inception score"),),
        orders=(Order("inception-score", better="batch 64", worse="batch 16"),),
        summary="all runs",
        scales={"smoke": SMOKE, "cpu": three_seeds, "paper": three_seeds},
    )


equipoise.register(study=equipoise.Entry("my-batches", "two batch sizes on digits", my_batches))
