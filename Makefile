# `make run` opens the workbench, `make test` tests it; both install what they need first.

VENV := .venv
PY := $(VENV)/bin/python
ARGS ?=
DATA ?= data/photos
TORCH_INDEX ?=
PIP_INSTALL := $(PY) -m pip install --disable-pip-version-check -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
UNFINISHED := $(VENV)/.unfinished
UNPINNED := pip|nvidia-[^=]*|cuda-[^=]*|triton
# pip comes with .venv; torch itself pins its packages for CUDA
unexport PYTHONDONTWRITEBYTECODE  # modules stay compiled: the tests start many processes

.PHONY: help install openvino export lora parquet ray run test test-web check lint constraints bench harden evaluate
.DEFAULT_GOAL := help

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile | awk -F': ' '{printf "  make %-11s %s\n", $$1, $$2}'
	@echo '  ARGS="..." adds options for the program; TORCH_INDEX=ADDRESS adds a package index, for another build of torch.'

# Installs the file of requirements that comes first. A virtual environment whose installation was interrupted is
# made anew, because pip takes half a package for a whole one; where pip fails of itself, it has not begun to install.
define INSTALL
@if [ -e $(UNFINISHED) ] || ! $(PY) -c 'import pip' 2>/dev/null; then \
  found=; usable=; \
  for python in python3.13 python3.12 python3.11 python3; do \
    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
    found=$${found:-$$python}; \
    $$python -c 'import ensurepip, venv' 2>/dev/null && usable=$$python && break; \
  done; \
  if [ -z "$$found" ]; then \
    echo "Python 3.11 or newer is needed: sudo apt-get install python3 python3-venv" >&2; exit 1; fi; \
  if [ -z "$$usable" ]; then \
    echo "Python's venv module is needed: sudo apt-get install $$found-venv" >&2; exit 1; fi; \
  echo "making $(VENV) with $$usable"; rm -rf $(VENV); $$usable -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; \
fi
@touch $(UNFINISHED)
$(PIP_INSTALL) -r $< || { rm -f $(UNFINISHED); exit 1; }
@touch $@; rm -f $(UNFINISHED)
endef

$(VENV)/.installed-run: requirements.txt constraints.txt
	$(INSTALL)

$(VENV)/.installed-openvino: requirements-openvino.txt requirements.txt constraints.txt
	$(INSTALL)
	@touch $(VENV)/.installed-run

$(VENV)/.installed-export: requirements-export.txt requirements.txt constraints.txt
	$(INSTALL)
	@touch $(VENV)/.installed-run

$(VENV)/.installed-lora: requirements-lora.txt requirements.txt constraints.txt
	$(INSTALL)
	@touch $(VENV)/.installed-run

$(VENV)/.installed-parquet: requirements-parquet.txt requirements.txt constraints.txt
	$(INSTALL)
	@touch $(VENV)/.installed-run

$(VENV)/.installed-ray: requirements-ray.txt requirements-parquet.txt requirements.txt constraints.txt
	$(INSTALL)
	@touch $(VENV)/.installed-run $(VENV)/.installed-parquet

$(VENV)/.installed-dev: requirements-dev.txt requirements-openvino.txt requirements-export.txt requirements-lora.txt requirements-parquet.txt requirements.txt constraints.txt
	$(INSTALL)
	@touch $(VENV)/.installed-run $(VENV)/.installed-openvino $(VENV)/.installed-export $(VENV)/.installed-lora $(VENV)/.installed-parquet

install: $(VENV)/.installed-run ## make .venv and install the pinned packages

openvino: $(VENV)/.installed-openvino ## add OpenVINO: photographs are read in half the time on a CPU

export: $(VENV)/.installed-export ## add ONNX: classifiers can be taken away

lora: $(VENV)/.installed-lora ## add peft: CLIP-style models are fine-tuned

parquet: $(VENV)/.installed-parquet ## add pyarrow: any number of pictures into one Parquet file

ray: $(VENV)/.installed-ray ## add Ray: any number of pictures on many machines

run: $(VENV)/.installed-run ## open the workbench, for instance with ARGS="--port 7861 --workspace DIR"
	@$(PY) app.py $(ARGS)

# Three workers for two cores: those that drive a browser wait for half of the time.
test: $(VENV)/.installed-dev ## install what the tests need, Chromium too, and run them
	@$(PY) -m tests.browser_path
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 3 --no-loadscope-reorder $(ARGS)

test-web: $(VENV)/.installed-dev ## try the static page of a classifier in Chromium (needs npm; fetches onnxruntime-web)
	@$(PY) -m tests.browser_path
	@mkdir -p build && cd build && npm pack --silent onnxruntime-web@1.30.0 && tar xzf onnxruntime-web-1.30.0.tgz
	$(PY) -m tests.web.static_page --runtime build/package --data $(DATA) $(ARGS)

check: lint ## check style and types, and run the tests that are fast
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --no-loadscope-reorder -m "not slow and not browser" $(ARGS)

lint: $(VENV)/.installed-dev ## check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

constraints: $(VENV)/.installed-dev ## pin what the requirements bring, for every Python and system (ARGS=--upgrade: newest)
	$(PIP_INSTALL) uv==0.13.9
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-annotate $(ARGS) \
	  --custom-compile-command "make constraints" requirements-dev.txt requirements-ray.txt --output-file constraints.txt
	grep -Ev '^($(UNPINNED))==' constraints.txt > constraints.txt.new && mv constraints.txt.new constraints.txt

bench: $(VENV)/.installed-dev ## measure speed on this machine
	@$(PY) -m benchmarks $(ARGS)

harden: $(VENV)/.installed-dev ## try hostile input, kills and crowds, as SECURITY.md reports it (takes an hour)
	$(PY) -m tests.hardening.events --count 10000
	$(PY) -m tests.hardening.pictures --count 100000
	$(PY) -m tests.hardening.uploads
	$(PY) -m tests.hardening.archives --count 20000
	$(PY) -m tests.hardening.names
	$(PY) -m tests.hardening.kills --count 200 --tunings 30
	$(PY) -m tests.hardening.bulk_kills --count 20
	$(PY) -m tests.hardening.sessions --people 16 --labels 50

evaluate: $(VENV)/.installed-run ## measure the methods on a folder of class folders (DATA=data/photos)
	@$(PY) -m fsl_demo evaluate --data $(DATA) --shot 0,1,5 --heat-maps 200 $(ARGS)
