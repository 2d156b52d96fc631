"""The pages say of each trouble what the monitors say, and the settings that are named exist."""

import re
from pathlib import Path

import pytest

from equipoise.experiments.config import to_plain
from equipoise.metrics.collapse import Variety
from equipoise.monitor.collapse import Memory, troubles
from equipoise.monitor.imbalance import Window, imbalances
from equipoise.monitor.words import ADVICE, MEANINGS
from equipoise.recipes.catalogue import recipe

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
SETTINGS = sorted({advice.setting for advices in ADVICE.values() for advice in advices if advice.setting})


def window(right: float) -> Window:
    return Window(1, 0, right, 1, 1, 1, 1)


def said() -> list[str]:
    """One sentence of each kind, from the monitors themselves."""
    swinging = [window(0.4 + 0.2 * (place % 2)) for place in range(12)]
    found = [imbalances([window(right)], 1.0) for right in (0.999, 0.1)] + [imbalances(swinging, 1.0)]
    sentences = [f"{name}: {seen}" for wrong in found for name, seen in wrong.items()]
    looks = [(Variety(1, 0, 0.01), 0.0, 0.0), (Variety(0.1, 1, 1), 0.6, 0.0), (Variety(0.06, 1, 1), 0.1, 0.8)]
    for look, best, progress in looks:
        sentences += [f"collapse: {seen}" for seen in troubles(look, Memory(best), progress).values()]
    return sentences


def without_numbers(text: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "N", " ".join(text.split()))


@pytest.mark.parametrize("sentence", said())
def test_the_page_by_symptom_has_the_words_of_the_alarm(sentence: str) -> None:
    assert without_numbers(sentence) in without_numbers(PAGE)


@pytest.mark.parametrize("name", MEANINGS)
def test_the_page_by_symptom_has_the_meaning_and_the_advice(name: str) -> None:
    page = " ".join(PAGE.split())
    assert MEANINGS[name] in page
    for advice in ADVICE[name]:
        assert f"{advice.text[:1].upper()}{advice.text[1:]}" in page
        assert advice.setting in page


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_is_named_exists(setting: str) -> None:
    def has(name: str) -> bool:
        found = to_plain(recipe(name))
        for part in setting.split("."):
            if not isinstance(found, dict) or part not in found:
                return False
            found = found[part]
        return True

    assert any(has(name) for name in ("gan-digits", "ebgan-digits"))
