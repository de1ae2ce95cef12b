# The whole developer surface. Needs python3.11 (with venv), pip and make; everything else comes from requirements.lock.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3.11
UV_VERSION := 0.13.8
BIN := .venv/bin
ENV := .venv/.ready

export PACT_DO_NOT_TRACK := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help env run test contracts contracts-write load-smoke check lint types imports layout bench bench-served lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

env: $(ENV) ## the environment in .venv, from requirements.lock (the other targets make it when they need it)

run: $(ENV) ## a month of the estate, its close and the verdict: closeproof run month-end --seed 7
	@$(BIN)/closeproof run month-end --seed 7

test: $(ENV) ## all tests, on two processes; what was skipped is listed with its reason (ARGS='-k word')
	@$(BIN)/python -m pytest -q -n 2 -rs $(ARGS)

contracts: $(ENV) ## OpenAPI snapshots, pacts both ways, webhooks and fuzzing of every API (under two minutes)
	@$(BIN)/python -m pytest -q -n 2 -rsx tests/contract_suites $(ARGS)

contracts-write: $(ENV) ## rewrite contracts/openapi and contracts/pacts from the code, and say what changed
	@$(BIN)/python -m tests.contract_suites.write

load-smoke: $(ENV) ## twenty seconds of the close peak: the load as the integration, then the reference at work (half a minute)
	@$(BIN)/closeproof load close-peak --seconds 8 --scale 0.5 --workers 2
	@$(BIN)/closeproof load quiet-week-invoices --against end-to-end --seconds 12 --scale 4

check: lint types imports layout ## lint, format, types, import rules, layout (each is a target too; -k goes on after a failure)

lint: $(ENV)
	@echo "ruff: lint and format"
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/ruff format --check --quiet .

types: $(ENV)
	@echo "mypy: strict types"
	@$(BIN)/mypy --no-error-summary

imports: $(ENV)
	@echo "import-linter: imports run one way"
	@$(BIN)/lint-imports --no-cache --no-logo > .venv/imports.txt || { cat .venv/imports.txt; exit 1; }

layout: $(ENV)
	@echo "layout: shapes, lists, sizes"
	@$(BIN)/python -m pytest -q tests/layout

bench: $(ENV) ## how fast the kernel, the doors and a month are here
	@$(BIN)/python -m sim.bench

bench-served: $(ENV) ## the served door beside a plain ASGI application, by wrk: under a minute
	@$(BIN)/python -m sim.bench_served

lock: ## resolve pyproject.toml and requirements.in into requirements.lock (exact pins, hashes; ARGS=--upgrade for newer ones)
	@$(PYTHON) -m venv --clear .lock-venv
	@.lock-venv/bin/pip install -qq uv==$(UV_VERSION)
	@.lock-venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-annotate --no-header --all-extras $(ARGS) -o requirements.lock pyproject.toml requirements.in
	@rm -rf .lock-venv
	@echo "requirements.lock: $$(grep -c '==' requirements.lock) pins"

clean: ## remove the environment and what tools and runs left here
	@rm -rf .venv .lock-venv build dist runs reports/out .hypothesis .mypy_cache .pytest_cache .ruff_cache .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps: a new lock rebuilds the environment from nothing; a new pyproject.toml only installs the project again.
.venv/.locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Closeproof needs Python 3.11 or newer as '$(PYTHON)'; name another with: make PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { echo "'$(PYTHON)' cannot make environments: it lacks ensurepip. On Debian: apt-get install python3.11-venv" >&2; exit 2; }
	@echo "environment: installing $$(grep -c '==' requirements.lock) pinned packages into .venv (once; it takes about a minute)"
	@started=$$SECONDS; rm -rf .venv && $(PYTHON) -m venv .venv \
		&& $(BIN)/pip install -qq --no-input --require-hashes -r requirements.lock \
		&& touch $@ && echo "environment: ready in $$((SECONDS - started)) s"

$(ENV): .venv/.locked pyproject.toml
	@$(BIN)/pip install -qq --no-input --no-build-isolation --no-deps -e .
	@$(BIN)/pip check > .venv/check.txt || { cat .venv/check.txt >&2; exit 1; }
	@touch $@
