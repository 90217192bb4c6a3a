"""The commands in documents, and checks for commands that a test cannot run."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

import yaml
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandParser

from tests.docs.pages import Page
from tests.served import REPOSITORY

#: What blocks of code may be written in. All commands are in blocks of `sh`.
SHELL = "sh"
LANGUAGES = {SHELL, "python", "js", "json", "csv", "text", "mermaid"}


@dataclass(frozen=True, slots=True)
class Line:
    """One command line of a document, with continuation lines joined."""

    page: str
    text: str
    number: int

    def __str__(self) -> str:
        return f"{self.page}:{self.number}: {self.text}"


def lines_of(page: Page) -> list[Line]:
    """Return the commands in a document's shell blocks, without comments."""
    found = []
    for block in page.blocks:
        if block.language != SHELL:
            continue
        text = re.sub(r"\\\n\s*", " ", block.text)
        for number, line in enumerate(text.splitlines(), start=block.line + 1):
            command = re.sub(r"(^|\s)#.*$", "", line).strip()
            if command:
                found.append(Line(page.name, command, number))
    return found


# -- what is checked of a command that is not run --------------------------------------------------


def is_make_target(line: str) -> bool:
    """Return whether `make` has these targets."""
    targets = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    words = [word for word in shlex.split(line)[1:] if "=" not in word]
    return bool(words) and set(words) <= targets


def has_parsed(line: str) -> bool:
    """Return whether every `manage.py` command in a line exists and accepts its arguments."""
    parts = re.findall(r"manage\.py ([^|;&]+)", line)
    return bool(parts) and all(takes(*shlex.split(part)) for part in parts)


def takes(name: str, *arguments: str) -> bool:
    """Return whether a `manage.py` command accepts arguments; nothing is run."""
    app = get_commands().get(name)
    if app is None:
        return False
    command = load_command_class(app, name) if isinstance(app, str) else app
    parser: CommandParser = command.create_parser("manage.py", name)
    parser.called_from_command_line = True
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            parser.parse_args(arguments)
        except SystemExit:
            return False
    return True


def is_compose(line: str) -> bool:
    """Return whether the services and commands in a `docker compose` line exist."""
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    words = shlex.split(line.partition("|")[0].partition(">")[0])
    action = words[2]
    named = [word for word in words[3:] if word in compose["services"]]
    needs_service = action in {"exec", "run", "stop", "start"}
    return (not needs_service or bool(named)) and ("manage.py" not in line or has_parsed(line))


def has_files(line: str) -> bool:
    """Return whether the project's files that a line names exist."""
    words = [
        word for word in shlex.split(line) if re.search(r"\.(py|ts|in|txt)$|^tests/|^bin/", word)
    ]
    return bool(words) and all((REPOSITORY / word).exists() for word in words)


def has_stages(line: str) -> bool:
    """Return whether `bin/test` has these stages."""
    stages = set(re.findall(r"^run (\w+)", (REPOSITORY / "bin/test").read_text(), re.MULTILINE))
    return set(shlex.split(line)[1:]) <= stages


def has_options(line: str) -> bool:
    """Return whether an example's script exists and has the given options."""
    words = shlex.split(line)
    script = next(word for word in words if word.startswith("examples/"))
    known = (REPOSITORY / script).read_text()
    return all(f'"{word}"' in known for word in words if word.startswith("--"))


def has_secrets(line: str) -> bool:
    """Return whether the `.env` that a line writes has every variable that Compose requires."""
    compose = (REPOSITORY / "docker-compose.yml").read_text()
    needed = set(re.findall(r"\$\{(\w+):\?", compose))
    return bool(needed) and all(f"{name}=" in line for name in needed)


def is_foreign(line: str) -> bool:
    """Return whether a command uses nothing of the project."""
    return not re.search(r"manage\.py|\b(bin|tests|examples|docs)/", line)


@dataclass(frozen=True, slots=True)
class NotRun:
    """Commands that are not run.

    pattern: of the whole line; why: the reason; check: the check that is made instead.
    """

    pattern: str
    why: str
    check: Callable[[str], bool]


NOT_RUN = (
    NotRun(r"make [\w -]+( \w+=\S+)*", "installs, serves, or runs whole stages", is_make_target),
    NotRun(r"bin/test .*", "runs whole stages of the tests", has_stages),
    NotRun(r".*-m pytest .*", "runs tests, which this is", has_files),
    NotRun(r"bin/with-node npx vitest .*", "runs tests, which this is", has_files),
    NotRun(r"docker compose .*", "needs containers", is_compose),
    NotRun(r"printf .* > \.env", "needs openssl; it is for containers", has_secrets),
    NotRun(r".* manage\.py serve .*", "runs until it is stopped", has_parsed),
    NotRun(r"python3 -m venv train-env", "is for PyTorch, which is not installed", is_foreign),
    NotRun(r"train-env/bin/pip .*", "downloads PyTorch", has_files),
    NotRun(r"train-env/bin/python .*", "needs PyTorch", has_options),
)


def reason_not_to_run(line: str) -> NotRun | None:
    """Return the list entry that matches a command, or None."""
    return next((each for each in NOT_RUN if re.fullmatch(each.pattern, line)), None)
