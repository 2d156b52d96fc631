"""The tables and Figure 2 of the spatially decomposed hinge loss (LGA). Torch-free."""

from functools import partial

from equipoise.studies.study import CPU, SMOKE, Measure, Published, Row, Scale, Sentence, Study

_study = partial(
    Study,
    paper="LGA, anonymous submission",
    scales={"smoke": SMOKE, "cpu": CPU, "paper": Scale(seeds=3, samples=10_000)},
)
_FID = Measure("fid", "FID", stand_in="classifier-fid")
_SCORE = Measure("inception-v3-score", "Inception score", stand_in="inception-score")
_DATA = {"cifar10": "CIFAR-10", "stl10": "STL-10", "celeba": "CelebA", "lsun": "LSUN bedrooms"}
_METHODS = {
    "geogan": "GeoGAN",
    "wgan-gp": "WGAN-GP",
    "hinge-gp": "WGAN-GP with hinge",
    "lga4": "with LGA 4x4",
    "zero-lga4": "with zero-LGA 4x4",
    "lga8": "with LGA 8x8",
}
_TABLE_1 = {
    "geogan": (36.14, 49.95, 13.96, 48.58),
    "wgan-gp": (22.59, 55.40, 11.15, 64.01),
    "hinge-gp": (23.30, 69.72, 16.07, 57.12),
    "lga4": (19.31, 43.41, 18.85, 53.46),
    "zero-lga4": (20.20, 45.61, 8.59, 52.08),
    "lga8": (16.61, 35.83, 7.68, 42.17),
}
_TABLE_2 = {
    "sngan-cifar10": ("SNGAN", "cifar10", 8.3, 17.33),
    "sngan-lga4-cifar10": ("SNGAN with LGA 4x4", "cifar10", 8.5, 18.16),
    "sngan-stl10": ("SNGAN", "stl10", 7.2, 36.05),
    "sngan-lga4-stl10": ("SNGAN with LGA 4x4", "stl10", 7.3, 34.02),
}
_TRAILING = {
    "wgan-gp": (64.6, 3.6),
    "hinge-gp": (74.0, 6.6),
    "lga4": (54.6, 3.8),
    "zero-lga4": (58.3, 3.3),
    "lga8": (52.5, 3.4),
}


def table_1() -> Study:
    """FID of six methods on four data sets."""
    rows = tuple(
        Row(title, f"{method}-{data}", _DATA[data], published={"fid": Published(_TABLE_1[method][column])})
        for column, data in enumerate(_DATA)
        for method, title in _METHODS.items()
    )
    return _study(
        name="lga-table-1",
        title="FID with and without the local gradient amplifier",
        place="Table 1",
        introduction=(
            "10,000 samples against 10,000 real images (5,000 on STL-10). The amplifier is the magnitude form, because "
            "the printed formula has the wrong sign. STL-10 is resized to 32x32, as in the paper."
        ),
        rows=rows,
        measures=(_FID,),
    )


def table_2() -> Study:
    """SNGAN with and without the amplifier."""
    rows = tuple(
        Row(label, name, _DATA[data], published={"inception-v3-score": Published(score), "fid": Published(fid)})
        for name, (label, data, score, fid) in _TABLE_2.items()
    )
    return _study(
        name="lga-table-2",
        title="SNGAN with and without the local gradient amplifier",
        place="Table 2",
        introduction=(
            "On CIFAR-10, the paper's own FID contradicts its claim: the amplifier is worse. The paper does not say "
            "how many samples the Inception score uses."
        ),
        rows=rows,
        measures=(_FID, _SCORE),
    )


def figure_2() -> Study:
    """How FID holds once it has reached its lowest value, on STL-10."""
    measure = Measure("trailing-distance", "mean distance from its lowest point on", same=False)
    rows = tuple(
        Row(_METHODS[method], f"{method}-stl10", published={measure.metric: Published(*figures)})
        for method, figures in _TRAILING.items()
    )
    return _study(
        name="lga-figure-2",
        title="Does the distance stay low? Ten evaluations during the training on STL-10",
        place="Figure 2",
        introduction=(
            "The paper averages the FID around its lowest point, by a rule that it does not define. Here it is the "
            "mean from the evaluation with the lowest value to the end: of the FID if Inception's weights are "
            "available, otherwise of the classifier distance (the passports say which). This is a different measure, "
            "so only the order can be compared."
        ),
        rows=rows,
        measures=(measure, _FID),
        curves=("fid", "classifier-fid"),
        watched=_FID,
    )


def lsun() -> Study:
    """How soon FID is low on LSUN's bedrooms."""
    batches = "batches-to-100"
    return _study(
        name="lga-lsun",
        title="Batches until FID is 100 on LSUN bedrooms",
        place="the text on LSUN",
        introduction=(
            "The paper measures FID every 1,000 iterations. It reaches 100 after 21,000 iterations with the amplifier, "
            "and after 37,000 without. Two passes over the data are 94,800 discriminator steps and a fifth as many "
            "generator steps, so the paper can only mean discriminator steps. Needs Inception's weights."
        ),
        rows=(
            Row(_METHODS["lga8"], "lga8-lsun", published={batches: Published(21_000)}),
            Row(_METHODS["wgan-gp"], "wgan-gp-lsun", published={batches: Published(37_000)}),
        ),
        measures=(Measure(batches, "batches until FID is 100"), _FID),
        sentences=(
            Sentence("FID reaches 100 earlier than WGAN-GP's", batches, _METHODS["lga8"], "below", _METHODS["wgan-gp"]),
        ),
        curves=("fid",),
        watched=_FID,
        evaluations=95,
    )
