# Needs python3 (3.11), make and PyPI; everything else goes into .venv.
PYTHON ?= python3
LIBRARY ?= library
PORT ?= 8000
BIN := .venv/bin
MILVUS := .venv/milvus-2.3
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

export Q

.PHONY: serve ask test test-slow check gate bench eval install

install: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[dev]'
	touch $@

serve: install
	$(BIN)/citewell add corpus/articles --library $(LIBRARY)
	$(BIN)/citewell serve --library $(LIBRARY) --port $(PORT)

ask: install
	@$(BIN)/citewell add corpus/articles --library $(LIBRARY) > /dev/null
	@$(BIN)/citewell ask --library $(LIBRARY) "$$Q"

# two workers, each with fixtures of its own; `$(BIN)/pytest FILE` runs a file in one process
test: install
	$(ONE_THREAD) $(BIN)/pytest --numprocesses 2 --dist worksteal

test-slow: install $(MILVUS)/bin/milvus
	$(ONE_THREAD) $(BIN)/pytest -m slow

# the server of Milvus 2.3, for a part of the tests of libraries in a cluster; without it they are skipped, which pytest says
$(MILVUS)/bin/milvus:
	-$(BIN)/pip install --quiet --no-deps --target $(MILVUS)/package milvus==2.3.5 \
	  && PYTHONPATH=$(MILVUS)/package $(BIN)/python -c "import milvus; milvus._initialize_data_files('$(MILVUS)')"

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# a loss that is meant makes a new baseline: citewell eval --system hybrid --json > eval/baseline.json
gate: install
	$(ONE_THREAD) $(BIN)/citewell eval --gate eval/baseline.json

bench: install
	$(BIN)/citewell bench --size 1000 --size 10000 --size 100000 --against naive --output reports

eval: install
	$(BIN)/citewell eval
