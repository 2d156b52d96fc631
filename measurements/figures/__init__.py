"""The figures and tables of the documentation, each from committed data."""
