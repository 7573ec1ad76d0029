# Everything a newcomer runs. Needs python3 (3.11 or newer), make and pip; nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo run test check bench fuzz clean

demo: $(VENV)/.runtime
	$(BIN)/autoclip demo

run: $(VENV)/.runtime
	@test -n "$(VIDEO)" || { echo "usage: make run VIDEO=path/to/video" >&2; exit 2; }
	$(BIN)/autoclip demo --video "$(VIDEO)"

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not service"
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m service

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

# The API against its own document for five minutes; needs a running 'autoclip up' whose data may be played with.
fuzz: $(VENV)/.fuzz
	$(BIN)/schemathesis run http://127.0.0.1:8000/api/openapi.json --max-time 300

clean:
	rm -rf $(VENV) *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("autoclip needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,bench]'
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,fuzz]'
	@touch $@
