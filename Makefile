# Tasks for contributors. `make` alone lists the targets.
# Each target works in a fresh clone: it sets up what it needs first.

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .uv/bin/uv
BIN := .venv/bin
READY := .venv/.ready
# uv leaves an empty lock file in the folder for temporary files.
RUN_UV := TMPDIR="$(CURDIR)/.uv" $(UV)
# Use only this machine's Python; otherwise uv would download another.
export UV_PYTHON_DOWNLOADS := never
# Tests that run the code in their own process, so that coverage sees it.
MEASURED := tests/unit tests/cli tests/client tests/local_registry
# Where releases have the image and the chart.
IMAGES ?= ghcr.io/model-registrar
# A tag is as good as its version.
RELEASED = $(VERSION:v%=%)

.DEFAULT_GOAL := help
.PHONY: help setup generate check lint types layers prose generated docs site site-check recording fix test coverage oracle chart chart-readme image release test-release test-image publish-image publish-chart publish-release workflows audit monitoring gitops bench-client bench-operator bench-registries demo dev e2e-kind clean

help:  ## List the targets
	@echo "Model Registrar: make TARGET"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY)  ## Create .venv with everything for development

$(UV): Makefile
	@echo "==> Installing uv $(UV_VERSION) into .uv/"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed, $(PYTHON) is {sys.version.split()[0]}: name another one with make PYTHON=…")'
	@$(PYTHON) -m venv --clear .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(READY): $(UV) pyproject.toml uv.lock
	@echo "==> Installing the locked dependencies into .venv/"
	@$(RUN_UV) sync --python $(PYTHON) --all-extras --locked 2>&1 | sed '/^ [+~-] /d'
	@$(RUN_UV) sync --python $(PYTHON) --all-extras --locked --check --quiet  # sed hides the exit status
	@touch $@

generate: $(READY)  ## Generate files from the code (CRDs, parts of the chart, references)
	@echo "==> Generating"
	@$(BIN)/python -m tools.generate

check: lint types layers prose generated  ## Check lint, types, import layers, spelling, generated files and lock file without changing anything

lint: $(READY)
	@echo "==> Lint and formatting"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(READY)
	@echo "==> Types"
	@$(BIN)/mypy

layers: $(READY)
	@echo "==> Import layers"
	@$(BIN)/lint-imports

prose: $(READY)
	@echo "==> Spelling and YAML"
	@$(BIN)/codespell
	@$(BIN)/python -m tools.prose
	@$(BIN)/yamllint --strict crds examples charts/model-registrar/values.yaml charts/model-registrar/Chart.yaml charts/model-registrar/ci charts/model-registrar/tests integrations

generated: $(READY)
	@echo "==> Generated files and lock file"
	@$(BIN)/python -m tools.generate --check
	@$(RUN_UV) lock --check

workflows: $(READY)  ## Check the workflows of GitHub Actions with actionlint and zizmor
	@echo "==> Workflows"
	@$(BIN)/python -m devcluster.workflowtools
	@$(BIN)/zizmor --offline --quiet --persona=pedantic .github

audit: $(READY)  ## Fail if uv.lock has a package with a known vulnerability (asks osv.dev)
	@echo "==> Known vulnerabilities"
	@$(RUN_UV) audit --locked --preview-features=audit-command $(ARGS)

fix: $(READY)  ## Fix what can be fixed automatically: lint, formatting, spelling, generated files, lock file
	@echo "==> Fixing"
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format
	@$(BIN)/codespell --write-changes || true  # make check lists what is left
	@$(BIN)/python -m tools.generate
	@$(RUN_UV) lock

test: $(READY)  ## Run the whole suite on real servers; ARGS="-k name" narrows it
	@echo "==> The control plane's programs (built once if this machine has none)"
	@$(BIN)/python -m devcluster.binaries
	@echo "==> Tests: two workers, each with its own control plane and registry"
	@$(BIN)/python -m pytest -n 2 --dist loadfile --ignore=tests/chart --ignore=tests/release --ignore=tests/argocd --ignore=tests/monitoring --ignore=tests/site $(if $(AFTER_COVERAGE),$(MEASURED:%=--ignore=%)) $(ARGS)

