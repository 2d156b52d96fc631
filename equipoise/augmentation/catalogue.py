"""Every operation that augments images, by name. Torch-free."""

from equipoise.common.registry import Entry, Registry, Shape


def _entry(name: str, place: str, summary: str) -> Entry:
    return Entry(name, summary, f"equipoise.augmentation.operations:{place}")


AUGMENTATIONS = Registry(
    "augmentation",
    [
        _entry("x-flip", "X_FLIP", "left and right exchanged, in every second image"),
        _entry("colour", "COLOUR", "brightness, saturation and contrast (Zhao et al. 2020)"),
        _entry("translation", "TRANSLATION", "moved by up to an eighth of each side (Zhao et al. 2020)"),
        _entry("cutout", "CUTOUT", "a square of half the side made grey (Zhao et al. 2020)"),
    ],
    shape=Shape("an Operation", lambda thing: hasattr(thing, "numbers") and hasattr(thing, "change")),
)
"""Each is an `Operation`."""
