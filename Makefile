# Every target does its own set-up, into .venv; it needs Python 3.11 or newer, and make.
PYTHON ?= python3
QUARTER ?= 2026Q3
DATASET ?= data/demo
BIN := .venv/bin
CORES := $(shell $(PYTHON) -c "import os; print(os.cpu_count())")

.PHONY: report test bench lab check documents lock axe clean help

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

report: .venv/ready  ## publish QUARTER of DATASET into reports/
	$(BIN)/cx report $(QUARTER) --dataset $(DATASET)

test: .venv/engines axe  ## run every test
	$(BIN)/python -m pytest -n $(CORES) --durations 10

bench: .venv/ready  ## time personas, purchases, KPI panels and batches beside other ways (40 minutes)
	$(BIN)/python benchmarks/drivers.py
	$(BIN)/python benchmarks/purchases.py
	$(BIN)/python benchmarks/personas.py
	$(BIN)/python benchmarks/panel.py
	$(BIN)/python benchmarks/report.py

lab: .venv/ready  ## open JupyterLab on the notebooks
	PATH="$(CURDIR)/$(BIN):$$PATH" jupyter lab --notebook-dir . notebooks/00_start_here.ipynb

check: .venv/ready  ## validate DATASET
	$(BIN)/cx check --dataset $(DATASET)

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

axe:  # the accessibility checker of the browser tests, which skip without it
	@command -v npm >/dev/null || echo "npm is not there; the accessibility tests will skip."
	@! command -v npm >/dev/null || test -d tests/browser/node_modules/axe-core || \
	    npm ci --prefix tests/browser --no-audit --no-fund --loglevel error

.venv/ready: requirements.lock pyproject.toml $(wildcard cxlib/page/nbconvert/*)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# What only those need whose data lie in a warehouse, and the tests.
.venv/engines: .venv/ready engines.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r engines.lock
	@touch $@

clean:  ## remove what was generated
	rm -rf .venv reports reports-crm tests/browser/node_modules
