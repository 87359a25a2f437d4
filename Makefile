# Every verb of Sekisho. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# The pinned Node 24 and every tool come from node_modules; the machine's own Node only runs `npm ci`.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.package-lock.json

## -- work --------------------------------------------------------------------
.PHONY: install types lint format layers unit
install: $(INSTALLED) ## Install the npm packages of the lockfile

$(INSTALLED): package-lock.json package.json $(wildcard */package.json packages/*/package.json services/*/package.json services/samples/*/package.json)
	@echo '==> npm ci: packages of package-lock.json'
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

types: $(INSTALLED) ## Check types
	@tsc --noEmit

lint: $(INSTALLED) ## Check lint rules and format
	@biome check --error-on-warnings .

format: $(INSTALLED) ## Rewrite files to the format and apply safe lint fixes
	@biome check --write .

layers: $(INSTALLED) ## Check the direction of imports and that there are no cycles
	@depcruise --config .dependency-cruiser.mjs packages operator services cdk8s bench test-e2e

unit: $(INSTALLED) ## Run the unit tests
	@vitest run --project unit

.PHONY: help
help: ## List the verbs
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
