"""Tables in documents are complete: commands, settings, tasks, API, names."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

from labeling.campaigns.presets.missions import PRESETS
from labeling.images.ingest import ai4mars_tree, leftovers, product_ids, rasters
from labeling.images.ingest.plain_folder import PlainFolder
from tests.docs.pages import Page, all_pages
from tests.docs.shell import takes
from tests.served import REPOSITORY

COMMANDS = Page("docs/COMMANDS.md")
SETTINGS = Page("docs/SETTINGS.md")
IMPORTING = Page("docs/IMPORTING.md")
OPERATORS = Page("docs/guides/operators.md")
ENGINEERS = Page("docs/guides/engineers.md")
GUIDES = [page for page in all_pages() if page.name.startswith("docs/guides/")]


def first_cells(page: Page) -> list[str]:
    """Return the text of the first cell of every row of a document's tables."""
    cells = []
    for place, token in enumerate(page.tokens):
        if token.type == "tr_open" and page.tokens[place + 1].type == "td_open":
            children = page.tokens[place + 2].children or ()
            cells.append("".join(child.content for child in children))
    return cells


# -- commands --------------------------------------------------------------------------------------


def own_commands() -> set[str]:
    return {
        name
        for name, app in get_commands().items()
        if (REPOSITORY / str(app) / "management" / "commands" / f"{name}.py").exists()
    }


def test_every_command_is_explained_once() -> None:
    explained = re.findall(r"^manage\.py (\w+)", "\n".join(first_cells(COMMANDS)), re.MULTILINE)
    assert own_commands() - set(explained) == set()
    once = [name for name in explained if name != "import_labels"]  # of two kinds of sources
    assert sorted(once) == sorted(set(once))


def test_what_a_command_needs_before_is_told() -> None:
    """This holds for all commands except those for running the site and for development."""
    told = set(first_cells(COMMANDS))
    for_development = {name for name, app in get_commands().items() if app == "simulation"}
    left = own_commands() - told - for_development
    assert left == {"serve", "update_messages"}


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_a_command_within_a_sentence_takes_its_options(page: Page) -> None:
    wrong = []
    for word in page.code_words:
        match = re.fullmatch(r"(?:\S*python )?manage\.py (\w+)((?: [^\[\]|]+)?)", word)
        if match and match[1] in own_commands() and " --" in match[2]:
            wrong += [] if takes(match[1], *options_with_values(match[2])) else [word]
    assert wrong == []


def options_with_values(text: str) -> list[str]:
    """Return the arguments of a command as documents write them: N for a number."""
    return [{"N": "1", "NUMBER": "1"}.get(word, word) for word in text.split()]


# -- settings and schedule -------------------------------------------------------------------------


def test_every_variable_is_explained() -> None:
    site = REPOSITORY / "ai4mars_site"
    sources = [site / "settings.py", site / "management" / "commands" / "serve.py"]
    read = re.compile(r'(?:env\.\w+|environ\.get)\(\s*"([A-Z0-9_]+)"')
    variables = {name for path in sources for name in read.findall(path.read_text())}
    assert {"LOG_LEVEL", "AI4MARS_WORKERS"} <= variables
    explained = [cell for cell in first_cells(SETTINGS) if re.fullmatch(r"[A-Z0-9_]+", cell)]
    assert sorted(explained) == sorted(variables)


def test_everything_on_the_schedule_is_told() -> None:
    tasks = {str(each["task"]) for each in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks - OPERATORS.code_words == set()


# -- API -------------------------------------------------------------------------------------------

#: Of pages that were opened before a change: no new program should use it.
FOR_OLD_PAGES = {("POST", "/api/assignments/<pk>/skip/"), ("POST", "/api/session/")}


def addresses(resolver: URLResolver, before: str = "/") -> list[tuple[str, URLPattern]]:
    found: list[tuple[str, URLPattern]] = []
    for each in resolver.url_patterns:
        path = before + str(each.pattern)
        found += addresses(each, path) if isinstance(each, URLResolver) else [(path, each)]
    return found


def test_the_api_is_told() -> None:
    there = set()
    for path, pattern in addresses(get_resolver()):
        if path.startswith("/api/"):
            view = pattern.callback.view_class  # type: ignore[attr-defined]
            methods = [name for name in ("get", "post", "put", "delete") if hasattr(view, name)]
            there |= {(name.upper(), re.sub(r"<\w+:", "<", path)) for name in methods}
    told = set()
    for cell in first_cells(ENGINEERS):
        for methods, path in re.findall(r"([A-Z, ]+) (/api/\S+?/)(?=,|$)", cell):
            told |= {(method, path) for method in re.findall(r"[A-Z]+", methods)}
    assert told == there - FOR_OLD_PAGES


# -- what is imported ------------------------------------------------------------------------------


def test_the_names_that_an_import_looks_for_are_told() -> None:
    cells = first_cells(IMPORTING)
    types = (product_ids.RANGE_TYPES, product_ids.XYZ_TYPES, product_ids.ROVER_MASK_TYPES)
    for each in types:
        assert any(set(cell.split(", ")) == each for cell in cells), each
    folders = {"/".join(layout.folder) + "/" for layout in ai4mars_tree._LAYOUTS}
    assert folders <= set(cells)
    masks = {
        f"images/{folder}/"
        for layout in ai4mars_tree._LAYOUTS
        for folder, _ in (*layout.rover_masks, *layout.range_masks)
    }
    assert masks <= IMPORTING.code_words
    text = IMPORTING.path.read_text()
    assert leftovers.PICTURES_READ in text
    for number in (rasters.MIN_SIDE_PX, rasters.MASK_VALUES, rasters.MAX_PIXELS // 10**6):
        assert f" {number} " in text
    assert PlainFolder.__name__ not in text


def test_the_example_of_a_frame_with_its_companions_is_one() -> None:
    named = [word for word in IMPORTING.code_words if word.endswith(".IMG")]
    parts = [product_ids.parse_product_id(word.removesuffix(".IMG")) for word in named]
    assert {each.product_type for each in parts if each} == {"EDR", "RNG", "MXY"}
    assert len({each.exposure for each in parts if each}) == 1


def test_presets_are_told() -> None:
    assert set(PRESETS) <= set(first_cells(Page("docs/guides/coordinators.md")))


# -- pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_bold_words_of_a_guide_are_on_a_page(page: Page) -> None:
    """A guide sets titles, links and buttons in bold, exactly as they appear on the pages."""
    with (REPOSITORY / "locale/es/LC_MESSAGES/django.po").open("rb") as file:
        sentences = {str(message.id) for message in read_po(file) if message.id}
    wrong = []
    for token in page.tokens:
        bold = None
        for child in token.children or ():
            if child.type == "strong_open":
                bold = ""
            elif child.type == "strong_close" and bold is not None:
                # "**Step.** What to do" is no page's.
                wrong += [bold] if bold not in sentences and not bold.endswith(".") else []
                bold = None
            elif bold is not None:
                bold += child.content
    assert wrong == []
