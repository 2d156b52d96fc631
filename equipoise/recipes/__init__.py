"""Every experiment as a function that returns a complete `Experiment`: one module per paper, one catalogue of names."""
