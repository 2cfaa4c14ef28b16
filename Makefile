# Two commands matter: `make demo` sets up and extracts from the seed articles, `make test` sets up and passes the tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-engines test-stanza test-browser lint scores clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -e .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install -q -e '.[test]'
	@touch $@

demo: $(VENV)/installed  ## set up, and extract from the five seed articles
	$(BIN)/finextract extract seeds/*.txt --format table

test: $(VENV)/installed-test lint  ## set up, check the code, run the tests
	$(BIN)/python -m pytest --ignore=tests/engines --ignore=tests/stanza --ignore=tests/browser

$(VENV)/installed-engines: $(VENV)/installed-test
	$(BIN)/python -m pip install -q -e '.[test,engines]'
	@touch $@

test-engines: $(VENV)/installed-engines  ## Spark and Ray; wants Java 17
	$(BIN)/python -m pytest tests/engines

$(VENV)/installed-stanza: $(VENV)/installed-test
	$(BIN)/python -m pip install -q -e '.[test,stanza]'
	@touch $@

test-stanza: $(VENV)/installed-stanza  ## Stanza's tokenizer; installs torch
	$(BIN)/python -m pytest tests/stanza

$(VENV)/installed-browser: $(VENV)/installed-test
	$(BIN)/python -m pip install -q -e '.[test,browser]'
	@touch $@

test-browser: $(VENV)/installed-browser  ## the annotators' page; wants chromium and chromium-driver
	$(BIN)/python -m pytest tests/browser

lint: $(VENV)/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

scores: $(VENV)/installed-test  ## F1 per language and label on the gold's test split, held against the floors
	$(BIN)/finextract evaluate --split test --floors tests/score_floors.csv

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
