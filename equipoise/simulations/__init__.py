"""Small systems whose behaviour can be computed: the theory of the papers, drawn and solved. Imports no torch."""

from equipoise.simulations.catalogue import SIMULATIONS as SIMULATIONS
from equipoise.simulations.catalogue import simulate as simulate

__all__ = ["SIMULATIONS", "simulate"]
