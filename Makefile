# The two commands: `make run` and `make test`. Everything is installed into this checkout.
# `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

include exchange.mk

.NOTPARALLEL:
.PHONY: help run test check lint types imports unit console console-tests bench lock dist clean \
	setup-tests

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: .make/run console ## the engine with the simulated exchange and living callers
	@$(BIN)/callcenter demo $(ARGS)

test: .make/dev setup-tests lint types imports console console-tests ## everything that can be tested here
	@bash tests/run $(ARGS)

check: .make/dev lint types imports unit ## what needs neither browser nor exchange, in a minute

lint: .make/dev ## style and mistakes that can be seen without running
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .make/dev ## mypy, strict
	$(BIN)/mypy

imports: .make/dev ## who may import whom
	$(BIN)/lint-imports --no-logo

unit: .make/dev ## the pure tests
	$(BIN)/pytest -q -n auto tests/unit

console: .make/console ## build the browser console

console-tests: .make/dev ## the console's types and unit tests
	@$(BIN)/python -m agent_console.build --tests

bench: .make/dev console ## the figures of docs/benchmarks.md, measured again
	@bash benchmarks/run

dist: .make/dev console ## wheel and source distribution
	$(BIN)/python -m build --no-isolation --outdir dist

lock: .make/dev ## pin every dependency again, with hashes (needs uv)
	@bash requirements/lock

clean: ## remove what was built, keep the data in var/
	rm -rf $(VENV) .make dist build agent_console/static agent_console/ui/node_modules \
	  agent_console/ui/.test .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@bash requirements/venv "$(PYTHON)" "$(VENV)"

.make/run: $(VENV)/bin/python requirements/run.txt requirements/node.txt pyproject.toml
	@echo "installing the engine's packages into $(VENV) (once)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null \
	  || { echo "no Node 20 here: taking it from a Python package"; \
	       $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/node.txt; }
	@bash requirements/link "$(VENV)"
	@mkdir -p .make && touch $@

.make/dev: $(VENV)/bin/python requirements/dev.txt pyproject.toml
	@echo "installing the packages for tests and checks into $(VENV) (once)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@bash requirements/link "$(VENV)"
	@mkdir -p .make && touch $@

# Either set of packages can build the console; the newer stamp decides nothing.
.make/console: $(shell find agent_console/ui -path '*/node_modules' -prune -o -type f -print 2>/dev/null)
	@test -e .make/dev || $(MAKE) -s --no-print-directory .make/run
	@$(BIN)/python -m agent_console.build
	@mkdir -p .make && touch $@

setup-tests:
	@bash tests/setup
