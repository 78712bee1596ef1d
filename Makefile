# Everything that a newcomer needs: `make scan` and `make test` set up what they use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REPORT := examples-report
# Shows how a scan of the examples ended: with code 1, as they are vulnerable.
ENDED = code=$$?; echo; echo "exit code of the scan: $$code (1 is right: the examples are vulnerable)"; \
	echo "reports: $(REPORT)/scangate.html $(REPORT)/scangate.sarif $(REPORT)/scangate-results.json"; test $$code -eq 1
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate \
	--no-emit-index-url --custom-compile-command "make locks" --exclude-newer "$$(date -u -d '7 days ago' +%F)"

.PHONY: help scan scan-all dast test test-needs lint wheel workflows docs locks clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

scan: $(VENV)/runtime ## Scan the examples with every scanner; shows the verdict, reports in examples-report/
	@$(BIN)/scangate scan examples --output $(REPORT) --policy examples/policy.yaml \
	--advisories examples/advisories; $(ENDED)

scan-all: $(VENV)/dev ## The same with Trivy and Grype too, and a container image; builds all tools, which takes minutes
	$(BIN)/scangate tools install
	$(BIN)/python scripts/example_data.py build/examples
	@$(BIN)/scangate scan examples --output $(REPORT) --policy examples/policy.yaml \
	--config build/examples/scangate.toml; $(ENDED)

dast: $(VENV)/dev ## Scan a running weak web shop with a real ZAP, which is set up here (Java 17 and Maven)
	@zap=$$($(BIN)/python -m tests.zap.installation) && export PATH="$$zap:$$PATH" WEAK_WEB_USER=alice \
	WEAK_WEB_PASSWORD="made-up & weak" WEAK_WEB_STAFF=carol WEAK_WEB_STAFF_PASSWORD="made-up = weak" && \
	$(BIN)/scangate scan --app "$(BIN)/python examples/weak-web/app.py --port {port}" \
	--url "http://127.0.0.1:{port}/" --wait-for /health --config examples/weak-web/scangate.toml \
	--output $(REPORT); $(ENDED)

test: $(VENV)/dev test-needs ## Run every test
	$(BIN)/pytest -n 2 --dist worksteal

# Programs that tests run beside the scanners. A registry is small and comes with Debian, so root may have it installed.
test-needs:
	@command -v go >/dev/null || echo "Go is missing: apt-get install golang-go, or go.dev/dl for 1.26 or newer"
	@command -v npm >/dev/null || echo "npm is missing: apt-get install npm"
	@command -v mvn >/dev/null && command -v javac >/dev/null || \
		echo "Java or Maven is missing: apt-get install openjdk-17-jdk-headless maven"
	@command -v docker-registry >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		apt-get update -qq && apt-get install -qq --no-install-recommends docker-registry >/dev/null; } || \
		echo "a registry is missing: apt-get install --no-install-recommends docker-registry"

lint: $(VENV)/dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel: $(VENV)/dev ## Build the wheel, and start it in a clean environment
	rm -rf build dist
	$(BIN)/uv build --quiet --wheel --out-dir dist
	rm -rf build/clean && $(BIN)/uv venv --quiet build/clean
	$(BIN)/uv pip install --quiet --python build/clean/bin/python dist/*.whl
	cd build && clean/bin/scangate --version && clean/bin/scangate --help >/dev/null

workflows: $(VENV)/dev ## Check action.yml and the workflows
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet action.yml .github

docs: $(VENV)/dev ## Write what is generated in README.md and docs/ anew
	$(BIN)/python scripts/docs.py

locks: $(VENV)/dev ## Resolve every lock file anew, with a cool-down on new releases
	$(BIN)/python scripts/locks
	$(COMPILE) pyproject.toml requirements/build.in --output-file requirements/action.txt
	$(COMPILE) pyproject.toml requirements/build.in --group dev --output-file requirements/dev.txt

clean: ## Remove what was built here (installed scanners stay in your data folder)
	rm -rf $(VENV) build dist $(REPORT) *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The environment: hash-locked packages, then scangate itself, editable.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: apt-get install python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "venv is needed: apt-get install python3-venv"; exit 1; }
	@command -v git >/dev/null || { echo "git is needed: apt-get install git"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements/action.txt pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/action.txt
	$(BIN)/pip install --quiet --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/runtime
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@
