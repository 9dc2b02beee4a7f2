# `make help` lists what there is to make.

MODULE := github.com/airlock-run/airlock
GOLANGCI_LINT := go tool -modfile=internal/tools/go.mod golangci-lint
GUESTS := $(patsubst %/manifest.json,./%/...,$(wildcard extensions/*/manifest.json examples/*/manifest.json))

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-13s %s\n", $$1, $$2 }'

## Building and running

.PHONY: build
build: guests ## bin/airlock, and the extensions we ship in .build/guests/<name>/
	go build -trimpath -o bin/airlock ./cmd/airlock

.PHONY: guests
guests: ## the extensions alone
	internal/make/guests

.PHONY: setup
setup: ## install the Debian packages that running and testing need
	@internal/make/setup test

.PHONY: demo
demo: ## run the demonstration; MAIL=file.eml takes a mail of yours
	@internal/make/setup run
	@$(MAKE) --no-print-directory build
	bin/airlock demo $(if $(MAIL),--mail '$(MAIL)')

## Testing

.PHONY: test
test: setup guests format-check lint vet fuzz benchmarks race ## all that CI runs, in under 15 minutes

.PHONY: test-short
test-short: guests ## the inner loop: all tests, with fewer rounds, in under a minute
	go test -short ./...

.PHONY: proof
proof: setup guests ## before a release: each fuzz target for 5 minutes, a million jobs in sandboxes, 2,000 jobs through each failure, all tests five times over, rates across processes
	internal/make/fuzz 5m
	go test -tags=soak -run='^TestSoak$$' -v -timeout=60m ./runner/sandbox/sandboxtest
	AIRLOCK_PROOF=2000 go test -v -parallel=2 -timeout=120m ./internal/reliability
	AIRLOCK_PROOF=1 go test -run='^TestDealerIsFair$$' ./bus
	go test -race -shuffle=on -count=5 -skip=Large -timeout=60m ./...
	go run ./internal/bench/door rate

.PHONY: eval
eval: ## how well receipts are read, over labelled mails; fails below the goals
	@internal/make/setup run
	go run ./internal/eval

.PHONY: bench
bench: guests ## the figures of the README, measured here
	go run ./internal/bench

.PHONY: bench-jobs
bench-jobs: ## how durable jobs are enqueued, dealt and recorded, beside the bus alone, measured here
	go run ./internal/bench/jobs

.PHONY: bench-door
bench-door: ## what the door costs a call, and whether rates hold across worker processes, measured here (6 minutes)
	go run ./internal/bench/door

.PHONY: bench-operations
bench-operations: ## what the framework of operations costs a call, measured here
	go run ./internal/bench/operations

.PHONY: bench-sandbox
bench-sandbox: guests ## what a sandbox costs and holds, beside plain wazero and Extism, measured here
	@internal/make/setup bench-sandbox
	internal/make/bench-guests
	go run ./internal/bench/sandbox

# The steps of test. They run in the order in which test names them.
.NOTPARALLEL:

.PHONY: format-check
format-check:
	$(GOLANGCI_LINT) fmt --diff

.PHONY: lint
lint: ## golangci-lint with .golangci.yml
	$(GOLANGCI_LINT) run

.PHONY: vet
vet:
	go vet ./...
	GOOS=wasip1 GOARCH=wasm go vet ./sdk/... $(GUESTS)

.PHONY: fuzz
fuzz: ## each fuzz target for a second
	internal/make/fuzz 1s

.PHONY: benchmarks
benchmarks: ## each benchmark once, with little to look through
	AIRLOCK_BENCH_JOBS=2000 AIRLOCK_BENCH_ENTRIES=2000 internal/make/benchmarks 1x

# What has little concurrency and much to compute: under the race detector it takes minutes. All of it is in proof, but for tests of what is
# large, as a hundred megabytes are.
LONG := ./runner/sandbox/meter ./runner/sandbox/spectest ./runner/sandbox/sandboxtest ./extensions/signing $(addprefix ./internal/mailset/,. heldout tuned paper)
LARGE := ./bus ./internal/node ./operations/http ./operations/vdfs ./runner

.PHONY: race
race: guests warm ## all tests under the race detector, but for those that take long
	go test -short $(LONG)
	go test -run=Large $(LARGE)
	go test -race -shuffle=on -timeout=20m -skip=Large $(filter-out $(patsubst %/.,%,$(LONG:./%=$(MODULE)/%)),$(shell go list ./...))

# The engine compiles guests and PDFium an order of magnitude slower under the race detector. It keeps machine code in
# .build/test-cache, so it is made without the detector first.
.PHONY: warm
warm:
	go test -count=1 -run='^Test(Demo|ExtensionsLoad)$$' ./cmd/airlock

.PHONY: fmt
fmt: ## format with gofumpt and gci
	$(GOLANGCI_LINT) fmt

.PHONY: clean
clean: ## remove what make has made; state of a running Airlock (.airlock/) stays
	rm -rf bin .build
