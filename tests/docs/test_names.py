"""Everything that documents name exists: files, folders, modules, names in the code, commands."""

from __future__ import annotations

import fnmatch
import re
from functools import cache
from pathlib import Path
from pkgutil import resolve_name

import pytest
from django.core.management import get_commands

from tests.docs.pages import CHANGELOG, Page, all_pages
from tests.served import REPOSITORY

#: The changelog also names what is gone.
PAGES = [page for page in all_pages() if page.name != CHANGELOG]
#: Folders with what is installed or made, and documents: no source of names.
NOT_SOURCE = {"node_modules", "var", "dist", "docs", "build", "__pycache__", "test-results"}
SOURCE_SUFFIXES = {
    *(".py", ".ts", ".mjs", ".js", ".css", ".html", ".svg", ".toml", ".json", ".yml", ".yaml"),
    *(".in", ".txt", ".po", ".sh", ".cff"),
}
#: Files that are named without a slash, too.
SUFFIXES = (".py", ".ts", ".mjs", ".css", ".html", ".toml")
_PATH = re.compile(r"[\w.{},*-]+(/[\w.{},*-]+)*/?")
_MODULE = re.compile(
    r"(terrain|labeling|review|merging|simulation|ai4mars_site|tests)(\.[A-Za-z_]\w*)+"
)
#: A name in code: with an underscore inside, or capitals inside, perhaps of an attribute or called.
_NAME = re.compile(r"([A-Za-z]\w*\.)*[A-Za-z]\w*(\(\))?")
_TELLING = re.compile(r"[a-z0-9]_[a-z0-9]|[A-Z0-9]_[A-Z0-9]|[a-z][A-Z]")

#: Names that a document makes up, as examples.
EXAMPLES = {"longer_product_ids"}


@cache
def paths() -> frozenset[str]:
    """Return all files and folders of the project as relative paths without a final slash."""
    found = set()
    for path in REPOSITORY.rglob("*"):
        parts = path.relative_to(REPOSITORY).parts
        if parts[0].startswith(".") and parts[0] not in {".github", ".ci"}:
            continue
        if not {"node_modules", "var", "dist", "__pycache__"} & set(parts):
            found.add("/".join(parts))
    return frozenset(found)


@cache
def source_words() -> frozenset[str]:
    """Return every word of letters, digits and underscores in the sources."""
    words: set[str] = set()
    for name in paths():
        path = Path(name)
        is_source = path.suffix in SOURCE_SUFFIXES or path.name in {"Makefile", "Dockerfile"}
        if is_source and not NOT_SOURCE & set(path.parts):
            text = (REPOSITORY / path).read_text(encoding="utf-8", errors="replace")
            words.update(re.findall(r"\w+", text))
    return frozenset(words)


def alternatives(path: str) -> list[str]:
    """Return a path with its braces expanded, as by a shell.

    >>> alternatives("a/{b,c}.py")
    ['a/b.py', 'a/c.py']
    """
    if (match := re.search(r"\{([^{}]*)\}", path)) is None:
        return [path]
    head, tail = path[: match.start()], path[match.end() :]
    return [each for one in match[1].split(",") for each in alternatives(f"{head}{one}{tail}")]


def is_of_the_project(word: str) -> bool:
    """Return whether a word can only be a path in the project."""
    if not _PATH.fullmatch(word):
        return False
    return word.endswith(SUFFIXES) or ("/" in word and word.split("/")[0] in paths())


def exists(path: str) -> bool:
    """Return whether the project has a path that ends like this, such as `services/queue.py`."""
    pattern = path.rstrip("/")
    return any(
        fnmatch.fnmatchcase(each, pattern) or fnmatch.fnmatchcase(each, f"*/{pattern}")
        for each in paths()
    )


def is_module(name: str) -> bool:
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_modules_exist(page: Page) -> None:
    missing = []
    for word in sorted(page.code_words):
        if _MODULE.fullmatch(word) and not word.endswith((".csv", *SUFFIXES)):
            missing += [] if is_module(word) else [word]
        elif is_of_the_project(word):
            missing += [each for each in alternatives(word) if not exists(each)]
    assert missing == []


def test_the_tree_of_folders_is_as_it_is_drawn() -> None:
    """In the block under "Folders", names of files and folders are indented by two spaces per
    level.
    """
    tree = next(
        block.text
        for block in Page("docs/ARCHITECTURE.md").blocks
        if block.text.startswith("terrain/")
    )
    folders: list[str] = []
    drawn = []
    for line in tree.splitlines():
        depth, rest = divmod(len(line) - len(line.lstrip()), 2)
        names = re.match(r"([\w./]+(, )?)+", line.strip())
        if rest or depth > len(folders) or names is None:
            continue  # what is told of the names before
        for name in names[0].split(", "):
            if name.endswith(("/", ".py", ".ts")):
                drawn.append("/".join([*folders[:depth], name.rstrip("/")]))
                if name.endswith("/"):
                    folders[depth:] = [name.rstrip("/")]
    assert len(drawn) > 50
    assert [path for path in drawn if path not in paths()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_are_in_the_code(page: Page) -> None:
    missing = [
        word
        for word in sorted(page.code_words)
        if _NAME.fullmatch(word)
        and not word.endswith((*SUFFIXES, ".IMG"))
        and _TELLING.search(word)
        and word not in EXAMPLES
        and not set(re.findall(r"\w+", word)) <= source_words()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Page) -> None:
    texts = [*page.code_words, *(block.text for block in page.blocks)]
    named = {name for text in texts for name in re.findall(r"manage\.py (\w+)", text)}
    # `manage.py` itself answers one; Django reserves its name.
    assert sorted(named - {"version", *get_commands()}) == []
