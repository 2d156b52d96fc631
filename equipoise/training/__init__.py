"""The game engine: moves, stages, memory, draws, and a loop that knows no algorithm."""
