# The doors of the house. `make demo` is the one a newcomer opens.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SCALE ?= 1
NAME ?= redirects

.PHONY: demo setup setup-dev check format test drill bench lock clean

demo: $(VENV)/.runtime  ## Crawl three old portals, merge them, serve the result.
	$(BIN)/hopnhat demo --scale $(SCALE) $(DEMO_ARGS)

setup: $(VENV)/.runtime  ## The environment alone.

setup-dev: $(VENV)/.dev  ## The environment with everything the checks and tests need.

$(VENV)/.runtime: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "hopnhat needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock scripts/test_setup.sh
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	scripts/test_setup.sh
	touch $@

check: $(VENV)/.dev  ## Style, types, import direction, templates; under 30 seconds.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports
	$(BIN)/python scripts/lint_templates.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

test: $(VENV)/.dev  ## The whole suite with its coverage floors.
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n 2 --dist loadfile -m "not drill"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=90
	$(BIN)/coverage report --include='redirects/*' --fail-under=98

drill: $(VENV)/.dev  ## Faults on purpose: kill -9, a full disk, hostile input.
	$(BIN)/python -m pytest -m drill -p no:randomly

$(VENV)/.bench: $(VENV)/.dev requirements-bench.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-bench.lock
	touch $@

bench: $(VENV)/.bench  ## make bench NAME=redirects|snapshots|importing|suggest|traffic|canonical|extract|search|archive|passthrough
	$(BIN)/python -m benchmarks.$(NAME)

lock: $(VENV)/.dev  ## Renew the lock files.
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.lock pyproject.toml --group dev -o requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements-dev.lock --group bench -o requirements-bench.lock

clean:
	rm -rf $(VENV) demo-data test-artefacts build dist
