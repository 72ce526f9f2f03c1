# The build entry points of nimdeck: `make` alone lists them. Everything lands in target/, end2end/node_modules/ and data/.

# One wasm-bindgen: the command must be exactly the library's version.
BINDGEN := $(shell awk '/^name = "wasm-bindgen"$$/ { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)
NEXTEST := 0.9.143
FUZZ    := 0.13.2
RUNS    ?= 1000000
WASM    := target/wasm32-unknown-unknown/wasm-release/frontend.wasm
SITE    := target/site.stamp
STYLES  := $(sort $(wildcard style/[0-9]*.css))
MODULES := end2end/node_modules/.package-lock.json
HOST    := --workspace --exclude frontend

export CARGO_TARGET_DIR := $(CURDIR)/target
export PATH := $(CURDIR)/target/tools/bin:$(PATH)
export CARGO_TERM_PROGRESS_WHEN ?= auto
say = @echo "==> $(1)"

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: build ## build, then start the dashboard with a simulated NIM estate and a private PostgreSQL
	@.ci/need postgresql 'command -v initdb || ls /usr/lib/postgresql/*/bin/initdb'
	exec target/release/nimdeck serve --lab $(ARGS)

build: $(SITE) ## leave the whole program, web assets inside, at target/release/nimdeck
	$(call say,Building the program: minutes the first time)
	@cargo build --release --package nimdeck

test: check rust browser ## everything: formatting, lints, Rust tests, browser tests

check: wasm-target ## formatting and lints, warnings denied, and a short run of the fuzzers
	$(call say,Formatting)
	@cargo fmt --check
	@cargo fmt --check --manifest-path server/aix/fuzz/Cargo.toml
	$(call say,Lints of what runs on the server)
	@cargo clippy --quiet $(HOST) --all-targets -- --deny warnings
	$(call say,Lints of what runs in the browser)
	@cargo clippy --quiet --package frontend --target wasm32-unknown-unknown -- --deny warnings
	$(call say,Lints of the fuzz targets)
	@cargo clippy --quiet --manifest-path server/aix/fuzz/Cargo.toml --no-default-features -- --deny warnings
	@$(MAKE) --silent fuzz RUNS=20000 SEED=-seed=1

fuzz: ## RUNS=1000000 executions of every fuzz target; `make check` does it with 20000, always the same
	@cargo fuzz --version 2>/dev/null | grep -q '$(FUZZ)' || .ci/tool cargo-fuzz $(FUZZ)
	$(call say,Fuzzing: $(RUNS) executions a target)
	@cargo fuzz build --fuzz-dir server/aix/fuzz --target-dir target/fuzz --sanitizer none >target/fuzz.log 2>&1 || { cat target/fuzz.log; exit 1; }
	@.ci/fuzz $(RUNS) $(SEED)

chaos: $(SITE) ## random faults for half an hour; NIMDECK_CHAOS_FAULTS=1000 NIMDECK_CHAOS_MIGRATIONS=100, NIMDECK_CHAOS_SEED=… repeats a run
	@cargo nextest --version >/dev/null 2>&1 || .ci/tool cargo-nextest $(NEXTEST)
	$(call say,Chaos)
	@cargo nextest run --package nimdeck --test faults --run-ignored only --no-capture 'chaos::'

bench: ## measure speed, each figure beside a baseline of the same run
	@cargo bench --package aix --bench log
	@cargo bench --package nimdeck --bench live

watch: ## rebuild and reload at every change, for those who have cargo-leptos
	@command -v cargo-leptos >/dev/null || { echo 'make watch needs cargo-leptos: cargo install cargo-leptos (20 minutes)' >&2; exit 1; }
	cargo leptos watch -- serve --lab $(ARGS)

screenshots: build $(MODULES) chromium ## take the pictures of the README anew
	@cd end2end && DECK=../target/release/nimdeck npm run --silent screenshots

clean: ## remove what was built; ./data stays
	@rm -rf target end2end/node_modules end2end/test-results end2end/playwright-report

# ---- parts of the above

# Tests of servers wait more than they work: two a processor take little more than half the time of one.
rust: $(SITE)
	@cargo nextest --version >/dev/null 2>&1 || .ci/tool cargo-nextest $(NEXTEST)
	@.ci/need postgresql 'command -v initdb || ls /usr/lib/postgresql/*/bin/initdb'
	@.ci/need openssh-client 'command -v ssh'
	@.ci/need openssh-sftp-server 'ls /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/libexec/sftp-server /usr/lib/ssh/sftp-server 2>/dev/null | grep -q .'
	$(call say,Rust tests)
	@cargo test --quiet $(HOST) --doc
	@cargo nextest run $(HOST) --test-threads $$((2 * $$(nproc)))

# The program that nextest has built, with the front end that ships.
browser: rust $(MODULES) chromium
	$(call say,Browser tests)
	@cd end2end && DECK=../target/debug/nimdeck npx playwright test

chromium:
	@.ci/need chromium 'test -x "$${CHROMIUM:-/usr/bin/chromium}"'

$(MODULES): end2end/package-lock.json end2end/package.json
	$(call say,Fetching the browser test tools)
	@cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error
	@touch $@

wasm-target:
	@test -d "$$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" || rustup target add wasm32-unknown-unknown

wasm-bindgen:
	@wasm-bindgen --version 2>/dev/null | grep -qx 'wasm-bindgen $(BINDGEN)' || .ci/tool wasm-bindgen-cli $(BINDGEN)

# Cargo knows whether anything changed; make goes on only if the file did.
$(WASM): FORCE | wasm-target
	$(call say,Building the front end)
	@cargo build --package frontend --target wasm32-unknown-unknown --profile wasm-release

# Without function names it is a quarter smaller on the wire; wasm-opt -Oz saved nothing more when it was tried.
$(SITE): $(WASM) $(STYLES) .ci/assets.mjs Makefile | wasm-bindgen
	$(call say,Assembling the web assets)
	@rm -rf target/site && mkdir -p target/site/pkg
	@wasm-bindgen --target web --no-typescript --remove-name-section --remove-producers-section \
	  --out-name nimdeck --out-dir target/site/pkg $(WASM)
	@node .ci/assets.mjs target/site/pkg $(STYLES)
	@touch $@

.PHONY: help run build test check fuzz chaos bench watch screenshots clean rust browser chromium wasm-target wasm-bindgen FORCE
