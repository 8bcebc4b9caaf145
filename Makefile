# `make serve` and `make test` are all a new machine needs: Python 3.11 and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV = .venv
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed
export PORT

.PHONY: setup serve sample load test check sdl documents migration migrate bench lock clean

setup: $(INSTALLED)

# The environment is made anew in place whenever the lock changes; the stamp comes last, so a broken
# installation is tried again.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing the locked dependencies into $(VENV) (about a minute, once)"
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { echo "Python's venv is missing: on Debian, apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

serve: setup
	@$(BIN)/portal serve $(if $(PORT),--port $(PORT))

sample migrate: setup
	@$(BIN)/portal $@

load: setup
	@test -n "$(from)" || { echo "Which folder? make load from=DIRECTORY"; exit 1; }
	@$(BIN)/portal load $(from)

sdl documents: setup
	@$(BIN)/portal $@

migration: setup
	@$(BIN)/portal migration $(name)

# Two at a time: half of the tests wait for servers that they started.
test: check
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .
	@$(BIN)/portal sdl --check
	@$(BIN)/portal documents --check

bench: setup
	@$(BIN)/python -m benchmarks $(with)

lock:
	@$(BIN)/pip-compile --quiet --extra dev --strip-extras --generate-hashes --allow-unsafe --no-header \
	    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml

clean:
	@rm -rf $(VENV) .bench dist .mypy_cache .ruff_cache .hypothesis
