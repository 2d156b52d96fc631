"""The recipes of mode coverage with R1 and R2, by name. Torch-free."""

from equipoise.recipes.entry import RecipeEntry, entry

_DATA = {"ring": "six Gaussians in a ring", "grid": "25 Gaussians in a grid"}

COVERAGE_ROWS: list[RecipeEntry] = [
    *(
        entry(f"r3gan-{data}", "coverage:points", f"R3GAN with R1 and R2 on {words}", data=data)
        for data, words in _DATA.items()
    ),
    *(
        entry(
            f"{method}-residual-digits",
            "coverage:residual_digits",
            f"{title} with R3GAN's residual networks on scikit-learn's digits",
            method=method,
        )
        for method, title in (("reg-gan", "Reg-GAN"), ("mdgan", "MDGAN"))
    ),
]
"""In the order of listings."""
