# Meshwright. Every target makes its own environment from nothing but Python 3.11 to 3.13 and make, and is quick afterwards.
#   make demo   make test   make lint   make bench   make test-frontends   make test-versions   make test-hosts   make gpu-check   make format   make clean

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test test-frontends test-versions test-hosts gpu-check lint format bench clean venv

VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
STAMP := $(VENV)/.stamp-dev
STAMP_FRONTENDS := $(VENV)/.stamp-frontends
EXTRAS := dev,jax,mpi
DEMO ?= demo-out
PYTEST_ARGS ?=
# jax and XLA warn about a missing accelerator otherwise; the demo and the tests are for CPUs.
export JAX_PLATFORMS ?= cpu

help:
	@sed -n '2s/^# *//p' Makefile

# A Python that the project supports: the first of these that is 3.11, 3.12 or 3.13. Say make PYTHON=… to choose.
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11 python
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

$(STAMP): pyproject.toml
	@found=""; \
	for python in $(CANDIDATES); do \
	  if "$$python" -c '$(SUPPORTED)' >/dev/null 2>&1; then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "error: no Python 3.11, 3.12 or 3.13 with venv among: $(strip $(CANDIDATES)); say make PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi; \
	echo "making $(VENV) with $$($$found --version)"; \
	[ -x $(PY) ] || "$$found" -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	touch $@

$(STAMP_FRONTENDS): $(STAMP)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS),frontends]'
	touch $@

venv: $(STAMP)

# Export a training step, plan it for 2 hosts x 4 devices, look at the plan, run it on 8 ranks against one device.
demo: $(STAMP)
	rm -rf $(DEMO)
	$(PY) examples/gpt.py --out $(DEMO) --steps 30
	$(PY) -m compiler plan $(DEMO)/gpt.mlirbc -o $(DEMO)/plan --hosts 2 --devices-per-host 4
	$(PY) -m compiler explain $(DEMO)/plan
	$(BIN)/mpirun -np 8 $(PY) -m runtime.launch $(DEMO)/plan --inputs $(DEMO)/gpt_inputs.npz --steps 30 --verify

test: $(STAMP)
	$(PY) -m pytest -n 2 $(PYTEST_ARGS)

test-frontends: $(STAMP_FRONTENDS)
	$(PY) -m pytest -m frontends $(PYTEST_ARGS)

# Half of the tests of tests/py/mpi (SHARE=1: all) on the oldest and the newest Python and jaxlib, in .venv-oldest and .venv-newest.
test-versions:
	VENV=$(VENV) .ci/versions

# Plans on two and three hosts, which are network namespaces of this machine: needs root and iproute2.
test-hosts: $(STAMP)
	$(PY) -m pytest -m hosts tests/py/hosts $(PYTEST_ARGS)

# On a machine with a GPU, once `.venv/bin/pip install -e .[gpu]` is done; 77 is "no GPU", and no failure.
gpu-check: $(STAMP)
	@$(PY) tests/gpu_check.py || [ $$? -eq 77 ]

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(PY)

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(PY) benchmarks/run.py

clean:
	rm -rf $(VENV) .venv-oldest .venv-newest $(DEMO) .lit .pytest_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
