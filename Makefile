# `make demo` sets everything up and tells the story; `make test` sets up and tests.

PYTHON ?= python3
BIN := .venv/bin
CONTRACTS := $(shell find protos -name '*.proto')
INSTALLED := .venv/installed.stamp
GENERATED := generated/contracts.sha256
READY := $(INSTALLED) $(GENERATED)
ORACLE := build/oracle/installed.stamp

# Without compiled code every process would compile its imports anew, and the mesh start slowly.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo up test check format bench oracle lock clean distclean

help:
	@echo "make demo   set up, start the mesh, tell the story (ARGS=--once ends after it)"
	@echo "make up     set up, start the mesh and keep it running"
	@echo "make test   set up and test, two files at a time (ARGS= for pytest)"
	@echo "make check  format, lint, types, import contracts, contract lint"
	@echo "make bench  measure (ONLY=consult for one measure)"
	@echo "make oracle hold rights against OpenFisca, in an environment of its own (ARGS=--help)"
	@echo "make clean  stop what runs and remove its state; distclean removes .venv too"

setup: $(READY)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing what is locked, once; this takes a minute or two."
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation \
		--config-settings editable_mode=compat --editable .
	@$(BIN)/python -c 'import pathlib, sysconfig; \
		site = pathlib.Path(sysconfig.get_path("purelib")); \
		up = "../" * len(site.relative_to(pathlib.Path.cwd()).parts); \
		(site / "crossroads-contracts.pth").write_text(f"{up}generated\n")'
	@touch $@

$(GENERATED): $(INSTALLED) $(CONTRACTS) protos/generate.py
	@echo "Making code from the contracts."
	@$(BIN)/python protos/generate.py

demo: $(READY)
	@$(BIN)/crossroads demo $(ARGS)

up: $(READY)
	@$(BIN)/crossroads up

test: $(READY)
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python protos/lint.py

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	@$(BIN)/crossroads bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

# OpenFisca is held against, never run on: it has an environment of its own.
$(ORACLE): oracle/requirements.lock
	@test -x build/oracle/bin/pip || $(PYTHON) -m venv build/oracle
	build/oracle/bin/python -m pip install --quiet --no-deps --require-hashes \
		-r oracle/requirements.lock
	@touch $@

oracle: $(READY) $(ORACLE)
	@$(BIN)/python -m bench.oracle $(ARGS)

# Every version and every hash, without a word on where packages come from.
lock:
	@test -x build/lock/bin/uv || { $(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet uv; }
	build/lock/bin/uv pip compile pyproject.toml --quiet --all-extras --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --output-file requirements.lock
	build/lock/bin/uv pip compile oracle/requirements.in --quiet --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --output-file oracle/requirements.lock

clean:
	-@if [ -x $(BIN)/crossroads ] && [ -d .crossroads ]; then $(BIN)/crossroads down; fi
	rm -rf .crossroads build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

distclean: clean
	rm -rf .venv generated *.egg-info
