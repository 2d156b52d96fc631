"""Scores: of a run, with their passports, the extractors of features and their cache."""
