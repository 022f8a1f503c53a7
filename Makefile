# make demo: build the package and compare its speed with Gymnasium's.
# make test: run every test.
# Both install missing system packages (scripts/install_system_packages.sh) and make a virtual environment, .venv.

PYTHON ?= python3
venv := .venv
python := $(venv)/bin/python
core_sources := CMakeLists.txt $(wildcard cmake/*) $(shell find include bindings -type f)
package_sources := pyproject.toml README.md LICENSE $(shell find python -type f -not -name '*.pyc')


.PHONY: demo bench bench-check test test-quick cpp-tests test-cpp test-python test-package test-oldest test-debian13 test-integrations sanitize test-cpus soak audit lint stubs docs docs-cpp dist system clean help

help:  ## print this list
	@sed -n 's/^\([a-z0-9-]*\):.*##  *\(.*\)/\1\t\2/p' $(MAKEFILE_LIST)

demo: $(venv)/installed  ## build the package, and compare it with Gymnasium
	$(python) -m operant bench
	@printf '%s\n' '' 'Operant is installed in $(venv). To use it in this shell, and three things to try:' '' \
	    '    . $(venv)/bin/activate' \
	    '    operant watch CartPole-v1 -o cartpole.gif           # a video of random actions' \
	    '    operant check examples/double_integrator.hpp        # compile and play an environment of your own' \
	    '    python examples/cem.py                              # search for a policy'

bench: system  ## run the C++ micro-benchmarks, which also write build/bench/benchmarks.json
	cmake -S . -B build/bench -G Ninja -DOPERANT_TESTS=OFF
	cmake --build build/bench --target run_benchmarks

bench-check: $(venv)/installed $(venv)/peers  ## compare this machine's ratios with the targets
	$(python) bench/check.py

# Short stages first, so most mistakes show early. The first two use one core each, so they run together.
test: $(venv)/installed  ## run every test
	$(MAKE) --jobs=2 lint test-package
	$(MAKE) test-python
	$(MAKE) test-cpp

lint: $(venv)/requirements  ## check format, style and types of the Python code
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy

stubs: $(venv)/installed  ## generate the type stubs of the compiled module
	$(python) -m nanobind.stubgen --quiet --exclude-values --module operant._core --output-file python/operant/_core.pyi

# The C++ tests are built where the wheel was, because they use its kernels.
cpp-tests: $(venv)/installed
	@test -d build/python || { rm $(venv)/installed; $(MAKE) $(venv)/installed; }
	cmake -DOPERANT_TESTS=ON build/python

test-cpp: cpp-tests  ## run the C++ tests
	cmake --build build/python
	ctest --test-dir build/python --output-on-failure --parallel 2

test-python: $(venv)/installed  ## run the Python tests
	$(python) -m pytest -n auto --dist worksteal --durations 20

test-package: $(venv)/installed  ## build and test the example of a Python package, from a wheel of Operant
	scripts/test_package_example.sh

# For frequent use during development: of the C++ code, this builds only the package.
test-quick: $(venv)/installed  ## run the most important Python tests, in less than a minute
	$(python) -m pytest -n auto --dist worksteal -m quick

# pyproject.toml names the oldest versions. The oldest numpy has wheels for Python 3.10 to 3.12.
test-oldest: $(venv)/requirements  ## run the Python tests with the oldest supported numpy and Gymnasium
	rm -rf build/oldest build/wheel
	$(python) -m pip wheel --no-build-isolation --no-deps -C build-dir=build/python -w build/wheel .
	$(PYTHON) -m venv build/oldest
	build/oldest/bin/python -m pip install --quiet --upgrade pip
	$(python) scripts/read_pyproject.py oldest >build/oldest/constraints.txt
	build/oldest/bin/python -m pip install --quiet --only-binary :all: -c build/oldest/constraints.txt --group test build/wheel/*.whl
	build/oldest/bin/python -m pip list | grep -E '^(gymnasium|numpy) '
	build/oldest/bin/python -m pytest -n auto --dist worksteal

# Needs root, debootstrap, and 3 GB. The committed sources are tested.
test-debian13:  ## run `make test` in a fresh Debian 13, with its Python 3.13 and GCC 14
	scripts/run_in_debian.sh trixie make test

# The libraries take 7 GB, in a separate virtual environment.
test-integrations: $(venv)/requirements  ## train agents with Stable-Baselines3, TorchRL, RLlib and other libraries
	rm -rf build/wheel
	$(python) -m pip wheel --no-build-isolation --no-deps -C build-dir=build/python -w build/wheel .
	test -d build/integrations || $(PYTHON) -m venv build/integrations
	build/integrations/bin/python -m pip install --quiet --upgrade pip
	build/integrations/bin/python -m pip install --quiet --only-binary :all: --group test build/wheel/*.whl
	build/integrations/bin/python -m pip install --quiet --no-deps --force-reinstall build/wheel/*.whl
	build/integrations/bin/python scripts/test_integrations.py

sanitize: $(venv)/requirements  ## run tests under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer
	scripts/test_sanitizers.sh

test-cpus: cpp-tests  ## run the quick tests on older and other processors, emulated
	@scripts/install_system_packages.sh --check cpus >/dev/null || scripts/install_system_packages.sh cpus
	cmake --build build/python --target tests_sse4_2 tests_avx2 tests_kernels
	cmake -S . -B build/aarch64 -G Ninja -DOPERANT_BENCHMARKS=OFF --toolchain cmake/aarch64-linux-gnu.cmake
	cmake --build build/aarch64
	scripts/test_cpus.sh

soak: $(venv)/installed  ## check memory, counters and accuracy in runs of minutes
	$(python) tests/soak.py

# --strict: a package that the database does not know is an error.
audit: $(venv)/requirements  ## look up all Python dependencies in the database of known vulnerabilities
	$(python) -m pip install --quiet --group audit
	mkdir -p build
	$(python) -m pip freeze --exclude operant >build/dependencies.txt
	$(python) -m pip_audit --strict --no-deps --disable-pip --requirement build/dependencies.txt

docs: $(venv)/docs $(venv)/installed  ## build the documentation into build/docs
	NO_MKDOCS_2_WARNING=1 $(python) -m mkdocs build --strict --quiet
	$(MAKE) docs-cpp
	@echo "The documentation is in build/docs: open file://$(CURDIR)/build/docs/index.html"

docs-cpp:
	@scripts/install_system_packages.sh --check docs >/dev/null || scripts/install_system_packages.sh docs
	mkdir -p build/docs/cpp
	OPERANT_VERSION=$$($(PYTHON) scripts/read_pyproject.py version) doxygen Doxyfile
	cd build/docs && ls $$(grep -o 'cpp/[^"]*\.html' ../../docs/cpp.md) >/dev/null

# `make dist MANYLINUX=2_28` makes a wheel for glibc 2.28 and newer, with the compiler of cmake/manylinux_2_28.cmake. Without
# MANYLINUX, this system's compiler makes a wheel for its own C library.
with_venv := PATH="$(CURDIR)/$(venv)/bin:$$PATH"
dist: $(venv)/requirements  ## build sdist and wheel into dist/, and test the wheel
	rm -rf dist build/dist
	$(python) -m pip install --quiet --group dist $(if $(MANYLINUX),--group manylinux)
	$(with_venv) $(if $(MANYLINUX),CMAKE_TOOLCHAIN_FILE="$(CURDIR)/cmake/manylinux_$(MANYLINUX).cmake") \
	    $(python) -m build --outdir build/dist
	mkdir dist && cp build/dist/*.tar.gz dist
	$(with_venv) $(python) -m auditwheel repair $(if $(MANYLINUX),--plat manylinux_$(MANYLINUX)_$$(uname -m)) \
	    --wheel-dir dist build/dist/*.whl
	scripts/check_dist.sh

system:
	@scripts/install_system_packages.sh --check >/dev/null || scripts/install_system_packages.sh

$(venv)/requirements: pyproject.toml | system
	$(PYTHON) -m venv $(venv)
	$(python) -m pip install --quiet --upgrade pip
	$(python) -m pip install --quiet --group dev
	touch $@

# The libraries to compare with in benchmarks. If one cannot be installed, its rows say so.
$(venv)/peers: $(venv)/requirements
	-$(python) -m pip install --quiet --group peers
	touch $@

# The programs that build the pages. The build fails if they cannot be installed.
$(venv)/docs: $(venv)/requirements
	$(python) -m pip install --quiet --group docs
	touch $@

# Installs the package from a wheel, as users do. Only the compiler's output is kept for the next build.
$(venv)/installed: $(venv)/requirements $(core_sources) $(package_sources)
	$(python) -m pip install --no-build-isolation --no-deps --force-reinstall -C build-dir=build/python .
	touch $@

clean:  ## remove everything that was built
	rm -rf build dist $(venv)
