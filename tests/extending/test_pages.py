"""Each page for method authors shows the whole file that the other tests of this folder run."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "extending"


def test_every_example_is_included_in_one_page() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES.glob("*.md")]
    for example in (ROOT / "examples" / "extending").glob("*.py"):
        included = f'--8<-- "examples/extending/{example.name}"'
        assert sum(included in text for text in texts) == 1, example.name
