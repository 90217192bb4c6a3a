"""The pre-commit hooks: the file is valid, and each hook runs an existing program."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

import pytest
from pre_commit.clientlib import load_config

from tests.served import REPOSITORY

CONFIG = REPOSITORY / ".pre-commit-config.yaml"


def hooks() -> dict[str, dict[str, Any]]:
    """Return the hooks by id, after pre-commit has validated the file."""
    return {hook["id"]: hook for repo in load_config(CONFIG)["repos"] for hook in repo["hooks"]}


def test_there_is_a_hook_for_each_linter() -> None:
    assert list(hooks()) == ["ruff", "ruff-format", "mypy", "eslint", "stylelint", "djlint"]


def test_hooks_download_nothing() -> None:
    assert {repo["repo"] for repo in load_config(CONFIG)["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks().values()} <= {"system", "unsupported"}


@pytest.mark.parametrize("name", hooks())
def test_a_hook_runs_an_installed_program(name: str) -> None:
    program, *words = hooks()[name]["entry"].split()
    if program == "bin/with-node":
        assert os.access(REPOSITORY / program, os.X_OK)
        program = words[0]
    assert program.startswith((".venv/bin/", "node_modules/.bin/"))
    assert os.access(REPOSITORY / program, os.X_OK)


@pytest.mark.parametrize("name", [name for name, hook in hooks().items() if hook["files"]])
def test_a_hook_looks_at_files_that_there_are(name: str) -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert any(re.search(hooks()[name]["files"], path) for path in tracked)


@pytest.mark.parametrize("name", hooks())
def test_make_check_runs_the_program_of_each_hook_too(name: str) -> None:
    script = (REPOSITORY / "Makefile").read_text() + (REPOSITORY / "package.json").read_text()
    program = hooks()[name]["entry"].removeprefix("bin/with-node ").split()[0]
    assert re.search(rf"(\$\(BIN\)/|&& )\b{program.rpartition('/')[2]}\b", script)
