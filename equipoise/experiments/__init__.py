"""An experiment as data: the networks, the data, the algorithm; and its YAML form."""
