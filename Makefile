# `make run` makes a map; `make test` checks everything; `make bench` measures; `make soak` lets
# the daemon run for weeks of a fast clock, with troubles; `make fuzz` gives every parser spoiled data.

PYTHON ?= python3
VENV := .venv
ARCHIVE ?=
AT ?=
DATA ?= run/$(if $(ARCHIVE),archive,demo)
SPINUP ?= 28d

INPUTS ?= 1_000_000

.PHONY: run test bench soak fuzz clean

run: $(VENV)/.runtime
ifeq ($(ARCHIVE),)
	$(VENV)/bin/allsun demo --data $(DATA)
else
	$(VENV)/bin/allsun once --archive $(ARCHIVE) --data $(DATA) --spinup $(SPINUP) $(if $(AT),--at $(AT))
endif

test: $(VENV)/.test
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pytest --numprocesses 2 --dist loadscope

bench: $(VENV)/.test
	$(VENV)/bin/python ops/bench.py

soak: $(VENV)/.test
	$(VENV)/bin/python ops/soak --hours 500 --pace 5

fuzz: $(VENV)/.test
	$(VENV)/bin/python ops/fuzz.py --inputs $(INPUTS) --keep run/fuzz

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/.runtime
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) run
