# make run    set up and start the daemon on an embedded PostgreSQL, no configuration needed
# make test   set up and run the tests
# make help   everything else

# The distribution's Python first: it is kept up to date with the machine, and compiled with the optimisations that others
# often lack, which are a fifth of the speed. Debian's has ensurepip once python3-venv is installed. Empty: none will do.
IS_USABLE := -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
PYTHON ?= $(firstword $(foreach python,/usr/bin/python3 python3,$(shell $(python) $(IS_USABLE) && echo $(python))))
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/all.txt
STAMP := $(VENV)/.installed

.PHONY: help run test lint bench storms lock corpus corpus-smtp corpus-notices dialogs clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(STAMP) ## set up and start the daemon (127.0.0.1:8025, embedded PostgreSQL)
	@exec $(BIN)/inbound serve

test: $(STAMP) ## set up and run the tests
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

lint: $(STAMP) ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## messages per second over SMTP, beside pgbench, smtp-sink and stock aiosmtpd; see docs/performance.md
	$(BIN)/python bench/throughput.py $(BENCH_ARGS)

storms: $(STAMP) ## 10,000 redeliveries and 1,000 mails of loops: no object and no notice beyond those expected
	$(BIN)/python bench/storms.py $(STORMS_ARGS)

corpus: $(STAMP) ## score the reader on the mails of ../shared/corpus (optional, where they exist)
	$(BIN)/python ../shared/corpus/score.py tests/corpus/adapter.py:understand ../shared/corpus/*/index.json \
		--root ../shared/corpus $(CORPUS_ARGS)

corpus-smtp: $(STAMP) ## send the mails of ../shared/corpus to a fresh daemon (optional, where they exist)
	$(BIN)/python bench/corpus_smtp.py $(CORPUS_ARGS)

corpus-notices: $(STAMP) ## the same, with notices to everybody: whoever may not be answered is not (optional, where they exist)
	$(BIN)/python bench/corpus_notices.py $(CORPUS_ARGS)

dialogs: $(STAMP) ## run the SMTP dialogues of ../shared/dialogs (optional, where they exist)
	$(BIN)/python bench/dialogs.py $(DIALOGS_ARGS)

lock: ## renew the pinned requirements (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --no-annotate pyproject.toml --all-extras --output-file requirements/production.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --no-annotate pyproject.toml --all-extras --group dev --output-file $(LOCK)

# uv where it is installed, else venv and pip. Either way every file is checked against its hash.
# The stamp changes only after a complete installation, so an interrupted one starts again.
$(STAMP): $(LOCK) pyproject.toml Makefile
	@if command -v uv >/dev/null 2>&1; then \
		set -e; [ -x $(BIN)/python ] || uv venv --quiet --python '$(or $(PYTHON),>=3.11)' $(VENV); \
		VIRTUAL_ENV=$(VENV) uv pip install --quiet --require-hashes -r $(LOCK); \
		VIRTUAL_ENV=$(VENV) uv pip install --quiet --no-deps --no-build-isolation --editable .; \
	else \
		set -e; python=$(or $(PYTHON),python3); $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
			|| { echo "inbound needs Python 3.11 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }; \
		[ -x $(BIN)/pip ] || $$python -m venv $(VENV) \
			|| { rm -rf $(VENV); echo "$$python cannot make a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }; \
		$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK); \
		$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	fi
	@touch $(STAMP)

clean: ## remove the virtual environment and caches; the data in .state stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
