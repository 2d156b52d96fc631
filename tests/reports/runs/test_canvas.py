"""The axes of a drawing fill it with all their labels."""

import pytest
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from equipoise.reports.canvas import _fill


@pytest.mark.parametrize("highest", [1.0, 12_345_678.0])
@pytest.mark.parametrize("size", [(5.0, 3.1), (3.5, 2.1)])
def test_labels_stay_within_the_drawing_and_fill_it(highest: float, size: tuple[float, float]) -> None:
    figure = Figure(figsize=size)
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, highest])
    axes.ticklabel_format(style="plain")
    axes.set_xlabel("iteration")
    _fill(figure, axes)
    box = axes.get_tightbbox()
    assert box is not None
    left, bottom, right, top = box.transformed(figure.dpi_scale_trans.inverted()).extents
    margins = [left, bottom, size[0] - right, size[1] - top]
    assert margins == pytest.approx([1 / 24] * 4, abs=0.02)
