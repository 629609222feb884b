# Two commands do everything on a fresh machine: `make demo` runs the main job, `make test` runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow lint bench docs clean

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,notebooks,export]"
	@touch $@

demo: $(VENV)/ready  ## record demonstrations, break copies of some, judge all of them, compare what was injected with what was found
	$(BIN)/python -m shiliu.replay.demo demo-out

test: $(VENV)/ready  ## the default suite, within 10 minutes on two cores
	$(BIN)/python -m pytest tests -n 2 -m "not slow"

test-slow: $(VENV)/ready  ## what takes longer: hundreds of demonstrations, long soaks
	$(BIN)/python -m pytest tests -m slow

lint: $(VENV)/ready  ## style and types
	$(BIN)/python -m ruff check .
	@mkdir -p .types && ln -sfn .. .types/shiliu
	MYPYPATH=.types $(BIN)/python -m mypy -p shiliu

bench: $(VENV)/ready  ## speed as ratios to the bare engine
	$(BIN)/python -m shiliu bench scenario=microwave

clean:
	rm -rf $(VENV) .types demo-out build *.egg-info
