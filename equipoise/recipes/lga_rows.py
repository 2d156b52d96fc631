"""The recipes of the spatially decomposed hinge loss (LGA, the local gradient amplifier) by name. Torch-free."""

from equipoise.recipes.entry import Entry, entry

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

LGA_ROWS: dict[str, Entry] = {
    **{
        f"{method}-{data}": entry(
            "lga:table1", f"{title} on {_LGA_DATA[data]} (LGA, Table 1)", method=method, data=data
        )
        for method, title in _LGA_METHODS.items()
        for data in _LGA_DATA
    },
    **{
        f"sngan-{data}": entry("lga:sngan", f"SNGAN on {_LGA_DATA[data]} (LGA, Table 2)", data=data)
        for data in _SNGAN_DATA
    },
    **{
        f"sngan-lga4-{data}": entry(
            "lga:sngan", f"SNGAN with LGA 4x4 on {_LGA_DATA[data]} (LGA, Table 2)", data=data, map_size=4
        )
        for data in _SNGAN_DATA
    },
    "sngan-stl10-whole": entry(
        "lga:sngan",
        "SNGAN on STL-10 at 32x32 to the end of its learning rate (LGA, Figure 6)",
        data="stl10",
        whole=True,
    ),
    "sngan-lga4-stl10-whole": entry(
        "lga:sngan",
        "SNGAN with LGA 4x4 on STL-10 at 32x32 to the end of its learning rate (LGA, Figure 6)",
        data="stl10",
        map_size=4,
        whole=True,
    ),
}
"""By name."""
