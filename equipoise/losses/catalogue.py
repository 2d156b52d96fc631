"""Every loss on scores, every amplifier and every kernel by name. Torch-free."""

from equipoise.common.registry import Entry, Registry, Shape


def _entry(name: str, place: str, summary: str) -> Entry:
    return Entry(name, summary, f"equipoise.losses.{place}")


_PARTS = ("discriminator", "generator", "generator_needs_real")

LOSSES = Registry(
    "loss",
    [
        _entry("non-saturating", "adversarial:NON_SATURATING", "cross-entropy, and -log D (Goodfellow et al. 2014)"),
        _entry("minimax", "adversarial:MINIMAX", "cross-entropy, and log(1 - D) (Goodfellow et al. 2014)"),
        _entry("hinge", "adversarial:HINGE", "hinge at -1 and 1 (Lim and Ye 2017)"),
        _entry("wasserstein", "adversarial:WASSERSTEIN", "difference of the means (Arjovsky et al. 2017)"),
        _entry("least-squares", "adversarial:LEAST_SQUARES", "squared distance to 0 and 1 (Mao et al. 2017)"),
        _entry("relativistic", "adversarial:RELATIVISTIC", "each real score against a fake (Jolicoeur-Martineau 2018)"),
        _entry("mmd", "mmd:ATTRACTIVE", "MMD, which the discriminator maximises (Li et al. 2017)"),
        _entry("mmd-repulsive", "mmd:REPULSIVE", "repulsive MMD (Wang et al. 2019, Eq. 4)"),
        _entry("mmd-repulsive-bounded", "mmd:BOUNDED", "the same with bounds 0.25 and 4 (Wang et al. 2019, Eq. 7)"),
    ],
    shape=Shape("an AdversarialLoss", lambda thing: all(hasattr(thing, part) for part in _PARTS)),
)
"""Each is an `AdversarialLoss`."""

AMPLIFIERS = Registry(
    "amplifier",
    [
        _entry("magnitude", "spatial:magnitude", "|min(Y, 1)|: LGA with its sign put right"),
        _entry("literal", "spatial:literal", "min(Y, 1): LGA as printed, which pushes the wrong way"),
        _entry("zero", "spatial:zero", "relu(-Y): zero-LGA with its sign put right"),
        _entry("zero-literal", "spatial:zero_literal", "min(Y, 0): zero-LGA as printed, which pushes the wrong way"),
        _entry("margin", "spatial:margin", "1 + relu(1 - Y): at least 1, larger below the margin"),
    ],
)
"""Each is called with a map of scores [batch, n, n], and returns the amplification of each position."""

KERNELS = Registry(
    "kernel",
    [
        _entry("gaussian", "kernels:GaussianKernel", "sum of exp(-d^2 / (2 sigma^2))"),
        _entry("rational-quadratic", "kernels:RationalQuadraticKernel", "sum of (1 + d^2 / (2 alpha))^-alpha"),
        _entry("laplace", "kernels:LaplaceKernel", "sum of exp(-d / tau)"),
        _entry("distance", "kernels:DistanceKernel", "sum of -d / tau: the energy distance"),
    ],
)
"""Each is called with its widths, and returns a function of squared distances."""
