# CodeHealer's commands. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
# The first of these that is 3.11 to 3.13 makes the virtual environment; `make setup PYTHON=/path/to/python` names another.
PYTHON ?= python3.13 python3.12 python3.11 python3
IN_RANGE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.runtime ## start the product: live with Slack tokens (environment or .env), else a sandbox workspace in the browser
	@exec $(PY) -m bot up

.PHONY: setup
setup: $(VENV)/.dev ## make .venv and install the pinned requirements, the development ones too
	@:

.PHONY: test
test: $(VENV)/.dev ## all tests but those that need real servers (ARGS="-k outbox -x" go to pytest)
	@$(PY) -m pytest -m "not servers" -n auto --dist loadfile $(ARGS)

.PHONY: test-servers
test-servers: $(VENV)/.dev ## the tests against a real Kubernetes API, a real Argo CD, and act, where they are (BUILD=1 builds the two: minutes)
	@BUILD="$(BUILD)" .ci/test-servers $(ARGS)

.PHONY: lint
lint: $(VENV)/.dev ## ruff, mypy --strict, the import contracts, the architecture tests
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m pytest tests/architecture

.PHONY: format
format: $(VENV)/.dev ## let ruff format and mend what it can
	@$(VENV)/bin/ruff check --fix --exit-zero .
	@$(VENV)/bin/ruff format .

.PHONY: bench
bench: $(VENV)/.dev ## the burst benchmark, with a bare Bolt echo bot beside it
	@$(PY) -m benchmarks $(ARGS)

.PHONY: lock
lock: $(VENV)/.dev ## pin requirements*.txt again from requirements*.in (needs the package index)
	@$(PIP) uv
	@$(VENV)/bin/uv pip compile --quiet --universal --upgrade --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url requirements.in -o requirements.txt
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url -c requirements.txt requirements-dev.in -o $(VENV)/dev-all.txt
	@{ echo '-r requirements.txt'; grep -vxFf requirements.txt $(VENV)/dev-all.txt; } > requirements-dev.txt

.PHONY: clean
clean: ## remove the virtual environment, caches and the local state (var/)
	@rm -rf $(VENV) var build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# --- the virtual environment; the stamps say what is installed in it ---

$(VENV)/.runtime: requirements.txt
	@$(call make_venv)
	@echo "installing requirements.txt into $(VENV) (once)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@$(PIP) -r requirements-dev.txt
	@touch $@

define make_venv
	if [ -x $(PY) ] && $(PY) -c '$(IN_RANGE)' 2>/dev/null; then exit 0; fi; \
	found=; \
	for python in $(PYTHON); do \
	  if "$$python" -c '$(IN_RANGE)' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "CodeHealer needs Python 3.11, 3.12 or 3.13. Tried: $(PYTHON)." >&2; \
	  for python in $(PYTHON); do \
	    if seen=$$("$$python" --version 2>/dev/null); then echo "  $$python is $$seen" >&2; else echo "  $$python: not found" >&2; fi; \
	  done; \
	  echo "Install one of them, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.13" >&2; exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$found cannot make virtual environments: its venv module is missing (Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; \
	fi; \
	rm -rf $(VENV); \
	"$$found" -m venv $(VENV)
endef
