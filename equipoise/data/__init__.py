"""Data sets: frozen descriptions that load into a `Store`. Nothing here imports torch until a set is loaded."""