coverage: $(READY)  ## Run the tests of the client, the embedded registry and the operator's units, and check their coverage
	@echo "==> The control plane's programs (built once if this machine has none)"
	@$(BIN)/python -m devcluster.binaries
	@echo "==> Tests with branch coverage"
	@$(BIN)/python -m pytest -n 2 --dist loadfile --cov= $(MEASURED) $(ARGS)

oracle: $(READY)  ## Compare 10,000 random plans with what the operator then does (an hour); CASES=… plays fewer, SEED=… repeats a run
	@echo "==> The control plane's programs (built once if this machine has none)"
	@$(BIN)/python -m devcluster.binaries
	@echo "==> Plans, and what happens"
	@ORACLE_CASES=$(or $(CASES),10000) ORACLE_SEED=$(SEED) $(BIN)/python -m pytest -n 2 tests/cli/plan/oracle/test_*_batches.py $(ARGS)

chart: $(READY)  ## Check the chart and the release's files, and install both on a real API server; ARGS="-k name" narrows it
	@echo "==> The control plane's programs, Helm, and what checks charts (built once if this machine has none)"
	@$(BIN)/python -m devcluster.binaries
	@$(BIN)/python -m devcluster.charttools
	@echo "==> Tests of the chart and of the release"
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests/chart tests/release $(ARGS)

chart-readme: $(READY)  ## Generate the chart's README.md from its values.yaml, with helm-docs
	@$(BIN)/python -m devcluster.charttools --readme

monitoring: $(READY)  ## Test the alerts and the dashboard with a real Prometheus; ARGS="-k name" narrows it
	@echo "==> The control plane's programs, Helm and Prometheus (built once if this machine has none)"
	@$(BIN)/python -m devcluster.binaries
	@$(BIN)/python -m devcluster.charttools
	@$(BIN)/python -m devcluster.prometheus
	@echo "==> Tests with Prometheus"
	@$(BIN)/python -m pytest tests/monitoring $(ARGS)

gitops: $(READY)  ## Test with a real Argo CD; ARGS="-k name" narrows it
	@echo "==> The control plane's programs, Argo CD's and Helm (built once if this machine has none)"
	@$(BIN)/python -m devcluster.binaries
	@$(BIN)/python -m devcluster.argocd
	@$(BIN)/python -m devcluster.charttools
	@echo "==> Tests with Argo CD"
	@$(BIN)/python -m pytest tests/argocd $(ARGS)

image: $(READY)  ## Build the operator's image with docker or podman; TAG=… sets its name, BASE=… its base image
	@$(BIN)/python -m devcluster.image $(if $(TAG),--tag=$(TAG)) $(if $(BASE),--base=$(BASE)) $(ARGS)

bench-client: $(READY)  ## Compare the client with PyPI's and bare httpx (a few minutes); ARGS="--help" lists options
	@echo "==> Benchmark of the client"
	@$(BIN)/python -m benchmarks.client $(ARGS)

bench-operator: $(READY)  ## Compare the operator with a textbook one (about 20 minutes); ARGS="--help" lists options
	@echo "==> Benchmark of the operator"
	@$(BIN)/python -m benchmarks.operator $(ARGS)

bench-registries: $(READY)  ## Measure the operator with 20 registries, two of them silent; ARGS="--help" lists options
	@echo "==> Benchmark of many registries"
	@$(BIN)/python -m benchmarks.registries $(ARGS)

docs: $(READY)  ## Build the documentation site into build/docs; warnings are errors
	@echo "==> Building the site"
	@$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet --builder html $(if $(VERSIONED),--tag versioned) docs build/docs
	@echo "build/docs/index.html is ready"

site: $(READY)  ## Build the site as it is published: a folder for each version
	@$(BIN)/python -m tools.site build/site

site-check: $(READY)  ## Check every page of the site in a browser (needs Chrome or Chromium): width, links, errors, accessibility
	@$(BIN)/python -m tests.site.browser
	@$(MAKE) --no-print-directory site
	@echo "==> Tests of the site in a browser: two workers, each with its own"
	@$(BIN)/python -m pytest -n 2 tests/site $(ARGS)

