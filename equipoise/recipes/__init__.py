"""Every experiment as a function that returns a complete `Experiment`. One module per paper; the catalogue names all."""
