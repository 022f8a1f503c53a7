# make demo: build everything and step 4096 CartPoles, side by side with Gymnasium.
# make test: run every test.
# Both install what is missing: system packages (scripts/install_system_packages.sh), then a virtual environment, .venv.

PYTHON ?= python3
venv := .venv
python := $(venv)/bin/python
core_sources := CMakeLists.txt $(wildcard cmake/*) $(wildcard include/operant/*) $(wildcard bindings/*)
package_sources := pyproject.toml README.md LICENSE $(shell find python -type f -not -name '*.pyc')

.PHONY: demo test test-cpp test-python lint stubs system clean help

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1\t\2/p' $(MAKEFILE_LIST)

demo: $(venv)/installed  ## build, and compare with Gymnasium
	$(python) -m operant bench

test: lint test-cpp test-python  ## run every test

lint: $(venv)/requirements
	$(venv)/bin/ruff check .
	$(venv)/bin/ruff format --check .
	$(venv)/bin/mypy

stubs: $(venv)/installed  ## write the type stubs of the compiled module anew
	$(python) -m nanobind.stubgen --quiet --exclude-values --module operant._core --output-file python/operant/_core.pyi

test-cpp: system  ## run the C++ tests
	cmake -S . -B build/cpp -G Ninja -DOPERANT_BENCHMARKS=OFF
	cmake --build build/cpp
	ctest --test-dir build/cpp --output-on-failure

test-python: $(venv)/installed  ## run the Python tests
	$(python) -m pytest

system:
	@scripts/install_system_packages.sh --check >/dev/null || scripts/install_system_packages.sh

$(venv)/requirements: pyproject.toml | system
	$(PYTHON) -m venv $(venv)
	$(venv)/bin/pip install --quiet --upgrade pip
	$(venv)/bin/pip install --quiet --group dev
	touch $@

# The package is installed as users get it, from a wheel; only the compiler's output is kept between two installs.
$(venv)/installed: $(venv)/requirements $(core_sources) $(package_sources)
	$(venv)/bin/pip install --no-build-isolation --no-deps --force-reinstall -C build-dir=build/python .
	touch $@

clean:  ## remove everything that was built
	rm -rf build dist $(venv)
