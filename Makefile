# make run    a dark photo turned bright, from a fresh clone
# make test   the whole test suite
# make check  format, lint, types, imports

PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml hatch_build.py $(wildcard src/noiser/engine/kernels/c/*.[ch])

.PHONY: run test check niqe weights lab lab-quick mutants clean

run: .venv/installed
	mkdir -p out
	$(BIN)/noiser enhance assets/night.jpg -o out/night.jpg --overwrite
	$(BIN)/python scripts/make_sheet.py assets/night.jpg out/night.jpg -o out/sheet.jpg
	@echo "Look at out/sheet.jpg: before and after."

test: .venv/installed-dev .venv/niqe_pris_params.npz .venv/axe.min.js
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --cov --cov-fail-under=95

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports importlinter.toml

niqe: .venv/niqe_pris_params.npz

weights: .venv/installed-dev
	for look in natural paper; do \
	    $(BIN)/noiser train --preset $$look --seed 0 --overwrite \
	        -o src/noiser/model/weights/$$look.safetensors || exit; done

lab: .venv/installed-dev .venv/niqe_pris_params.npz
	$(BIN)/noiser experiment all

lab-quick: .venv/installed-dev .venv/niqe_pris_params.npz
	$(BIN)/noiser experiment all --quick

mutants: .venv/installed-dev
	$(BIN)/python scripts/mutants

clean:
	rm -rf .venv out build dist

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/installed-dev: .venv/bin/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ .venv/installed

.venv/niqe_pris_params.npz: scripts/fetch_niqe.py | .venv/bin/python
	$(BIN)/python scripts/fetch_niqe.py -o $@

# Deque's checker of accessibility; a test needs it, and is skipped where there is no npm.
.venv/axe.min.js: | .venv/bin/python
	cd .venv && npm pack --silent axe-core@4.14.1 && \
	    tar -xzf axe-core-4.14.1.tgz --strip-components=1 package/axe.min.js || \
	    echo "axe-core was not fetched: its test will be skipped"
