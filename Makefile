# make run: the whole portal on this machine.   make test: every test.   Nothing but Python 3.11 or newer is needed before.
PYTHON ?= python3
PY := .venv/bin/python

.PHONY: setup run test lint bench audit journey openapi image-check clean

setup:
	@$(PYTHON) .ci/setup.py

run: setup
	@MOTCUA_SANDBOX_URL="$${MOTCUA_SANDBOX_URL-http://127.0.0.1:8002}" exec .venv/bin/motcua demo run

# Two workers, a file each at a time, in the order of tests/conftest.py: every worker has a database of its own.
test: setup
	@exec $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports

bench: setup
	@exec $(PY) -m bench

bench-%: setup
	@exec $(PY) -m bench $*

audit: setup
	@exec $(PY) .ci/audit.py

journey: setup
	@exec .venv/bin/motcua journey

openapi: setup
	@exec .venv/bin/motcua openapi

image-check:
	@exec sh .ci/image

clean:
	@rm -rf build app/web/static/build .ruff_cache .mypy_cache .pytest_cache .import_linter_cache
