# Every target does its own set-up, into .venv; it needs Python 3.11 or newer, and make. What most
# people need is in run.py, which needs no make.
PYTHON ?= python3
QUARTER ?= 2026Q3
DATASET ?= data/demo
BIN := .venv/bin

.PHONY: report test bench lab check documents lock clean help

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

report:  ## publish QUARTER of DATASET into reports/
	$(PYTHON) run.py report --quarter $(QUARTER) --dataset $(DATASET)

test:  ## run every test
	$(PYTHON) run.py test

bench: .venv/ready  ## time personas, purchases, KPI panels and batches beside other ways (40 minutes)
	$(BIN)/python benchmarks/drivers.py
	$(BIN)/python benchmarks/purchases.py
	$(BIN)/python benchmarks/personas.py
	$(BIN)/python benchmarks/panel.py
	$(BIN)/python benchmarks/journeys.py
	$(BIN)/python benchmarks/voice.py
	$(BIN)/python benchmarks/report.py

lab:  ## open JupyterLab on the notebooks
	$(PYTHON) run.py lab

check:  ## validate DATASET
	$(PYTHON) run.py check --dataset $(DATASET)

documents: .venv/ready  ## write the generated documents anew
	$(BIN)/python -m cxlib.dictionary

lock: .venv/ready  ## lock the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
	    --quiet --upgrade --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra postgres --extra spark --constraint requirements.lock \
	    --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-annotate --no-header --quiet --upgrade --output-file engines.lock

.venv/ready: requirements.lock pyproject.toml $(wildcard cxlib/page/nbconvert/*)
	$(PYTHON) run.py setup

clean:  ## remove what was generated
	rm -rf .venv reports reports-crm tests/browser/node_modules
