# Everything a person types. `make` alone prints this list.

SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := target/debug/crashwindow

# What `make proof` repeats; CI runs fewer (see .ci/run).
PROOF_RUNS ?= 20

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: lab-up
lab-up: setup build ## Install what is missing, start Kafka and Postgres, run lab 1 broken and fixed
	@$(BIN) up
	@$(BIN) compare 01
	@echo
	@echo 'work through it:  labs/01-select-then-act/README.md, after'
	@echo '                  export PATH="$$PWD/$(dir $(BIN)):$$PATH"'
	@echo 'read the two:     diff labs/01-select-then-act/broken.rs labs/01-select-then-act/fixed.rs'
	@echo 'stop it all:      make lab-down'


.PHONY: lab-down
lab-down: ## Stop Kafka and Postgres and remove what they stored
	@if [ -x $(BIN) ]; then $(BIN) down; else echo "nothing was built, so nothing runs"; fi

.PHONY: test
test: setup-test build ## Run every test, on real Kafka and Postgres of its own
	@scripts/test.sh

.PHONY: examples
examples: ## Install what the consumers in Python, Node and Java need (examples/README.md)
	@examples/setup

.PHONY: check
check: setup ## Formatting, lints, and that folders, manifests, programs and docs agree
	cargo fmt --check
	cargo clippy --all-targets --quiet -- -D warnings
	cargo test --quiet --test layout

.PHONY: proof
proof: setup build ## Run lab 1's four proofs PROOF_RUNS times each (20) and print the counts
	@PROOF_RUNS=$(PROOF_RUNS) scripts/test.sh --test proof -- --nocapture

.PHONY: zoo
zoo: setup-test build ## Explore consumers with planted faults, and examples in other languages (minutes)
	@scripts/test.sh --test zoo

.PHONY: bench
bench: setup ## Measure the taps against a direct connection and Toxiproxy, and windows per second
	@cargo bench --quiet --bench bench

.PHONY: setup
setup:
	@scripts/setup.sh

.PHONY: setup-test
setup-test:
	@scripts/setup.sh test

.PHONY: build
build:
	cargo build
