"""Every simulation by name. Torch-free: a simulation's module is imported when it is asked for."""

from pathlib import Path

from equipoise.common.registry import Entry, Registry


def _entry(name: str, module: str, summary: str) -> Entry:
    return Entry(name, summary, f"equipoise.simulations.{module}:simulate")


SIMULATIONS = Registry(
    "simulation",
    [
        _entry(
            "two-parameter-mmd",
            "two_parameter_mmd_report",
            "the two-parameter MMD-GAN's flow and equilibria (Wang et al. 2019, appendix A.2; 1 minute)",
        ),
        _entry(
            "discrete-magan",
            "discrete_magan_report",
            "MAGAN's lemmas and its margin on discrete distributions (Wang et al. 2017, section 3; 20 seconds)",
        ),
        _entry(
            "adaptive-margins",
            "adaptive_margins",
            "hinge margins and MMD bounds that follow the real data, in small systems (10 seconds)",
        ),
        _entry(
            "score-particles",
            "particles",
            "where attractive and repulsive losses push scores (Wang et al. 2019, Figure 1; half a minute)",
        ),
        _entry(
            "mmd-flow",
            "mmd_flow",
            "particles moved by MMD flow and by drifting, from near and from afar (Arbel et al. 2019; a few seconds)",
        ),
        _entry(
            "ring-over-time",
            "ring_over_time",
            "where GAN and Reg-GAN put samples on a ring of Gaussians (Che et al. 2017, Figure 9; 3 minutes)",
        ),
    ],
)
"""Each is called with the folder to write into, and returns the files written."""


def simulate(name: str, out: Path) -> list[Path]:
    """Run a simulation and write its figure `NAME.png` and its numbers `NAME.json` into the folder `out`.

    Returns:
        The files written.

    Raises:
        UnknownName: no simulation has this name.
    """
    written: list[Path] = SIMULATIONS.load(name)(Path(out))
    return written
