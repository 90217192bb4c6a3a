# make run    the site with a small demo campaign, at http://127.0.0.1:8000 (HOST=, PORT=)
# make test   every test        make check   linters, types, import contracts
# make hooks  runs the linters on what you commit, before each commit
# make format     formats the Python code and fixes what the linters can fix
# make bench  the benchmarks    make lock    the locks of the Python packages
# make setup  only installs     make clean   removes what was built; keeps var/, the data
# make messages   brings the translations in locale/ up to date with the sentences of the source

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
export PYTHON

FRONTEND := $(shell find static/src static/css -type f 2>/dev/null) static/build.mjs tsconfig.json

TRANSLATIONS := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))

.PHONY: setup setup-dev run test check format hooks bench lock messages clean
.DELETE_ON_ERROR:

setup: .venv/installed static/dist/.built $(TRANSLATIONS)
setup-dev: .venv/installed-dev static/dist/.built $(TRANSLATIONS)

# Where the tools for development are installed, the smaller set is too.
.venv/installed: requirements.txt
	bin/setup-python requirements.txt
	touch $@

.venv/installed-dev: requirements.txt requirements-dev.txt
	bin/setup-python requirements-dev.txt
	touch .venv/installed $@

node_modules/installed: package.json package-lock.json | .venv/installed
	bin/with-node npm ci --no-audit --no-fund --loglevel=error
	touch $@

static/dist/.built: node_modules/installed $(wildcard $(FRONTEND))
	bin/with-node npm run --silent build
	touch $@

%.mo: %.po | .venv/installed
	$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

run: setup
	@[ -n "$${DATABASE_URL:-}" ] || $(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py create_demo --workers 2
	@exec $(BIN)/python manage.py serve --host $(HOST) --port $(PORT)

test: setup-dev
	bin/test

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	bin/with-node npm run --silent check
	$(BIN)/djlint templates --lint --quiet

# What the linters cannot fix is shown, and does not keep the code from being formatted.
format: setup-dev
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .
	-bin/with-node npm run --silent fix

hooks: setup-dev
	$(BIN)/pre-commit install

bench: setup-dev
	$(BIN)/python -m tests.bench

messages: setup-dev
	$(BIN)/python manage.py update_messages

LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header
lock: setup-dev
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf .venv node_modules static/dist $(TRANSLATIONS) test-results .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
