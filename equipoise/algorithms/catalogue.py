"""Every algorithm, and every penalty that one can take, by name. Torch-free."""

from equipoise.common.registry import Entry, Registry, dataclass_with


def _entry(name: str, place: str, summary: str) -> Entry:
    return Entry(name, summary, f"equipoise.algorithms.{place}")


ALGORITHMS = Registry(
    "algorithm",
    [
        _entry("gan", "gan:GAN", "any loss on scores, any penalty, and the local gradient amplifier"),
        _entry(
            "relativistic-gan",
            "relativistic:RelativisticGAN",
            "real images paired with generated ones, R1 and R2 (Huang et al. 2024)",
        ),
        _entry("adaptive-hinge", "adaptive_hinge:AdaptiveHinge", "hinge with a margin that follows MAGAN's rule"),
        _entry("adaptive-bounds", "adaptive_bounds:AdaptiveBounds", "rep-b with bounds that follow the real pairs"),
        _entry("ebgan", "ebgan:EBGAN", "an auto-encoder against a fixed margin (Zhao et al. 2017)"),
        _entry("magan", "magan:MAGAN", "an auto-encoder against a margin that adapts (Wang et al. 2017)"),
        _entry("began", "began:BEGAN", "auto-encoder and generator in equilibrium (Berthelot et al. 2017)"),
        _entry("reg-gan", "reg_gan:RegGAN", "an encoder leads the generator to the modes (Che et al. 2017)"),
        _entry("mdgan", "mdgan:MDGAN", "a manifold step and a diffusion step (Che et al. 2017)"),
        _entry("mmd-gan", "mmd_gan:MMDGAN", "attractive and repulsive MMD of features (Wang et al. 2019)"),
        _entry("gmmn", "gmmn:GMMN", "no adversary: MMD^2 in pixels or pretrained features (Li et al. 2015)"),
        _entry("drifting", "drifting:Drifting", "no adversary: attraction to data less repulsion (Deng et al. 2026)"),
        _entry("vaegan", "vaegan:VAEGAN", "a variational auto-encoder judged by a discriminator (Larsen et al. 2016)"),
        _entry("ali", "ali:ALI", "images and latent vectors judged together (Dumoulin et al. 2017)"),
    ],
    shape=dataclass_with("players", "stages", "create_memory"),
)
"""Each is a frozen dataclass: a subclass of `Algorithm`."""

PENALTIES = Registry(
    "penalty",
    [
        _entry("wgan-gp", "penalties:two_sided", "gradient norm of 1 between real and fake (Gulrajani et al. 2017)"),
        _entry("wgan-gp-one-sided", "penalties:one_sided", "the same where the norm is above 1"),
        _entry("r1", "penalties:r1", "squared gradient norm at real images (Mescheder et al. 2018)"),
        _entry("r2", "penalties:r2", "squared gradient norm at generated images (Mescheder et al. 2018)"),
        _entry("r1-differences", "penalties:r1_differences", "r1 by differences of scores: no double backward"),
        _entry("r2-differences", "penalties:r2_differences", "r2 by differences of scores: no double backward"),
    ],
)
"""Each is called as f(discriminator, fake, draw), and returns the penalty of each sample [batch]."""
