# Two commands do everything: `make run` and `make test`. Both need Python 3.11 or newer and make, and nothing else.
# `make run EXTRAS=boosters` installs LightGBM and CatBoost too.
.DEFAULT_GOAL := help
.PHONY: help run dev test test-slow chaos load drip check fmt lint bench browsers lock clean

VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
LOCK_FLAGS := --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-header --no-annotate --strip-extras --allow-unsafe --quiet
BENCHMARKS := startup steps plans_per_request drip load newcomer words lost_worker analysis large_file wide_file first_look reopen findings pollock \
	time_forms column_truth driver_names mutations correlation ranking leaks heatmap validate_config recommend \
	estimates valid_means_runnable weight interruptions small_wide formats verdicts selection_noise config_is_enough \
	gaps derive audit autosave_cost cores
PIP_FLAGS := --disable-pip-version-check --quiet --require-hashes --only-binary :all:

help: ## Say what there is
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PY):
	@test -n "$(PYTHON)" || { echo "HydroML needs Python 3.11 or newer with venv. Install it, or name one: make run PYTHON=/path/to/python3"; exit 1; }
	@echo "Making a virtual environment with $(PYTHON) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock | $(PY)
	@echo "Installing what requirements.lock pins, each file checked by its hash …"
	@$(PY) -m pip install $(PIP_FLAGS) -r requirements.lock
	@printf '#!/bin/sh\nexec env PYTHONPATH="%s" "%s/$(PY)" -m app.cli "$$@"\n' '$(CURDIR)' '$(CURDIR)' > $(VENV)/bin/hydroml
	@chmod +x $(VENV)/bin/hydroml
	@touch $@

$(VENV)/.test: requirements-dev.lock $(VENV)/.run
	@echo "Installing what the tests need …"
	@$(PY) -m pip install $(PIP_FLAGS) -r requirements-dev.lock
	@touch $@

$(VENV)/.boosters: requirements-boosters.lock $(VENV)/.run
	@echo "Installing LightGBM and CatBoost, each file checked by its hash …"
	@$(PY) -m pip install $(PIP_FLAGS) -r requirements-boosters.lock || { echo "LightGBM and CatBoost cannot be installed here; HydroML runs without them: make run"; exit 1; }
	@touch $@

run: $(VENV)/.run $(EXTRAS:%=$(VENV)/.%) ## Start HydroML; Ctrl-C stops it (EXTRAS=boosters: with LightGBM and CatBoost)
	@exec $(PY) -m app.cli up

dev: $(VENV)/.run $(EXTRAS:%=$(VENV)/.%) ## Start HydroML for work on it: it follows changes of the source
	@exec $(PY) -m app.cli up --dev

test: $(VENV)/.test ## Run the tests that protect a change
	@$(PY) -m pytest --numprocesses 2 --dist worksteal -m "not slow"

test-slow: $(VENV)/.test ## Run the long rest of the tests
	@$(PY) -m pytest --numprocesses 2 --dist worksteal -m slow

KILLS ?= 1000
chaos: $(VENV)/.test ## Kill the product 1,000 times (KILLS=, SEED=) and print what was lost
	@$(PY) -m tests.chaos --kills $(KILLS) $(if $(SEED),--seed $(SEED))

check: lint ## Run the linters and the quick tests, before a commit
	@$(PY) -m pytest --numprocesses 2 --dist worksteal -m "not slow and not fits" tests/domain tests/house

fmt: $(VENV)/.test ## Format the code
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format .

lint: $(VENV)/.test ## Check style, types and who imports whom
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy && $(VENV)/bin/lint-imports

bench: $(VENV)/.test ## Measure the figures of docs/figures.md
	@for name in $(BENCHMARKS); do echo "== $$name"; $(PY) -m benchmarks.$$name || exit 1; done

load: $(VENV)/.test ## Have 100 people at work for two minutes (PEOPLE=500 is too many)
	@$(PY) -m benchmarks.load --people $(or $(PEOPLE),100)

drip: $(VENV)/.test ## Have 200 connections drip, and ask whether anybody else is answered
	@$(PY) -m benchmarks.drip

browsers: $(VENV)/.test ## Run the browser tests alone
	@$(PY) -m pytest tests/browser

clean: ## Remove the virtual environment and caches; data stays
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

ifneq ($(filter-out boosters,$(EXTRAS)),)
$(error There is one extra: EXTRAS=boosters)
endif

lock: $(VENV)/.test ## Pin the newest versions again (needs an index; async-timeout is kept for Python below 3.11.3)
	@grep -A2 '^async-timeout' requirements.lock > .async
	@$(VENV)/bin/pip-compile $(LOCK_FLAGS) --upgrade -o requirements.lock pyproject.toml
	@$(VENV)/bin/pip-compile $(LOCK_FLAGS) --upgrade --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@$(VENV)/bin/pip-compile $(LOCK_FLAGS) --upgrade --extra boosters -c requirements.lock -o requirements-boosters.lock pyproject.toml
	@for f in requirements.lock requirements-dev.lock requirements-boosters.lock; do sed -i '/^--find-links/d; /./,$$!d' $$f; cat .async >> $$f; done; rm .async
