"""Links between documents work, and every document is linked."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

import pytest

from tests.docs.pages import Page, all_pages
from tests.served import REPOSITORY

PAGES = {page.name: page for page in all_pages()}
#: Read where they lie: forms of GitHub, and notes beside test data.
NOT_LINKED = (".github/", "tests/")


def target_of(page: Page, link: str) -> tuple[str, str]:
    """Return the path in the project that a link leads to, and the anchor there, or ""."""
    path, _, anchor = link.partition("#")
    folder = posixpath.dirname(page.name)
    return posixpath.normpath(posixpath.join(folder, unquote(path))) if path else page.name, anchor


def is_external(link: str) -> bool:
    return link.startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(name: str) -> None:
    page = PAGES[name]
    wrong = []
    for link in filter(lambda link: not is_external(link), page.links):
        target, anchor = target_of(page, link)
        if not (REPOSITORY / target).exists() or (
            anchor and (target not in PAGES or anchor not in PAGES[target].anchors)
        ):
            wrong.append(link)
    assert wrong == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = {"README.md"}, ["README.md"]
    while waiting:
        page = PAGES[waiting.pop()]
        for link in filter(lambda link: not is_external(link), page.links):
            target, _ = target_of(page, link)
            if target in PAGES and target not in reached:
                reached.add(target)
                waiting.append(target)
    assert sorted(name for name in set(PAGES) - reached if not name.startswith(NOT_LINKED)) == []
