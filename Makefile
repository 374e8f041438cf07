# Everything a person types. `make` alone prints this list.

SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := target/debug/crashwindow
PAGES := src/dashboard/web

# How often `make proof` repeats everything; `make test` runs each claim once.
PROOF_RUNS ?= 20
# How long `make fuzz` takes for each tap.
FUZZ_SECONDS ?= 600

# What `make explorations` repeats; CI explores once.
EXPLORE_RUNS ?= 50

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: lab-up
lab-up: ## Start the lab (in Docker where an engine answers, else natively), run lab 1 broken and fixed
	@scripts/lab.sh up

# Install what is missing, start Kafka and Postgres as processes of this machine.
.PHONY: lab-up-native
lab-up-native: setup build
	@$(BIN) up --stack native
	@$(BIN) compare 01
	@echo
	@echo 'work through it:  labs/01-select-then-act/README.md, after'
	@echo '                  export PATH="$$PWD/$(dir $(BIN)):$$PATH"'
	@echo 'read the two:     diff labs/01-select-then-act/broken.rs labs/01-select-then-act/fixed.rs'
	@echo "watch it live:    $$($(BIN) serve --background)"
	@echo 'stop it all:      make lab-down'

.PHONY: lab-down
lab-down: ## Stop the lab; natively also remove what its servers stored
	@scripts/lab.sh down

.PHONY: lab-reset
lab-reset: ## Stop the lab and remove what it stored in Docker, results too
	@scripts/lab.sh reset

.PHONY: lab-logs
lab-logs: ## Print what the lab's servers say
	@scripts/lab.sh logs

# One file with every image, for a room without a network.
IMAGES ?= target/crashwindow-images.tar

.PHONY: lab-images
lab-images: ## Save every image of the lab to one file: make lab-images IMAGES=lab.tar
	@scripts/lab.sh images "$(IMAGES)"

.PHONY: lab-load
lab-load: ## Load the images from that file: make lab-load IMAGES=lab.tar
	@scripts/lab.sh load "$(IMAGES)"

.PHONY: dashboard
dashboard: setup-pages build ## Build the dashboard with its pages, serve it and print its address
	@$(BIN) serve

.PHONY: screenshots
screenshots: setup-test build ## Take every page anew, light and dark, into docs/screenshots
	@scripts/screenshots.sh

.PHONY: test
test: setup-test build ## Run every test, on real Kafka and Postgres of its own
	@scripts/test.sh

.PHONY: docker-test
docker-test: setup-test build ## Run the lab in containers on a Docker engine of its own, with three brokers, too
	@scripts/docker-test.sh

.PHONY: examples
examples: ## Install what the consumers in Python, Node and Java need (examples/README.md)
	@examples/setup

.PHONY: check
check: setup ## Formatting, lints, and that folders, manifests, programs and docs agree
	cargo fmt --check
	cargo clippy --all-targets --quiet -- -D warnings
	cargo test --quiet --test layout
	@scripts/pages.sh check

.PHONY: wire
wire: ## Write what is generated from the types on the wire: TypeScript, JSON Schemas, OpenAPI
	WIRE=write cargo test --quiet --lib -- what_is_checked_in_is_what_the_types_say

.PHONY: new-lab
new-lab: ## Make a lab that works at once: make new-lab NAME=outbox-relay
	@scripts/new-lab.sh "$(NAME)"

.PHONY: proof
proof: setup build ## Run every scenario of every lab (or of PROOF_LAB) PROOF_RUNS times (20) and count
	@PROOF_RUNS=$(PROOF_RUNS) scripts/test.sh --test proof -- --nocapture

.PHONY: explorations
explorations: setup build ## Explore lab 1's and every fixed consumer EXPLORE_RUNS times in a row (50) and count
	@EXPLORE_RUNS=$(EXPLORE_RUNS) scripts/test.sh --test explore -- --nocapture the_matrix_of

.PHONY: replays
replays: setup build ## Explore labs 1 and 2, replay every cell, and compare what both say
	@REPLAYS=all scripts/test.sh --test explore -- --nocapture a_cell_and_its_replay

.PHONY: zoo
zoo: setup-test build ## Explore consumers with planted faults, examples, every lab's consumers (minutes)
	@EXPLORE=all scripts/test.sh --test zoo --test explore

.PHONY: fuzz
fuzz: setup ## Fuzz both taps' parsers, guided by coverage, for FUZZ_SECONDS (600) each
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz.sh

.PHONY: bench
bench: setup-test ## Measure what the taps cost, beside Toxiproxy, what being watched costs, and windows per second
	@cargo bench --quiet --bench bench

.PHONY: bench-storms
bench-storms: setup ## Measure how well storms aim: 20 at the drill's size and 8 at full size, some 25 minutes
	@cargo bench --quiet --bench storms

.PHONY: setup
setup:
	@scripts/setup.sh

.PHONY: setup-test
setup-test:
	@scripts/setup.sh test

.PHONY: setup-pages
setup-pages:
	@scripts/setup.sh pages

.PHONY: build
build: $(PAGES)/dist/index.html
	cargo build

# A build takes in the pages that are there; without npm there are none, and the dashboard says so.
$(PAGES)/dist/index.html: $(shell find $(PAGES)/src $(PAGES)/public -type f) $(wildcard $(PAGES)/*.*)
	@scripts/pages.sh
