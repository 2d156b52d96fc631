"""Fault campaigns, fuzzers and audits: what `results/trust` holds."""
