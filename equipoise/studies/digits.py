"""Studies on data that come with scikit-learn, in minutes on one core: margins, fixed and adaptive. Torch-free."""

from equipoise.studies.study import SMOKE, Measure, Order, Row, Scale, Study

_MARGINS = (10, 5, 1)
_FIVE_SEEDS = Scale(seeds=5, samples=10_000)
_SCALES = {"smoke": SMOKE, "cpu": _FIVE_SEEDS, "paper": _FIVE_SEEDS}
_MEASURES = (
    Measure("inception-score", "classifier inception score"),
    Measure("modes-covered", "classes covered"),
    Measure("modes-kl", "KL of classes, nats"),
    Measure("classifier-fid", "classifier FID"),
)
_HINGE, _BOUNDED = "hinge", "rep-b"
_HINGE_MARGINS = (0.1, 1, 10)
_REPULSIVE_BOUNDS = ((0.05, 1), (0.25, 4), (1, 16))


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
        measures=(*_MEASURES, Measure("energy-gap", "generated minus real energy")),
        orders=tuple(Order("inception-score", "MAGAN", row.label) for row in fixed),
        summary="all runs",
        curves=("real_energy", "fake_energy", "margin"),
        scales=_SCALES,
    )


def adaptive_margins() -> Study:
    """Hinge and rep-b with fixed and with adaptive margins on digits."""
    hinge = tuple(_hinge(margin, adaptive) for margin in _HINGE_MARGINS for adaptive in (False, True))
    bounded = tuple(_bounded(bounds, adaptive) for bounds in _REPULSIVE_BOUNDS for adaptive in (False, True))
    rows = (*hinge, *bounded)
    return Study(
        name="adaptive-margins",
        title="Fixed and adaptive margins on digits",
        paper="Wang et al. 2017",
        place="section 5, future work",
        introduction=(
            "Real handwritten digits of 8x8 pixels, with the same networks, spectral normalisation, optimiser, "
            "iterations and seeds in every row of a block; only the margin, or the bounds, and whether they adapt "
            "differ. The paper proposes adaptive margins for other losses and has no figures. The orders are the "
            "hypothesis: from each start, adapting is better than staying."
        ),
        rows=rows,
        measures=_MEASURES,
        orders=tuple(
            Order("classifier-fid", adaptive.label, fixed.label, fixed.block)
            for fixed, adaptive in zip(rows[::2], rows[1::2], strict=True)
        ),
        summary="all runs",
        curves=("margin", "lower_bound", "upper_bound"),
        scales=_SCALES,
    )


def _hinge(margin: float, adaptive: bool) -> Row:
    changes = (f"algorithm.margin={margin}", f"algorithm.adaptive={str(adaptive).lower()}")
    label = f"adaptive from {margin:g}" if adaptive else f"margin {margin:g}"
    return Row(label, "adaptive-hinge-digits", _HINGE, changes)


def _bounded(bounds: tuple[float, float], adaptive: bool) -> Row:
    low, high = bounds
    changes = (f"algorithm.bounds=[{low}, {high}]", f"algorithm.adaptive={str(adaptive).lower()}")
    label = f"adaptive from {low:g} to {high:g}" if adaptive else f"bounds {low:g} to {high:g}"
    return Row(label, "adaptive-bounds-digits", _BOUNDED, changes)
