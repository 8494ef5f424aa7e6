# `make run` opens the workbench, `make test` tests it; both install what they need first.

VENV := .venv
PY := $(VENV)/bin/python
ARGS ?=
DATA ?= data/photos
TORCH_INDEX ?=
INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
FIND_PYTHON := for p in python3.13 python3.12 python3.11 python3; do \
	  if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done

.PHONY: help install run test lint bench evaluate
.DEFAULT_GOAL := help

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1: /p' Makefile | awk -F': ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(PY):
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed: sudo apt-get install python3 python3-venv" >&2; exit 1; fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "Python's venv module is needed: sudo apt-get install $$(basename $$python)-venv" >&2; exit 1; fi; \
	rm -rf $(VENV); $$python -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(PY)
	$(PY) -m pip install --disable-pip-version-check $(INDEX) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt | $(PY)
	$(PY) -m pip install --disable-pip-version-check $(INDEX) -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

install: $(VENV)/.installed ## make .venv and install the pinned packages

run: $(VENV)/.installed ## open the workbench (options: make run ARGS="--port 7861 --workspace DIR")
	@$(PY) app.py $(ARGS)

test: $(VENV)/.installed-dev ## install what the tests need (Chromium too) and run them
	@$(PY) -m tests.browser_path
	$(PY) -m pytest $(ARGS)

lint: $(VENV)/.installed-dev ## ruff and mypy
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy fsl_demo

bench: $(VENV)/.installed ## measure speed on this machine
	@$(PY) -m benchmarks

evaluate: $(VENV)/.installed ## measure the methods on a folder of class folders (DATA=data/photos)
	@for shot in 0 1 5; do $(PY) -m fsl_demo evaluate --data $(DATA) --shot $$shot; done
