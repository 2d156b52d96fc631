"""One file per paper: each algorithm is a frozen dataclass that describes how to train."""
