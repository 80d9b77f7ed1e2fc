# `make run` and `make test` work on a new machine that has Python 3.11 or newer and make.
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
	@echo "make check                      check format, lint, types and package layers"
	@echo "make coverage                   run the tests and measure coverage"
	@echo "make docs                       build the documentation site in site/"
	@echo "make serve                      serve the newest network over HTTP (kedro serve)"
	@echo "make ui                         open the tracked runs in the browser (mlflow ui)"
	@echo "make viz                        build a static Kedro-Viz site in build/"
	@echo "make bench                      benchmark training speed and start-up (ARGS=--quick for a trial)"
	@echo "make bench-run                  benchmark accuracy, time and memory of complete runs over seeds"
	@echo "make bench-growth               compare ways of growing with the fixed network (hours; ARGS=--quick for a trial)"
	@echo "make bench-inference            benchmark the latency of the newest network in torch, ONNX and int8"
	@echo "make bench-serving              compare throughput, latency and memory of the service with two other servers"
	@echo "make fuzz-serving               send malformed requests to the service: 10,000 of its own, then schemathesis"
	@echo "make clean                      remove the virtual environment and caches, but no data"

install: $(STAMP)

# The stamp is older than the dependencies only if they have changed, so a second `make run` installs nothing.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "mnist-growth needs Python 3.11 or newer, found $$($(PYTHON) --version): make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

# The libraries that the benchmarks compare the project with.
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
	@echo "The site is in build/. To see it at http://localhost:8000, run $(BIN)/python -m http.server --directory build"

ui: $(STAMP)
	$(BIN)/mlflow ui --backend-store-uri sqlite:///mlflow.db

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The site is in site/. Open site/index.html in a browser."

clean:
	rm -rf $(VENV) build site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
