# make demo   set everything up and run the sample company: dashboard on http://127.0.0.1:8501
# make test   set everything up and run every check: format, lint, types, import contracts, tests, browser tests

PYTHON ?= python3
UV := .tools/bin/uv
RUN := .venv/bin

.PHONY: demo test check format setup setup-dev clean

demo: setup
	$(RUN)/groundswell up --demo

test: setup-dev
	bash tests/run.sh

# uv comes from the package index into a folder of our own: it makes the environment without python3-venv and
# installs exactly what uv.lock says. Like pip, it trusts the authorities that the machine trusts: behind a proxy
# that inspects TLS nothing else works.
export UV_SYSTEM_CERTS ?= true

$(UV):
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tools "uv>=0.9,<1"

setup: $(UV)
	$(UV) sync --quiet --frozen --no-dev --inexact --compile-bytecode --python $(PYTHON)

setup-dev: $(UV)
	$(UV) sync --quiet --frozen --compile-bytecode --python $(PYTHON)

format: setup-dev
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

clean:
	rm -rf .venv .tools
