"""Fast CPU routes of convolutions, each exactly what the plain one computes up to rounding."""
