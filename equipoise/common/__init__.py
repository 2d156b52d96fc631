"""Errors, input checks, random streams, atomic files and the registry. Imports nothing else of Equipoise."""
