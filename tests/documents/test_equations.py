"""Equations become MathML when the pages are built; what cannot be read ends the build."""

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("mkdocs")
pytest.importorskip("latex2mathml")
equations = import_module("docs.hooks.equations")
reference = import_module("docs.hooks.reference")
PAGE = SimpleNamespace(file=SimpleNamespace(src_uri="page.md"))


@pytest.fixture(scope="module")
def package() -> list[Any]:
    """Every module of the package, parsed once."""
    return reference.modules()  # type: ignore[no-any-return]


def test_a_formula_within_a_sentence_and_one_on_its_own_line_are_typeset() -> None:
    html = '<p><span class="arithmatex">\\(a &lt; b\\)</span></p><div class="arithmatex">L_D = 1</div>'
    typeset = equations.on_page_content(html, page=PAGE)
    assert "arithmatex" not in typeset
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">' in typeset
    assert '<div class="equation"><math xmlns="http://www.w3.org/1998/Math/MathML" display="block">' in typeset
    assert "<mo>&#x0003C;</mo>" in typeset


@pytest.mark.parametrize("latex", [r"\nosuchcommand x", r"\begin{aligned} a &= b \end{aligned}", r"\left( a"])
def test_a_formula_that_cannot_be_read_ends_the_build_with_the_pages_name(latex: str) -> None:
    html = f'<span class="arithmatex">\\({latex.replace("&", "&amp;")}\\)</span>'
    with pytest.raises(equations.PluginError, match=r"page\.md: the formula"):
        equations.on_page_content(html, page=PAGE)


@pytest.mark.parametrize(
    ("latex", "sign"),
    [
        ("f(-s)", '<mo form="prefix">&#x02212;</mo>'),
        ("a = -b", '<mo form="prefix">&#x02212;</mo>'),
        ("[-1, 1]", '<mo form="prefix">&#x02212;</mo>'),
        ("(a) - b", "<mo>&#x02212;</mo>"),
        (r"\left(a\right) - b", "<mo>&#x02212;</mo>"),
        ("[0] - 1", "<mo>&#x02212;</mo>"),
    ],
)
def test_a_sign_is_told_from_a_difference(latex: str, sign: str) -> None:
    assert sign in equations.equation(latex, block=False)


def test_every_public_name_of_the_package_has_a_docstring(package: list[Any]) -> None:
    assert [name for module in package for name in reference.undocumented(module)] == []


CODE = '''"""A module."""
from typing import TypeVar

Thing = TypeVar("Thing")
_HIDDEN = 1
SAID = 2
"""Said."""
UNSAID, ALSO = 3, 4


def said():
    """Said."""


def unsaid():
    def inner():
        pass


class Said:
    """Said."""

    field: int = 0

    def method(self):
        pass

    def _hidden(self):
        pass


class Unsaid:
    pass
'''


def test_what_has_no_docstring_is_named(tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "room").mkdir(parents=True)
    (package / "__init__.py").write_text('"""A package."""\n')
    (package / "room" / "__init__.py").write_text("")
    (package / "room" / "module.py").write_text(CODE)
    (package / "room" / "_private.py").write_text("def unsaid(): ...\n")
    found = reference.modules(package)
    assert [module.page for module in found] == [
        "reference/index.md",
        "reference/room/index.md",
        "reference/room/module.md",
    ]
    assert [name for module in found for name in reference.undocumented(module)] == [
        "package.room",
        *(f"package.room.module.{name}" for name in ("UNSAID", "ALSO", "unsaid", "Said.method", "Unsaid")),
    ]


def test_the_losses_open_with_a_table_of_equations_and_the_metrics_with_one_of_directions(package: list[Any]) -> None:
    (losses,) = (module for module in package if module.name == "equipoise.losses")
    text = reference.text(losses, package)
    assert "| name | what it is | equation |" in text
    row = next(line for line in text.split("\n") if "adversarial.hinge_generator_loss]" in line)
    assert row.endswith("| Lim and Ye 2017; Miyato et al. 2018, Eq. 17 |")
    (metrics,) = (module for module in package if module.name == "equipoise.metrics")
    rows = [line for line in reference.text(metrics, package).split("\n") if line.startswith("| [`")]
    assert next(row for row in rows if "frechet.frechet_distance]" in row).endswith("| lower |")
    assert next(row for row in rows if "inception.inception_score]" in row).endswith("| higher |")
