"""Matplotlib drawings as inline SVG with the page's colours and fonts, so that they follow light and dark mode.

No text of a user's ever enters a drawing: names stand in the HTML around it, where they are escaped. Matplotlib is
imported when something is drawn: a command that draws nothing starts a second sooner.
"""

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

# Colours that stand for a variable of the style sheet: matplotlib writes them, the page replaces them.
_VARIABLES = ("ink", "faint", "rule", *(f"series-{index}" for index in range(8)))
_COLOURS = {name: f"#0a0a{index:02x}" for index, name in enumerate(_VARIABLES, start=1)}
_SETTINGS: dict[Any, Any] = {"svg.fonttype": "none", "font.size": 10, "path.simplify": True, "text.usetex": False}
_MARGIN_INCHES = 1 / 24


def drawing(
    name: str, description: str, paint: "Callable[[Axes], None]", size: tuple[float, float] = (5.0, 3.1)
) -> Markup:
    """The SVG element of what `paint` draws on one pair of axes, ready to be put into a page.

    Args:
        name: letters, digits and dashes, unlike any other drawing's on the page.
        description: what a person who cannot see it is told.
        size: inches; the page scales it to the width that it has.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_SETTINGS | {"svg.hashsalt": name}):
        figure = Figure(figsize=size)
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        _calm(axes)
        paint(axes)
        _fill(figure, axes)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(buffer.getvalue(), name, description)


def colour(name: str) -> str:
    """The colour that becomes the style sheet's variable of this name."""
    return _COLOURS[name]


def logarithmic(axes: "Axes") -> None:
    """Make the vertical axis logarithmic with plain numbers at 1, 2 and 5."""
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 300 else (1.0,)))
    axes.yaxis.set_major_formatter(_formatted())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def symmetric_logarithmic(axes: "Axes", linear_below: float) -> None:
    """Make the vertical axis logarithmic on both sides of a linear middle."""
    from matplotlib.ticker import NullLocator

    axes.set_yscale("symlog", linthresh=linear_below)
    axes.yaxis.set_major_formatter(_formatted())
    axes.yaxis.set_minor_locator(NullLocator())


def _formatted() -> "FuncFormatter":
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: f"{value:g}".replace("-", "\N{MINUS SIGN}"))


def _fill(figure: "Figure", axes: "Axes") -> None:
    """Let the axes with their labels fill the figure, but for a margin.

    As matplotlib's constrained layout, which measures every label twice and takes as long as the drawing itself.
    """
    box = axes.get_tightbbox(for_layout_only=True)
    assert box is not None, "axes without a box"
    inner, outer = axes.get_position(), box.transformed(figure.transFigure.inverted())
    width, height = figure.get_size_inches()
    across, up = _MARGIN_INCHES / width, _MARGIN_INCHES / height
    left, bottom = inner.x0 - outer.x0 + across, inner.y0 - outer.y0 + up
    right, top = inner.x1 - outer.x1 + 1 - across, inner.y1 - outer.y1 + 1 - up
    axes.set_position((left, bottom, right - left, top - bottom))


def _calm(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator

    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(colour("faint"))
    axes.tick_params(colors=colour("faint"), labelcolor=colour("ink"), length=0)
    axes.tick_params(axis="x", length=3)
    axes.grid(axis="y", color=colour("rule"), linewidth=0.8)
    axes.set_axisbelow(True)
    axes.xaxis.label.set_color(colour("ink"))
    axes.yaxis.label.set_color(colour("ink"))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(_formatted())
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(_formatted())


def _inline(document: str, name: str, description: str) -> Markup:
    body = document[document.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'(?<=\s)id="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"font-family: [^;\"]+", "font-family: inherit", body)
    body = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1; font-family: inherit", body)
    for variable, sentinel in _COLOURS.items():
        body = body.replace(sentinel, f"var(--{variable})")
    opening = re.match(r"<svg[^>]*>", body, flags=re.DOTALL)
    view = re.search(r'viewBox="[^"]+"', body)
    assert opening is not None, "matplotlib wrote no SVG element"
    assert view is not None, "matplotlib wrote an SVG without a view box"
    label = str(escape(description))
    new = f'<svg class="drawing" {view[0]} role="img" aria-label="{label}" xmlns="http://www.w3.org/2000/svg">'
    return Markup(new + re.sub(r"\n\s*", "\n", body[opening.end() :]))
