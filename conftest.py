"""What pytest leaves out of a fresh `make test`: doctests of modules whose extra is not among the tests' own."""

from importlib.util import find_spec

EXTRAS = ("lightning", "transformers")
"""Each is the name of a package and of the module of `equipoise.integrations` that cannot be imported without it."""

collect_ignore = [f"equipoise/integrations/{name}.py" for name in EXTRAS if find_spec(name) is None]
