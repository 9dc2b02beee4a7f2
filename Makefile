# `make help` lists what there is to make.

MODULE := github.com/airlock-run/airlock
GOLANGCI_LINT := go tool -modfile=internal/tools/go.mod golangci-lint
GUESTS := $(patsubst %/manifest.json,./%/...,$(wildcard extensions/*/manifest.json))

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
proof: setup guests ## before a release: each fuzz target for 5 minutes, a million jobs in sandboxes, 2,000 jobs through each failure, all tests five times over
	internal/make/fuzz 5m
	go test -tags=soak -run='^TestSoak$$' -v -timeout=60m ./runner/sandbox/sandboxtest
	AIRLOCK_PROOF=2000 go test -v -parallel=2 -timeout=120m ./internal/reliability
	go test -race -shuffle=on -count=5 -timeout=60m ./...

.PHONY: bench
bench: guests ## the figures of the README, measured here
	go run ./internal/bench

.PHONY: bench-jobs
bench-jobs: ## how durable jobs are enqueued, dealt and recorded, beside the bus alone, measured here
	go run ./internal/bench/jobs

.PHONY: bench-door
bench-door: ## what the door costs a call, and whether rates hold across worker processes, measured here (6 minutes)
	go run ./internal/bench/door

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
fuzz: ## each fuzz target for 3 seconds
	internal/make/fuzz 3s

.PHONY: benchmarks
benchmarks: ## each benchmark once
	internal/make/benchmarks 1x

# What has little concurrency and much to compile: under the race detector it takes minutes. All of it is in proof.
LONG := ./runner/sandbox/meter ./runner/sandbox/spectest ./runner/sandbox/sandboxtest

.PHONY: race
race: guests warm ## all tests under the race detector, but for those that take long
	go test -short $(LONG)
	go test -race -shuffle=on $(filter-out $(LONG:./%=$(MODULE)/%),$(shell go list ./...))

# The engine compiles guests and PDFium an order of magnitude slower under the race detector. It keeps machine code in
# .build/test-cache, so it is made without the detector first.
.PHONY: warm
warm:
	go test -count=1 -run='^TestDemo$$' ./cmd/airlock

.PHONY: fmt
fmt: ## format with gofumpt and gci
	$(GOLANGCI_LINT) fmt

.PHONY: clean
clean: ## remove what make has made; state of a running Airlock (.airlock/) stays
	rm -rf bin .build
