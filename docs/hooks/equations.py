r"""Formulas become MathML when the pages are built: no script and no font is loaded, and GitHub shows them too.

A fence of the language `math` is a formula on lines of its own, dollars hold one within a sentence. Several lines stand
in the environment `split`, names of functions in `\text`, and bars of a norm behind `\left` and `\right`.
"""

import html
import re
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.pages import Page
from pymdownx.superfences import fence_div_format

FORMULA = re.compile(r'<(span|div) class="arithmatex">(?:\\\()?(.*?)(?:\\\))?</\1>', re.DOTALL)
CORRECTIONS = [
    (re.compile(r"(?<!</mo>)<mo>(max|min)</mo>"), r'<mo lspace="0.17em" rspace="0">\1</mo>'),
    (re.compile(r"<mo>(max|min)</mo>"), r'<mo lspace="0" rspace="0">\1</mo>'),
    (re.compile(r'<mi>log</mi>(?!<mo stretchy="false">&#x00028;)'), '<mi>log</mi><mspace width="0.17em" />'),
    (
        re.compile(r"(<mspace [^>]*/>|<mo(?:(?!postfix)[^>])*>(?!&#x00029;|])[^<]*</mo>)<mo>&#x02212;</mo>"),
        r'\1<mo form="prefix">&#x02212;</mo>',
    ),
]
"""Spaces around the name of a function and behind a sign, which latex2mathml leaves to the browser."""
UNKNOWN = re.compile(r"<mi>(?:\\\w+|&)</mi>|<mo>\\")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Let a fence of the language `math` hold a formula."""
    fence = {"name": "math", "class": "arithmatex", "format": fence_div_format}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    return config


def on_page_content(content: str, *, page: Page, **_: Any) -> str:
    """The page with its formulas typeset. A formula that cannot be read ends the build with the page's name."""

    def typeset(found: re.Match[str]) -> str:
        try:
            return equation(html.unescape(found[2]).strip(), block=found[1] == "div")
        except ValueError as error:
            raise PluginError(f"{page.file.src_uri}: {error}") from error

    return FORMULA.sub(typeset, content)


def equation(latex: str, block: bool) -> str:
    """A formula in LaTeX as MathML; one on lines of its own scrolls where the page is too narrow.

    Raises:
        ValueError: a command is unknown.
    """
    try:
        formula = convert(latex, display="block" if block else "inline")
    except Exception as error:
        raise ValueError(f"the formula {latex!r} cannot be read: {error!r}") from error
    if UNKNOWN.search(formula):
        raise ValueError(f"the formula {latex!r} has a command that latex2mathml does not know")
    for pattern, replacement in CORRECTIONS:
        formula = pattern.sub(replacement, formula)
    return f'<div class="equation">{formula}</div>' if block else formula
