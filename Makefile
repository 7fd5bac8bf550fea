# Needs python3 (3.11), make and PyPI; everything else goes into .venv.
PYTHON ?= python3
LIBRARY ?= library
PORT ?= 8000
BIN := .venv/bin
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

export Q

.PHONY: serve ask test test-slow check bench eval install

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

test: install
	$(ONE_THREAD) $(BIN)/pytest

test-slow: install
	$(ONE_THREAD) $(BIN)/pytest -m slow

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/citewell bench --size 1000 --size 10000 --size 100000 --against naive --output reports

eval: install
	$(BIN)/citewell eval
