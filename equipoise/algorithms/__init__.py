"""One paper, one file: each algorithm is a frozen dataclass that lays out its game."""
