"""Whether hinge and the bounded repulsive loss gain by margins that follow the data. Torch-free."""

from equipoise.studies.study import SMOKE, Measure, Order, Row, Scale, Study

_FIVE_SEEDS = Scale(seeds=5, samples=10_000)
_HINGE, _BOUNDED = "hinge", "rep-b"
_MARGINS = (0.1, 1, 10)
_BOUNDS = ((0.05, 1), (0.25, 4), (1, 16))


def adaptive_margins() -> Study:
    """Hinge and rep-b with fixed and with adaptive margins on digits."""
    hinge = tuple(_hinge(margin, adaptive) for margin in _MARGINS for adaptive in (False, True))
    bounded = tuple(_bounded(bounds, adaptive) for bounds in _BOUNDS for adaptive in (False, True))
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
        measures=(
            Measure("inception-score", "classifier inception score"),
            Measure("modes-covered", "classes covered"),
            Measure("modes-kl", "KL of classes, nats"),
            Measure("classifier-fid", "classifier FID"),
        ),
        orders=tuple(
            Order("classifier-fid", adaptive.label, fixed.label, fixed.block)
            for fixed, adaptive in zip(rows[::2], rows[1::2], strict=True)
        ),
        summary="all runs",
        curves=("margin", "lower_bound", "upper_bound"),
        scales={"smoke": SMOKE, "cpu": _FIVE_SEEDS, "paper": _FIVE_SEEDS},
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
