"""An experiment as data: what is trained, on what, by which method; and its form as YAML."""
