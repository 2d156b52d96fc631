"""The table of simulations. It imports none of them, so that listing their names costs nothing.

One that trains a recipe lives in the room of studies; all others are in this one.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from equipoise.common.errors import UnknownName


@dataclass(frozen=True)
class Simulation:
    """One simulation: where its entry is, as "module:function", and what it shows."""

    entry: str
    summary: str


SIMULATIONS: dict[str, Simulation] = {
    "two-parameter-mmd": Simulation(
        "equipoise.simulations.two_parameter_mmd_report:simulate",
        "the two-parameter MMD-GAN's flow and equilibria (Wang et al. 2019, appendix A.2; 1 minute)",
    ),
    "discrete-magan": Simulation(
        "equipoise.simulations.discrete_magan_report:simulate",
        "MAGAN's lemmas and its margin on discrete distributions (Wang et al. 2017, section 3; 20 seconds)",
    ),
    "score-particles": Simulation(
        "equipoise.simulations.particles:simulate",
        "where attractive and repulsive losses push scores (Wang et al. 2019, Figure 1; half a minute)",
    ),
    "ring-over-time": Simulation(
        "equipoise.simulations.ring_over_time:simulate",
        "where GAN and Reg-GAN put samples on a ring of Gaussians (Che et al. 2017, Figure 9; 3 minutes)",
    ),
}
"""By name."""


def simulate(name: str, out: Path) -> list[Path]:
    """Run a simulation and write its figure `NAME.png` and its numbers `NAME.json` into the folder `out`.

    Returns:
        The files written.

    Raises:
        UnknownName: no simulation has this name.
    """
    if name not in SIMULATIONS:
        raise UnknownName("simulation", name, SIMULATIONS)
    module, function = SIMULATIONS[name].entry.split(":")
    written: list[Path] = getattr(import_module(module), function)(Path(out))
    return written
