# `make demo` and `make test` do all their own set-up in .venv and are quick the second time.
PYTHON ?= python3
VENV := .venv
# The ROS wheels set the library path once per process tree; a value inherited from another environment is not ours.
RUN := env -u _ROS_WHEELS_BOOTSTRAP_COMPLETE PATH="$(CURDIR)/$(VENV)/bin:$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)"
# pytest options, e.g. make test TESTS="test/ros -x"
TESTS ?= test

.PHONY: setup demo test lint clean

setup:
	@exec $(PYTHON) tools/setup_env.py --venv $(VENV)

demo: setup
	@exec $(RUN) $(VENV)/bin/python -m karma_cli.demo

test: setup
	@exec $(RUN) $(VENV)/bin/python -m pytest -n 2 --dist loadfile $(TESTS)

lint: setup
	@exec $(RUN) $(VENV)/bin/ruff check .
	@exec $(RUN) $(VENV)/bin/ruff format --check .
	@exec $(RUN) $(VENV)/bin/mypy

clean:
	rm -rf $(VENV) build install log out *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
