"""Every command in a document works: it is run on a small demo site.

Commands that cannot be run are listed with the reason in `shell.NOT_RUN`, and checked in another
way.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.docs.demo_site import ADDRESS, CommandFailed, DemoSite
from tests.docs.pages import Block, all_pages
from tests.docs.shell import LANGUAGES, NOT_RUN, SHELL, Line, lines_of, reason_not_to_run

#: Documents show many commands, and a machine may be busy.
pytestmark = pytest.mark.timeout(600)

#: Without notes beside test data: their commands are of the commit that made the data.
PAGES = [page for page in all_pages() if not page.name.startswith("tests/")]
LINES = {page.name: found for page in PAGES if (found := lines_of(page))}
#: Options that keep a command small. The last one given counts.
SMALLER = {
    "create_training_trees": "--train 3 --test 2 --size 64 --labels 5",
    "create_demo": "--scenes 1 --size 64",
}
#: A bucket, on a service of the tests.
BUCKET = "mars"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoSite]:
    site = DemoSite(tmp_path_factory.mktemp("documents"))
    try:
        site.start()
        yield site
    finally:
        site.stop()


def as_run(line: str, site: DemoSite) -> str:
    """Return a document's line with placeholders replaced, and with smaller numbers."""
    for name, options in SMALLER.items():
        line = re.sub(rf"(manage\.py {name}\b[^|;&]*)", rf"\1 {options} ", line)
    line = re.sub(r"--workers \d+", "--workers 1", line)
    line = line.replace("s3://BUCKET/", f"s3://{BUCKET}/").replace(ADDRESS, site.address)
    return line.replace("PASSWORD", site.password)


@pytest.mark.parametrize("name", LINES)
def test_the_commands_of_a_document(
    name: str, site: DemoSite, request: pytest.FixtureRequest
) -> None:
    if any("s3://" in line.text for line in LINES[name]):
        bucket = request.getfixturevalue("s3")
        for picture in (site.project / "pictures").iterdir():
            bucket.upload_file(picture, BUCKET, f"pictures/{picture.name}")
    failed = []
    for line in LINES[name]:
        if reason_not_to_run(line.text) is None:
            try:
                site.run(as_run(line.text, site))
            except CommandFailed as error:
                failed.append(f"{line.number}: {error}")
    assert not failed, "\n\n".join(failed)


def python_blocks() -> list[Block]:
    """Return the programs in the guides; those of other documents are only parsed."""
    return [block for page in PAGES for block in page.blocks if block.language == "python"]


@pytest.mark.parametrize("block", python_blocks(), ids=lambda block: f"{block.page}:{block.line}")
def test_a_program_of_a_document(block: Block, request: pytest.FixtureRequest) -> None:
    ast.parse(block.text)
    if block.page.startswith("docs/guides/"):
        site = request.getfixturevalue("site")
        (site.project / "program.py").write_text(as_run(block.text, site))
        assert site.run(".venv/bin/python program.py").strip()


def listed() -> list[Line]:
    return [line for lines in LINES.values() for line in lines if reason_not_to_run(line.text)]


@pytest.mark.parametrize("line", listed(), ids=str)
def test_a_command_that_is_not_run(line: Line) -> None:
    entry = reason_not_to_run(line.text)
    assert entry is not None
    assert entry.check(line.text), entry.why


def test_the_list_has_nothing_that_no_document_shows() -> None:
    used = {reason_not_to_run(line.text) for line in listed()}
    assert [entry.pattern for entry in NOT_RUN if entry not in used] == []


def test_every_block_says_what_it_is_written_in() -> None:
    """A command in a block without a language would be missed."""
    wrong = [
        f"{block.page}:{block.line}"
        for page in PAGES
        for block in page.blocks
        if block.language not in LANGUAGES
        or (block.language != SHELL and re.search(r"python\S* manage\.py", block.text))
    ]
    assert wrong == []
