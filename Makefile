# make test   README's test command: install with what the tests need, and run them
# make fast   for the minutes in between: lint, types, and the tests of the rooms that differ from main
# make device measure a GPU within ten minutes: benchmarks/device/run.py says what; make device-small tries that on a CPU
# make evidence  the suites of benchmarks/evidence/, published below results/: hours on two cores; goes on where it was
# make ci     all of it in a fresh virtual environment: what must be green

.PHONY: test fast lint ci device device-small evidence

test:
	pip install -e '.[test]'
	pytest

fast: lint
	tests=$$(python .ci/changed_tests.py) && { [ -z "$$tests" ] || pytest -q -x $$tests; }

lint:
	ruff check .
	ruff format --check .
	mypy
	lint-imports

device:
	benchmarks/device/run.sh

device-small:
	benchmarks/device/run.sh --small

evidence:
	benchmarks/evidence/run.sh

ci:
	bash .ci/run
