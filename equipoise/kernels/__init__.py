"""Fast convolutions on the CPU, equal to torch's up to rounding."""