recording: $(READY)  ## Record `make demo` again, and draw docs/images/demo.svg
	@$(BIN)/python -m tools.recording

release: $(READY)  ## Build a release into dist/ and tag it: VERSION=x.y.z; DRY_RUN=1 creates no tag, TAGGED=1 builds a tag's
	@test -n "$(VERSION)" || { echo "error: VERSION is not set: make release VERSION=x.y.z" >&2; exit 2; }
	@echo "==> Release $(RELEASED)"
	@$(BIN)/python -m tools.release --uv=$(UV) --images=$(IMAGES) $(if $(DRY_RUN),--dry-run) $(if $(TAGGED),--tagged) -- "$(RELEASED)"

test-release: $(READY)  ## Test the files that `make release` has built into dist/
	@echo "==> The control plane's programs, and Helm (built once if this machine has none)"
	@$(BIN)/python -m devcluster.binaries
	@$(BIN)/python -m devcluster.charttools
	@echo "==> Tests of dist/"
	@cd dist && sha256sum --check --quiet SHA256SUMS
	@IMAGES=$(IMAGES) MODEL_REGISTRAR_DIST="$(CURDIR)/dist" $(BIN)/python -m pytest tests/release $(ARGS)

test-image:  ## Run dist/image.tar for each of its architectures: VERSION=x.y.z (release workflow only)
	@cd dist && sha256sum --check --quiet SHA256SUMS
	@set -e; for architecture in amd64 arm64; do \
		echo "==> The image for $$architecture"; \
		skopeo --override-arch=$$architecture copy --quiet oci-archive:dist/image.tar docker-daemon:model-registrar:$$architecture; \
		run="docker run --rm --read-only --network=none --platform=linux/$$architecture model-registrar:$$architecture"; \
		test "$$($$run --version)" = "registrar, version $(RELEASED)"; \
		$$run run --help >/dev/null; \
		$$run crds | cmp - dist/crds.yaml; \
	done

publish-image:  ## Push dist/image.tar, and sign it: VERSION=x.y.z (release workflow only)
	@skopeo copy --all --preserve-digests --digestfile=dist/image.digest oci-archive:dist/image.tar docker://$(IMAGES)/model-registrar:$(RELEASED)
	@cosign sign --yes "$(IMAGES)/model-registrar@$$(cat dist/image.digest)"

publish-chart:  ## Push the chart in dist/, and sign it: VERSION=x.y.z (release workflow only)
	@cd dist && sha256sum --check --quiet SHA256SUMS
	@helm push dist/model-registrar-$(RELEASED).tgz oci://$(IMAGES)/charts >dist/chart.log 2>&1 || { cat dist/chart.log >&2; exit 1; }
	@cosign sign --yes "$(IMAGES)/charts/model-registrar@$$(sed -n 's/^Digest: //p' dist/chart.log)"

publish-release:  ## Create the release on GitHub with the files in dist/: VERSION=x.y.z (release workflow only)
	@cd dist && sha256sum --check --quiet SHA256SUMS
	@gh release create v$(RELEASED) dist/* --verify-tag --title="Model Registrar $(RELEASED)" --notes-file=dist/release-notes.md

demo: $(READY)  ## Show the operator at work on a temporary control plane; KEEP=1 keeps it running until Ctrl-C; ARGS="--registries 2" adds a second registry
	@echo "==> Demo"
	@$(BIN)/python -m devcluster demo $(if $(KEEP),--keep) $(ARGS)

dev: $(READY)  ## Run the operator on a temporary control plane, and restart it whenever its code changes
	@echo "==> Development"
	@$(BIN)/python -m devcluster dev

e2e-kind: $(READY)  ## Install everything in a kind cluster (needs a container engine); KEEP=1 keeps the cluster
	@$(BIN)/python -m devcluster.kind $(if $(KEEP),--keep)

clean:  ## Remove everything that was built in this folder; the user's cache keeps the control plane's programs
	@echo "==> Removing .venv, .uv, caches and builds"
	@rm -rf .venv .uv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
