"""Every study by name. Torch-free: a study's module is imported when the study is asked for."""

from equipoise.common.errors import EquipoiseError
from equipoise.common.registry import Entry, Registry
from equipoise.studies.study import Study


def _entry(name: str, place: str, summary: str) -> Entry:
    return Entry(name, summary, f"equipoise.studies.{place}")


STUDIES = Registry(
    "study",
    [
        _entry("magan-digits", "digits:magan_digits", "MAGAN against fixed margins on scikit-learn's digits"),
        _entry("adaptive-margins", "digits:adaptive_margins", "hinge and rep-b with adaptive margins on digits"),
        _entry("magan-mnist", "magan:mnist_scores", "MAGAN and EBGAN on MNIST (Wang et al. 2017, section 4.1)"),
        _entry("magan-table-1", "magan:table_1", "Inception scores on CIFAR-10 (Wang et al. 2017, Table 1)"),
        _entry("magan-figure-1", "magan:figure_1", "classes of MAGAN's samples on MNIST (Wang et al. 2017, Figure 1)"),
        _entry("magan-figure-3", "magan:figure_3", "energies under four margins on MNIST (Wang et al. 2017, Figure 3)"),
        _entry("lga-table-1", "lga:table_1", "FID of six methods on four data sets (LGA, Table 1)"),
        _entry("lga-table-2", "lga:table_2", "SNGAN with and without the amplifier (LGA, Table 2)"),
        _entry("lga-figure-2", "lga:figure_2", "whether the distance stays low on STL-10 (LGA, Figure 2)"),
        _entry("lga-lsun", "lga:lsun", "iterations until FID is 100 on LSUN bedrooms (LGA, text)"),
        _entry("mode-figure-3", "mode_regularised:figure_3", "grid search on MNIST (Che et al. 2017, Figure 3)"),
        _entry(
            "mode-figure-4", "mode_regularised:figure_4", "the weights of Reg-GAN on MNIST (Che et al. 2017, Figure 4)"
        ),
        _entry("mode-table-2", "mode_regularised:table_2", "numbers missing out of 1,000 (Che et al. 2017, Table 2)"),
        _entry("mode-table-3", "mode_regularised:table_3", "missing modes of CelebA (Che et al. 2017, Tables 3 and 4)"),
        _entry("mode-ring", "mode_regularised:ring", "six Gaussians in a ring (Che et al. 2017, appendix C)"),
        _entry("mmd-table-1", "mmd:table_1", "seven losses on four data sets (Wang et al. 2019, Table 1)"),
        _entry(
            "mmd-figure-3", "mmd:figure_3", "lambda under sixteen pairs of learning rates (Wang et al. 2019, Figure 3)"
        ),
        _entry("mmd-figure-4", "mmd:figure_4", "classes in the discriminator's outputs (Wang et al. 2019, Figure 4)"),
        _entry("mmd-table-s3", "mmd:table_s3", "two kinds of spectral normalisation (Wang et al. 2019, Table S3)"),
        _entry("mmd-table-s4", "mmd:table_s4", "gradient penalties (Wang et al. 2019, Table S4)"),
        _entry("mmd-table-s5", "mmd:table_s5", "number of features (Wang et al. 2019, Table S5)"),
        _entry("mmd-figure-s2", "mmd:figure_s2", "how often each loss diverges (Wang et al. 2019, Figure S2)"),
    ],
)
"""Each is a function that returns the study."""


def study(name: str) -> Study:
    """The study of this name.

    Raises:
        UnknownName: there is none; the nearest one is named.
        EquipoiseError: the study's function returns something else.
    """
    found = STUDIES.load(name)()
    if not isinstance(found, Study):
        raise EquipoiseError(f"the study '{name}' must return a Study, not {type(found).__name__}.")
    return found
