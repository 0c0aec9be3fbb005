# What a person does here. `make run` and `make test` need Python 3.11+, make and git; nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(wildcard libs/*) $(wildcard services/*) $(wildcard sim/*) $(wildcard tools/*)
PAGE := services/web/src/web/static/index.html

.PHONY: help setup run run-fleet test check lint fmt bench fuzz faults interop bench-control bench-stack bench-scale soak proto openapi helm cluster-test clean-state lock

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(VENV)/.ready $(PAGE) ## make .venv and build the page (the others call it when needed)

$(VENV)/.ready: requirements.lock $(wildcard */*/pyproject.toml)
	@scripts/setup-python "$(PYTHON)" "$(VENV)"

$(PAGE): $(VENV)/.ready $(shell find services/web/frontend -path '*/node_modules' -prune -o -type f -print 2>/dev/null)
	@scripts/build-page "$(VENV)"

run: setup ## a whole living site on this machine; Ctrl-C stops it
	@exec $(BIN)/living-site

run-fleet: setup ## a whole living cloud with 300 simulated sites; Ctrl-C stops it
	@exec $(BIN)/living-fleet

clean-state: ## forget the living site's settings, pairings and log-ins
	@scripts/clean-state

test: setup ## every test: unit, property, partner and end-to-end
	@scripts/test

check: setup ## what every commit passes: format, lint, types, contracts, unit tests, generated code
	@scripts/check

lint: setup ## the part of check that runs no tests
	@scripts/check-static

fmt: $(VENV)/.ready ## format and sort imports
	@$(BIN)/ruff check -q --fix --select I . ; $(BIN)/ruff format -q .

bench: setup ## measure latency, CPU and memory of a living site; prints what it measured
	@$(BIN)/python tests/bench/living_site.py
	@$(BIN)/python tests/bench/eebus_stack.py
	@$(BIN)/python tests/bench/planner.py
	@$(BIN)/python tests/bench/forecast.py
	@PYTHONPATH=tests/support $(BIN)/python tests/bench/fleet_planning.py
	@PYTHONPATH=tests/support $(BIN)/python tests/bench/history.py
	@PYTHONPATH=tests/support $(BIN)/python tests/bench/front_door.py
	@PYTHONPATH=tests/support $(BIN)/python tests/bench/alerts.py
	@PYTHONPATH=tests/support $(BIN)/python tests/bench/joining.py
	@ulimit -n 4096; $(BIN)/python tests/bench/meters.py

bench-scale: setup ## what 100, 1,000 and 10,000 sites cost the cloud (about 10 minutes; LEVELS="100 1000")
	@$(BIN)/python tests/bench/scale.py $(if $(LEVELS),--levels $(LEVELS))

soak: setup ## 50 virtual meters with random faults for 10 minutes (SOAK_SECONDS=60 for a short one)
	@ulimit -n 4096; $(BIN)/python tests/soak/meters.py --seconds $(or $(SOAK_SECONDS),600)

fuzz: setup ## a million odd inputs for the EEBUS library (FUZZ_INPUTS=20000 for a short run)
	@$(BIN)/python tests/fuzz/run.py --inputs $(or $(FUZZ_INPUTS),1000000)

faults: setup ## play 15 faults in a living site and tell how each was borne (25 minutes)
	@PYTHONPATH=tests/support:tests/faults $(BIN)/python tests/faults/run.py $(FAULTS)

interop: setup ## everything against the reference Go stack, both versions (10 minutes; needs Go)
	@VOLTHUS_INTEROP=all $(BIN)/pytest -v -rs -n $(or $(INTEROP_WORKERS),4) tests/interop

bench-control: setup ## play load-management scenarios against the CEM; fails when a bound is missed
	@$(BIN)/python tests/bench/control/run.py

bench-stack: setup ## play three scenarios in the full stack, in real time (40 minutes)
	@PYTHONPATH=tests/support:tests/bench/control:tests/bench/stack $(BIN)/python tests/bench/stack/run.py $(STACK)

proto: $(VENV)/.ready ## generate the messages from proto/
	@scripts/generate-messages libs/wire/src

openapi: $(VENV)/.ready ## write the API document and the page's client types
	@scripts/generate-client

helm: $(VENV)/.ready ## lint and render the charts with helm 3 and 4, check Dockerfile
	@scripts/check-deploy

cluster-test: $(VENV)/.ready ## install, change and break the site's chart on a cluster of yours (CLUSTER_KUBECONFIG=...)
	@$(BIN)/pytest -v -rs tests/cluster

lock: ## resolve the dependencies anew and write the locks (needs the package registry)
	@scripts/lock
