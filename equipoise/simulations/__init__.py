"""Small systems whose behaviour can be computed: the theory of the papers, drawn and solved. Imports no torch."""

from equipoise.simulations.catalogue import SIMULATIONS, Simulation, simulate

__all__ = ["SIMULATIONS", "Simulation", "simulate"]
