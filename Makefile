# Everything that is done with this repository goes through here: `make help` lists it.
# A fresh machine needs make and Python 3.11 or newer; nothing is installed outside this folder.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PEERS := .peers
SCIM_PEERS := scim canaille scim-sanity scim2-server
BIN := $(VENV)/bin
PYTHON ?= python3
WORKERS ?= 2
ARGS ?=
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --no-input --progress-bar off
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

.PHONY: help setup demo test test-long test-peers lint format bench bench-everywhere lock clean

help: ## Show what can be made.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile
	@echo 'ARGS="..." is passed on: make demo ARGS="--once --json", make test ARGS="-k jira".'

setup: $(VENV)/.ready ## Build .venv with the commands tenure and tenure-sandbox in it.
	@:

demo: setup ## Play the story: identity providers, Tenure and a stand-in for Jira.
	@$(BIN)/tenure demo $(ARGS)

test: setup $(VENV)/.dev ## Run the tests; those that need programs of others are left to test-peers.
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m 'not peers and not long' $(ARGS)

test-long: setup $(VENV)/.dev $(PEERS)/scim/.ready ## Run the tests that take minutes: disasters of thousands of people, 20,000 random requests.
	$(BIN)/python -m pytest -m long $(ARGS)

test-peers: setup $(VENV)/.dev $(VENV)/.peers $(PEERS)/jira/.ready $(PEERS)/crowd/.ready $(SCIM_PEERS:%=$(PEERS)/%/.ready) $(PEERS)/node/.ready ## Run the tests that clients and programs of others drive.
	@sh tests/peers/chromium.sh
	$(BIN)/python -m pytest -m peers $(ARGS)

lint: setup $(VENV)/.dev ## Check style, form, types and the floors of the house.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict src
	$(BIN)/lint-imports

format: setup $(VENV)/.dev ## Bring the code into its form.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup $(VENV)/.peers $(PEERS)/scim2-server/.ready ## Measure side by side with a peer; writes bench/results.md.
	$(BIN)/python bench/run.py $(ARGS)

bench-everywhere: setup $(VENV)/.peers ## Measure a first load into five applications at once; writes bench/everywhere.md.
	$(BIN)/python bench/everywhere.py $(ARGS)

lock: ## Resolve every dependency anew (needs uv).
	@command -v uv >/dev/null || { echo 'make lock needs uv: python3 -m pip install uv' >&2; exit 1; }
	$(LOCK) --upgrade pyproject.toml -o requirements.lock
	$(LOCK) --upgrade --group build -c requirements.lock -o requirements-build.lock
	$(LOCK) --upgrade --group test --group lint -c requirements.lock -c requirements-build.lock -o requirements-dev.lock
	$(LOCK) --upgrade --group bench --group browser -c requirements.lock -c requirements-dev.lock -o requirements-peers.lock
	$(LOCK) --upgrade tests/peers/jira.in -o tests/peers/jira.lock
	$(LOCK) --upgrade tests/peers/crowd.in -o tests/peers/crowd.lock
	$(LOCK) --upgrade tests/peers/scim.in -o tests/peers/scim.lock
	$(LOCK) --upgrade tests/peers/canaille.in -o tests/peers/canaille.lock
	$(LOCK) --upgrade tests/peers/scim-sanity.in -o tests/peers/scim-sanity.lock
	$(LOCK) --upgrade bench/scim2-server.in -o bench/scim2-server.lock

clean: ## Remove everything that make has built.
	rm -rf $(VENV) $(PEERS) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: a second run finds them and does nothing.

$(VENV)/bin/python:
	@for python in "$(PYTHON)" python3.13 python3.12 python3.11 python3.14; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  "$$python" -c 'import venv, ensurepip' 2>/dev/null || { without="$$python"; continue; }; \
	  echo "Making $(VENV) with $$("$$python" --version)" >&2; \
	  exec "$$python" -m venv $(VENV); \
	done; \
	if [ -n "$$without" ]; then \
	  echo "$$without cannot make virtual environments: install its venv module (on Debian: apt-get install python3-venv)" >&2; \
	else \
	  echo 'Tenure needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3' >&2; \
	fi; exit 1

$(VENV)/.ready: requirements.lock requirements-build.lock pyproject.toml | $(VENV)/bin/python
	@echo 'Installing what Tenure needs into $(VENV)' >&2
	@$(PIP) --require-hashes --no-deps -r requirements.lock -r requirements-build.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.ready
	@echo 'Installing what the tests and checks need into $(VENV)' >&2
	@$(PIP) --require-hashes --no-deps -r $<
	@touch $@

$(VENV)/.peers: requirements-peers.lock $(VENV)/.ready
	@echo 'Installing what the peers and the bench need into $(VENV)' >&2
	@$(PIP) --require-hashes --no-deps -r $<
	@touch $@

# Every peer has an environment of its own: what it needs must not decide what Tenure gets.

$(PEERS)/jira/.ready: tests/peers/jira.lock
$(PEERS)/crowd/.ready: tests/peers/crowd.lock
$(PEERS)/scim/.ready: tests/peers/scim.lock
$(PEERS)/canaille/.ready: tests/peers/canaille.lock
$(PEERS)/scim-sanity/.ready: tests/peers/scim-sanity.lock
$(PEERS)/scim2-server/.ready: bench/scim2-server.lock
$(PEERS)/jira/.ready $(PEERS)/crowd/.ready $(SCIM_PEERS:%=$(PEERS)/%/.ready): | $(VENV)/bin/python
	@echo 'Installing the peer of $< into $(@D)' >&2
	@rm -rf $(@D) && mkdir -p $(PEERS) && $(BIN)/python -m venv $(@D)
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(@D)/bin/python -m pip install --quiet --no-input --progress-bar off --require-hashes --no-deps -r $<
	@touch $@

$(PEERS)/node/.ready: tests/peers/npm.lock tests/peers/npm.sh
	@sh tests/peers/npm.sh $(@D) tests/peers/npm.lock
	@touch $@
