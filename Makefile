# Two commands from nothing: `make demo` and `make test`. Each makes the environment that it needs.
PYTHON ?= python3
VENV ?= .venv
# As many test processes as cores; a file's tests stay together, since they share what was costly to set up.
PARALLEL = -n logical --dist loadfile --no-loadscope-reorder
AUDIT_SERVICE ?= pypi
INSTALL = $(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable

.PHONY: demo test test-quick test-slow lint types docs check package bench bench-check bench-gpu audit clean

demo: $(VENV)/demo.installed
	$(VENV)/bin/equipoise demo --out demo

test: $(VENV)/test.installed
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest $(PARALLEL)

# For the inner loop, half a minute: the rooms of mathematics and experiments, without the files that take long.
QUICK = tests/test_rooms.py $(addprefix tests/,losses constraints metrics networks kernels common experiments \
	algorithms augmentation monitor recipes)
test-quick: $(VENV)/test.installed
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest $(PARALLEL) -m "not slow and not lengthy" $(QUICK)

test-slow: $(VENV)/test.installed
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -m slow

lint: $(VENV)/develop.installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

# The package, measurements, tests and examples: a minute and a half from nothing, seconds after that.
types: $(VENV)/develop.installed
	$(VENV)/bin/mypy

docs: $(VENV)/develop.installed
	$(VENV)/bin/mkdocs build --strict --quiet

check: test lint types docs

# What a release publishes, in dist/: built, its metadata checked, its wheel compared with the package and tried out.
package: $(VENV)/test.installed
	rm -rf build dist
	$(VENV)/bin/python -m pip install --quiet "build>=1.3,<2" "twine>=6,<8"
	$(VENV)/bin/python -m build
	$(VENV)/bin/python -m twine check --strict dist/*
	$(VENV)/bin/python .ci/check_wheel.py

# Known vulnerabilities of the pinned versions, from the service of PyPI or of OSV: needs the network, and fails where a
# package cannot be looked up.
audit: $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet "pip-audit>=2.9,<3"
	$(VENV)/bin/python -m pip_audit --strict --requirement constraints.txt --no-deps --disable-pip --vulnerability-service $(AUDIT_SERVICE)

bench: $(VENV)/bench.installed
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m measurements.benchmarks.run --setting idle

bench-check: $(VENV)/bench.installed
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m measurements.benchmarks.check

bench-gpu: $(VENV)/test.installed
	$(VENV)/bin/python -m measurements.benchmarks.gpu

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) ".[digits]"
	touch $@

$(VENV)/test.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) ".[test]"
	touch $@ $(VENV)/demo.installed

$(VENV)/bench.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) ".[bench]"
	touch $@ $(VENV)/test.installed $(VENV)/demo.installed

$(VENV)/develop.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) ".[develop,docs]"
	touch $@ $(VENV)/bench.installed $(VENV)/test.installed $(VENV)/demo.installed

clean:
	rm -rf $(VENV) demo site build dist *.egg-info
