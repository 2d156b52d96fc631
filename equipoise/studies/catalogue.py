"""Every study by name. Torch-free: a study's module is imported when the study is asked for."""

from importlib import import_module
from typing import TYPE_CHECKING

from equipoise.common.errors import UnknownName

if TYPE_CHECKING:
    from equipoise.studies.study import Study

_ROOM = "equipoise.studies"

STUDIES: dict[str, tuple[str, str]] = {
    "magan-digits": (f"{_ROOM}.digits:magan_digits", "MAGAN against fixed margins on scikit-learn's digits"),
    "magan-mnist": (f"{_ROOM}.magan:mnist_scores", "MAGAN and EBGAN on MNIST (Wang et al. 2017, section 4.1)"),
    "magan-table-1": (f"{_ROOM}.magan:table_1", "Inception scores on CIFAR-10 (Wang et al. 2017, Table 1)"),
    "magan-figure-1": (f"{_ROOM}.magan:figure_1", "classes of MAGAN's samples on MNIST (Wang et al. 2017, Figure 1)"),
    "magan-figure-3": (f"{_ROOM}.magan:figure_3", "energies under four margins on MNIST (Wang et al. 2017, Figure 3)"),
    "lga-table-1": (f"{_ROOM}.lga:table_1", "FID of six methods on four data sets (LGA, Table 1)"),
    "lga-table-2": (f"{_ROOM}.lga:table_2", "SNGAN with and without the amplifier (LGA, Table 2)"),
    "lga-figure-2": (f"{_ROOM}.lga:figure_2", "does the distance stay low, on STL-10 (LGA, Figure 2)"),
    "lga-lsun": (f"{_ROOM}.lga:lsun", "how soon FID reaches 100 on LSUN bedrooms (LGA, the text on LSUN)"),
    "mode-figure-3": (f"{_ROOM}.mode_regularised:figure_3", "grid search on MNIST (Che et al. 2017, Figure 3)"),
    "mode-figure-4": (
        f"{_ROOM}.mode_regularised:figure_4",
        "the weights of Reg-GAN on MNIST (Che et al. 2017, Figure 4)",
    ),
    "mode-table-2": (f"{_ROOM}.mode_regularised:table_2", "missing numbers of 1,000 (Che et al. 2017, Table 2)"),
    "mode-table-3": (f"{_ROOM}.mode_regularised:table_3", "missing modes of CelebA (Che et al. 2017, Tables 3 and 4)"),
    "mode-ring": (f"{_ROOM}.mode_regularised:ring", "six Gaussians in a ring (Che et al. 2017, appendix C)"),
    "mmd-table-1": (f"{_ROOM}.mmd:table_1", "seven losses on four data sets (Wang et al. 2019, Table 1)"),
    "mmd-figure-3": (f"{_ROOM}.mmd:figure_3", "lambda by sixteen pairs of rates (Wang et al. 2019, Figure 3)"),
    "mmd-figure-4": (f"{_ROOM}.mmd:figure_4", "classes in the discriminator's outputs (Wang et al. 2019, Figure 4)"),
    "mmd-table-s3": (f"{_ROOM}.mmd:table_s3", "two spectral norms of a convolution (Wang et al. 2019, Table S3)"),
    "mmd-table-s4": (f"{_ROOM}.mmd:table_s4", "gradient penalties (Wang et al. 2019, Table S4)"),
    "mmd-table-s5": (f"{_ROOM}.mmd:table_s5", "number of features (Wang et al. 2019, Table S5)"),
    "mmd-figure-s2": (f"{_ROOM}.mmd:figure_s2", "how often each loss diverges (Wang et al. 2019, Figure S2)"),
}
"""name -> ("module:function", what it is in one line)."""


def study(name: str) -> "Study":
    """The study of this name.

    Raises:
        UnknownName: there is none; the nearest one is named.
    """
    if name not in STUDIES:
        raise UnknownName("study", name, STUDIES)
    module, _, function = STUDIES[name][0].partition(":")
    found: Study = getattr(import_module(module), function)()
    return found
