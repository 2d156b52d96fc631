"""Our tests. A package of this name that something else installs does not take its place."""
