"""A study on data that come with scikit-learn: the claim of MAGAN in minutes on one core. Torch-free."""

from equipoise.studies.study import SMOKE, Measure, Order, Row, Scale, Study

_MARGINS = (10, 5, 1)
_FIVE_SEEDS = Scale(seeds=5, samples=10_000)


def magan_digits() -> Study:
    """MAGAN against fixed margins on digits."""
    fixed = tuple(
        Row(f"EBGAN, margin {margin}", "ebgan-digits", changes=(f"algorithm.margin={margin}",)) for margin in _MARGINS
    )
    return Study(
        name="magan-digits",
        title="MAGAN against fixed margins on digits",
        paper="Wang et al. 2017",
        place="the claim of Figure 3, on other data",
        introduction=(
            "Real handwritten digits of 8x8 pixels, with the same networks, optimiser, iterations and seeds in every "
            "row; only the margin differs. The paper's claim is about MNIST, and it has no numbers for these digits, "
            "so only the order can be compared. The generators train on all 1,797 images, and the classifier for the "
            "scores on 1,437 of them."
        ),
        rows=(Row("MAGAN", "magan-digits"), *fixed),
        measures=(
            Measure("inception-score", "classifier inception score"),
            Measure("modes-covered", "classes covered"),
            Measure("modes-kl", "KL of classes, nats"),
            Measure("classifier-fid", "classifier FID"),
            Measure("energy-gap", "generated minus real energy"),
        ),
        orders=tuple(Order("inception-score", "MAGAN", row.label) for row in fixed),
        summary="all runs",
        curves=("real_energy", "fake_energy", "margin"),
        scales={"smoke": SMOKE, "cpu": _FIVE_SEEDS, "paper": _FIVE_SEEDS},
    )
