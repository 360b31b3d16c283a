#!/usr/bin/env bash
# Every check of the project, in the order in which a fault is cheapest to find. Called by `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
export PYTHONDONTWRITEBYTECODE=1 HF_HUB_OFFLINE=1

step() { printf '\n== %s\n' "$1"; }

step "Debian packages that the tests need"
bash tests/packages.sh
step "format"
$bin/ruff format --check .
step "lint"
$bin/ruff check .
step "types"
$bin/mypy
step "import contracts"
$bin/lint-imports
step "tests"
# In the order of the files: by their number of tests, the few but long ones would come last, and one core wait for them.
$bin/pytest -q -m "not browser" -n 2 --dist loadfile --no-loadscope-reorder
step "browser tests"
$bin/pytest -q -m browser -n 2 --dist loadfile tests/browser
