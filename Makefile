# `make run` and `make test` work on a new machine that has Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RIVALS := $(VENV)/.rivals-installed
CLUSTER := $(VENV)/.cluster-installed
ARGS ?=

export MLFLOW_DISABLE_TELEMETRY = true

.PHONY: help install run test test-avx2 test-cluster check coverage bench bench-run bench-growth bench-compression bench-inspection bench-novelty bench-inference bench-serving bench-photographs bench-page check-serving check-drift stress fuzz-serving mutants mutants-sample results-page phases serve viz ui docs clean

help:
	@echo "make run [ARGS='--env smoke']   install what is missing, then kedro run"
	@echo "make test                       install what is missing, then run the tests"
	@echo "make test-avx2                  run the tests of numerics as on a processor with AVX2 only"
	@echo "make test-cluster               install the extra 'cluster' and test prediction on a Ray cluster"
	@echo "make check                      check format, lint, types and package layers"
	@echo "make coverage                   run the tests and measure coverage"
	@echo "make docs                       build the documentation site in site/"
	@echo "make serve                      serve the best network over HTTP (kedro serve)"
	@echo "make ui                         open the tracked runs in the browser (mlflow ui)"
	@echo "make viz                        build a static Kedro-Viz site in build/"
	@echo "make bench                      training speed: throughput, time to accuracy, start-up and more (ARGS=--quick: a trial)"
	@echo "make bench-run                  accuracy, time and memory of complete runs with several seeds"
	@echo "make bench-growth               ways of growing compared with fixed widths (days; ARGS='--points 512:5')"
	@echo "make bench-inspection           explain, robustness and landscape of several networks side by side (ARGS='--networks ...')"
	@echo "make bench-compression          accuracy, size and speed of compressed networks (ARGS='--networks <versions> --alone')"
	@echo "make bench-novelty              images that are not digits: how many the newest network recognises"
	@echo "make bench-inference            latency of the newest network in PyTorch, ONNX and int8"
	@echo "make bench-serving              requests per second, latency and memory of the service, compared with two others"
	@echo "make bench-photographs          digits recognised in photographs and scans, by kind of flaw"
	@echo "make bench-page                 write the tables of docs/benchmarks.md from benchmarks/results"
	@echo "make check-serving              compare the answers of the service with the newest evaluation"
	@echo "make check-drift                drift monitor: no alarm on test digits, an alarm on changed ones"
	@echo "make stress                     killed trainings, damaged files, leaks, data larger than memory (an hour)"
	@echo "make fuzz-serving               malformed requests: 10,000 of our own, and those of schemathesis"
	@echo "make mutants                    check that the tests notice plausible mistakes in the code (half an hour)"
	@echo "make mutants-sample             share of random changes of the code that the tests notice (ARGS='--size 100')"
	@echo "make results-page               print the tables of docs/results.md from the newest run"
	@echo "make phases                     print the table of docs/documented-run.md from the newest training"
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

# Ray, for predictions on several machines.
$(CLUSTER): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,cluster]'
	@touch $(CLUSTER)

run: $(STAMP)
	$(BIN)/kedro run $(ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# torch, oneDNN, MKL and OpenBLAS keep to AVX2. onnxruntime has no switch for that: tests/export runs it in an emulator.
test-avx2: export ATEN_CPU_CAPABILITY = avx2
test-avx2: export ONEDNN_MAX_CPU_ISA = AVX2
test-avx2: export MKL_ENABLE_INSTRUCTIONS = AVX2
test-avx2: export OPENBLAS_CORETYPE = Haswell
test-avx2: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist worksteal \
		$(wildcard $(addprefix tests/,compression export growth inspection learning network training)) $(ARGS)

test-cluster: $(CLUSTER)
	$(BIN)/python -m pytest -n 0 tests/batch/test_cluster.py $(ARGS)

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

bench-inspection: $(STAMP)
	$(BIN)/python -m benchmarks.inspection.side_by_side $(ARGS)

bench-compression: $(STAMP)
	$(BIN)/python -m benchmarks.accuracy.compression $(ARGS)

bench-novelty: $(STAMP)
	$(BIN)/python -m benchmarks.accuracy.novelty $(ARGS)

bench-inference: $(STAMP)
	$(BIN)/python -m benchmarks.speed.inference $(ARGS)

bench-serving: $(RIVALS)
	$(BIN)/python -m benchmarks.serving.load $(ARGS)

bench-photographs: $(STAMP)
	$(BIN)/python -m benchmarks.accuracy.photographs $(ARGS)

bench-page: $(STAMP)
	$(BIN)/python -m benchmarks.page

check-serving: $(STAMP)
	$(BIN)/python -m benchmarks.serving.accuracy $(ARGS)

check-drift: $(STAMP)
	$(BIN)/python -m benchmarks.serving.drift $(ARGS)

stress: $(STAMP)
	$(BIN)/python -m benchmarks.stress.suite $(ARGS)

mutants: $(STAMP)
	$(BIN)/python -m benchmarks.mutation.listed $(ARGS)

mutants-sample: $(STAMP)
	$(BIN)/python -m benchmarks.mutation.sampled $(ARGS)

results-page: $(STAMP)
	$(BIN)/python -m benchmarks.accuracy.results_page $(ARGS)

phases: $(STAMP)
	$(BIN)/python -m benchmarks.accuracy.phases $(ARGS)

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
