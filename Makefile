# `make run` and `make test` are all that a fresh machine needs: Python 3.11 or newer, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RIVALS := $(VENV)/.rivals-installed
ARGS ?=

export MLFLOW_DISABLE_TELEMETRY = true

.PHONY: help install run test check coverage bench bench-run bench-growth bench-inference bench-serving fuzz-serving serve viz ui docs clean

help:
	@echo "make run [ARGS='--env smoke']   install what is missing, then kedro run"
	@echo "make test                       install what is missing, then run the tests"
	@echo "make check                      format, lint, types, layers of the house"
	@echo "make coverage                   the tests with coverage measured"
	@echo "make bench                      speed: throughput, time to accuracy against others, start-up (ARGS=--quick for a look)"
	@echo "make bench-run                  accuracy, time and memory of whole runs over seeds"
	@echo "make bench-growth               ways of growing against the fixed network (hours; ARGS=--quick for a look)"
	@echo "make bench-inference            latency of the newest network in torch, ONNX and int8"
	@echo "make bench-serving              requests a second, latency and memory of the service, beside two others"
	@echo "make fuzz-serving               malformed requests, 10,000 of our own and those of schemathesis"
	@echo "make serve                      answer requests with the newest network (kedro serve)"
	@echo "make viz                        build the static site of kedro viz into build/"
	@echo "make ui                         open the tracked runs in the browser (mlflow ui)"
	@echo "make docs                       build the documentation site into site/"
	@echo "make clean                      remove the virtual environment and caches; data stays"

install: $(STAMP)

# The stamp is older than the dependencies only when they have changed: a second `make run` installs nothing.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "mnist-growth needs Python 3.11 or newer, found $$($(PYTHON) --version): make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

# What the benchmarks compare the project with.
$(RIVALS): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,benchmarks]'
	@touch $(RIVALS)

run: $(STAMP)
	$(BIN)/kedro run $(ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: $(STAMP)
	$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)

bench: $(RIVALS)
	$(BIN)/python -m benchmarks.speed.suite $(ARGS)

bench-run: $(STAMP)
	$(BIN)/python -m benchmarks.accuracy.whole_run $(ARGS)

bench-growth: $(RIVALS)
	$(BIN)/python -m benchmarks.growth.compare $(ARGS)

bench-inference: $(STAMP)
	$(BIN)/python -m benchmarks.speed.inference $(ARGS)

bench-serving: $(RIVALS)
	$(BIN)/python -m benchmarks.serving.load $(ARGS)

fuzz-serving: $(RIVALS)
	$(BIN)/python -m benchmarks.stress.fuzz_serving $(ARGS)

serve: $(STAMP)
	$(BIN)/kedro serve $(ARGS)

viz: $(STAMP)
	$(BIN)/kedro viz build --include-previews
	@echo "the site is in build/: $(BIN)/python -m http.server --directory build shows it at http://localhost:8000"

ui: $(STAMP)
	$(BIN)/mlflow ui --backend-store-uri sqlite:///mlflow.db

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "the site is in site/: open site/index.html in a browser"

clean:
	rm -rf $(VENV) build site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
