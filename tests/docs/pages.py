"""The project's documents as readers see them: links, headings, code, blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.served import REPOSITORY

#: Folders of the project that hold documents; those at the top are read too.
FOLDERS = ("docs", ".github", "tests")
#: Tells what names used to be.
CHANGELOG = "CHANGELOG.md"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code. language: "" if the document gives none; line: that of its first line."""

    page: str
    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """A document. name: its path in the project, with `/`."""

    name: str

    @property
    def path(self) -> Path:
        return REPOSITORY / self.name

    @cached_property
    def tokens(self) -> list[Token]:
        parser = MarkdownIt("commonmark").enable("table")
        return parser.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def links(self) -> list[str]:
        """Return the targets of its links and images, as written."""
        found = []
        for token in self._inline():
            for name in ("href", "src"):
                if (target := token.attrGet(name)) is not None:
                    found.append(str(target))
        return found

    @cached_property
    def anchors(self) -> set[str]:
        """Return the anchors of its headings, as GitHub makes them."""
        found: set[str] = set()
        for before, token in zip(self.tokens, self.tokens[1:], strict=False):
            if before.type == "heading_open":
                anchor = slug_of(plain_text(token))
                number = 0
                while (each := f"{anchor}-{number}" if number else anchor) in found:
                    number += 1
                found.add(each)
        return found

    @cached_property
    def code_words(self) -> set[str]:
        """Return everything set as code within a sentence, a table or a heading."""
        return {token.content for token in self._inline() if token.type == "code_inline"}

    @cached_property
    def blocks(self) -> list[Block]:
        return [
            Block(self.name, token.info.strip(), token.content, (token.map or [0])[0] + 1)
            for token in self.tokens
            if token.type in {"fence", "code_block"}
        ]

    def _inline(self) -> Iterator[Token]:
        for token in self.tokens:
            yield from token.children or ()


def plain_text(token: Token) -> str:
    """Return the text of a heading or a cell, without markup."""
    return "".join(child.content for child in token.children or () if child.content)


def slug_of(heading: str) -> str:
    """Return a heading's anchor, as GitHub makes it.

    >>> slug_of("Settings, from the environment")
    'settings-from-the-environment'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def all_pages() -> list[Page]:
    """Return all documents of the project."""
    paths = [*REPOSITORY.glob("*.md")]
    for folder in FOLDERS:
        paths += (REPOSITORY / folder).rglob("*.md")
    return [Page(path.relative_to(REPOSITORY).as_posix()) for path in sorted(paths)]
