"""The recipes of the repulsive MMD-GAN (Wang et al. 2019) by name. Torch-free."""

from equipoise.recipes.entry import RecipeEntry, entry
from equipoise.recipes.mmd_best import GAINS

_PAPER = "Wang et al. 2019"
MMD_DATA: dict[str, str] = {
    "cifar10": "CIFAR-10",
    "stl10": "STL-10",
    "celeba": "CelebA",
    "lsun": "LSUN bedrooms",
}
"""The four data sets, and how they are called."""
MMD_LOSSES: dict[str, tuple[str, str]] = {
    "non-saturating": ("non-saturating", "Non-saturating GAN"),
    "hinge": ("hinge", "Hinge GAN"),
    "mmd-rbf": ("rbf", "MMD-GAN, attractive, sum of Gaussian kernels,"),
    "mmd-rq": ("rq", "MMD-GAN, attractive, sum of rational quadratic kernels,"),
    "mmd-rbf-b": ("rbf-b", "MMD-GAN, attractive, bounded kernel,"),
    "mmd-rep": ("rep", "MMD-GAN, repulsive,"),
    "mmd-rep-b": ("rep-b", "MMD-GAN, repulsive, bounded kernel,"),
}
"""recipe's beginning -> (loss, title)."""
GRID_LOSSES: tuple[str, ...] = ("hinge", "mmd-rbf", "mmd-rep", "mmd-rep-b")
"""The losses of Figure S2 and Table S3."""
_LAMBDAS: dict[str, float] = {"minus-1": -1.0, "minus-0.5": -0.5, "0": 0.0, "0.5": 0.5, "1": 1.0, "2": 2.0}
_S4_METHODS: dict[str, str] = {
    "mmd-smmd": "Scaled MMD-GAN (gradient penalty of Eq. S7)",
    "mmd-sn-smmd": "Scaled MMD-GAN with spectral normalisation",
    "mmd-rep-gp": "MMD-GAN, repulsive, with the gradient penalty of Eq. S8",
}
_S5_SIZES: tuple[int, ...] = (1, 4, 16, 64, 256)

_TABLE1 = [
    entry(
        f"{name}-{data}",
        "mmd:table1",
        f"{title} with PICO on {MMD_DATA[data]} ({_PAPER}, Table 1)",
        loss=loss,
        data=data,
    )
    for name, (loss, title) in MMD_LOSSES.items()
    for data in MMD_DATA
]
_PICO = [
    entry(
        f"{name}-{data}-pico-{gain}",
        "mmd:table_s3",
        f"{MMD_LOSSES[name][1]} PICO with C^K = {gain} on {MMD_DATA[data]} ({_PAPER}, Figure S2)",
        loss=MMD_LOSSES[name][0],
        data=data,
        gain=gain,
    )
    for name in GRID_LOSSES
    for data in MMD_DATA
    for gain in GAINS
]
_PIM = [
    entry(
        f"{name}-{data}-pim",
        "mmd:table_s3",
        f"{MMD_LOSSES[name][1]} PIM on {MMD_DATA[data]} ({_PAPER}, Figure S2)",
        loss=MMD_LOSSES[name][0],
        data=data,
        gain=None,
    )
    for name in GRID_LOSSES
    for data in MMD_DATA
]
_LAMBDA = [
    entry(
        f"mmd-lambda-{word}{'-b' if bounded else ''}-cifar10",
        "mmd:figure3",
        f"MMD-GAN with lambda = {number:g}{', bounded kernel,' if bounded else ''} on CIFAR-10 ({_PAPER}, Figure 3)",
        repulsion=number,
        bounded=bounded,
    )
    for word, number in _LAMBDAS.items()
    for bounded in (False, True)
]
_S4 = [
    entry(f"{name}-cifar10", "mmd:table_s4", f"{title} on CIFAR-10 ({_PAPER}, Table S4)", method=name)
    for name, title in _S4_METHODS.items()
]
_S5 = [
    entry(
        f"mmd-rep-cifar10-features-{size}",
        "mmd:table_s5",
        f"MMD-GAN, repulsive, with {size} features on CIFAR-10 ({_PAPER}, Table S5)",
        size=size,
    )
    for size in _S5_SIZES
]
_FOLDER = [
    entry(
        f"{name}-folder", "mmd:folder", f"{title} on a folder of images at 32x32: add --set data.path=PATH", loss=loss
    )
    for name, (loss, title) in MMD_LOSSES.items()
    if name in ("mmd-rep-b", "hinge")
]

MMD_ROWS: list[RecipeEntry] = [*_TABLE1, *_PICO, *_PIM, *_LAMBDA, *_S4, *_S5, *_FOLDER]
"""In the order of listings."""
