"""A run and its directory: train, resume, sample, evaluate, report."""
