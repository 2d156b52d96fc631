"""Toy experiments and contract checks, for our own tests and for authors of new methods."""
