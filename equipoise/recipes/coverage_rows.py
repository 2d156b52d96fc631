"""The recipes of mode coverage with R1 and R2, by name. Torch-free."""

from equipoise.recipes.entry import RecipeEntry, entry

_TITLES = {"r3gan": "R3GAN", "gan": "GAN", "reg-gan": "Reg-GAN", "mdgan": "MDGAN", "mmd-rep-b": "Bounded repulsive MMD"}
_DATA = {"ring": "six Gaussians in a ring", "grid": "25 Gaussians in a grid"}

COVERAGE_ROWS: list[RecipeEntry] = [
    *(
        entry(
            f"{method}-{data}" if method == "r3gan" else f"{method}-r1r2-{data}",
            "coverage:points",
            f"{title} with R1 and R2 on {words}",
            method=method,
            data=data,
        )
        for data, words in _DATA.items()
        for method, title in _TITLES.items()
    ),
    *(
        entry(
            f"{method}-residual-digits",
            "coverage:residual_digits",
            f"{_TITLES[method]} with R3GAN's residual networks on scikit-learn's digits",
            method=method,
        )
        for method in ("reg-gan", "mdgan")
    ),
]
"""In the order of listings."""
