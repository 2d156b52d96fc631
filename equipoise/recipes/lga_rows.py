"""The recipes of the spatially decomposed hinge loss (LGA, the local gradient amplifier) by name. Torch-free."""

from equipoise.recipes.entry import RecipeEntry, entry

_LGA_DATA: dict[str, str] = {
    "cifar10": "CIFAR-10",
    "stl10": "STL-10 at 32x32",
    "celeba": "CelebA",
    "lsun": "LSUN bedrooms",
}
_LGA_METHODS: dict[str, str] = {
    "geogan": "Geometric GAN (hinge, weight clipping)",
    "wgan-gp": "WGAN-GP",
    "hinge-gp": "WGAN-GP with the hinge loss",
    "lga4": "hinge, gradient penalty and LGA 4x4",
    "zero-lga4": "hinge, gradient penalty and zero-LGA 4x4",
    "lga8": "hinge, gradient penalty and LGA 8x8",
}
_SNGAN_DATA: tuple[str, ...] = ("cifar10", "stl10")

LGA_ROWS: list[RecipeEntry] = [
    *(
        entry(
            f"{method}-{data}", "lga:table1", f"{title} on {_LGA_DATA[data]} (LGA, Table 1)", method=method, data=data
        )
        for method, title in _LGA_METHODS.items()
        for data in _LGA_DATA
    ),
    *(
        entry(f"sngan-{data}", "lga:sngan", f"SNGAN on {_LGA_DATA[data]} (LGA, Table 2)", data=data)
        for data in _SNGAN_DATA
    ),
    *(
        entry(
            f"sngan-lga4-{data}",
            "lga:sngan",
            f"SNGAN with LGA 4x4 on {_LGA_DATA[data]} (LGA, Table 2)",
            data=data,
            map_size=4,
        )
        for data in _SNGAN_DATA
    ),
    entry(
        "sngan-stl10-whole",
        "lga:sngan",
        "SNGAN on STL-10 at 32x32 to the end of its learning rate (LGA, Figure 6)",
        data="stl10",
        whole=True,
    ),
    entry(
        "sngan-lga4-stl10-whole",
        "lga:sngan",
        "SNGAN with LGA 4x4 on STL-10 at 32x32 to the end of its learning rate (LGA, Figure 6)",
        data="stl10",
        map_size=4,
        whole=True,
    ),
]
"""In the order of listings."""
