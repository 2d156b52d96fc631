"""Every constraint on a player by name. Torch-free."""

from equipoise.common.registry import Entry, Registry, dataclass_with

CONSTRAINTS = Registry(
    "constraint",
    [
        Entry(
            "spectral-norm",
            "every layer's largest gain is 1, or what is set (Miyato et al. 2018)",
            "equipoise.constraints.spectral_norm:SpectralNorm",
        ),
        Entry(
            "weight-clip",
            "every weight stays within bounds (Arjovsky et al. 2017)",
            "equipoise.constraints.weight_clip:WeightClip",
        ),
    ],
    shape=dataclass_with("attach", "after_step"),
)
"""Each is a frozen dataclass, attached to a player."""
