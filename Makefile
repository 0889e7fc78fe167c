# `make demo` and `make test` work on a fresh clone with Python 3.11+ and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test check lint types layers format rml lock clean help

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo: $(VENV)/.run      ## a small network of nodes on this machine; Ctrl-C ends it
	$(BIN)/onconode demo $(ARGS)

test: $(VENV)/.dev      ## every check that needs nothing outside the repository
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -m 'not shared and not slow' $(ARGS)

check: lint types layers

lint: $(VENV)/.dev      ## ruff: rules and format; hadolint where it can be had
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if [ -x $(BIN)/hadolint ]; then echo hadolint Dockerfile && $(BIN)/hadolint Dockerfile; fi

types: $(VENV)/.dev     ## mypy, strict
	$(BIN)/mypy

layers: $(VENV)/.dev    ## import-linter: imports point one way
	$(BIN)/lint-imports

format: $(VENV)/.dev    ## rewrite the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

rml: $(VENV)-rml/.made ## an environment with morph-kgc, for RML mappings and their tests

lock: $(VENV)/.dev      ## resolve the dependencies anew into the lock files
	./.ci/lock

clean:           ## remove the environment and what the demo made
	rm -rf $(VENV) $(VENV)-rml .demo dist

$(VENV)/.run: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Onconode needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

$(VENV)-rml/.made: requirements-rml.lock
	$(PYTHON) -m venv $(VENV)-rml
	$(VENV)-rml/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-rml.lock
	@touch $@
