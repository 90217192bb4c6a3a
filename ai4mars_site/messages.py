"""The sentences of the site, as translators get them, from Python and from templates.

Babel does what `makemessages` does with xgettext, which a new machine does not have. The front end
takes its sentences from templates, so these two are all there is.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

#: Folders with nothing to translate: tests, and what others wrote.
LEFT_OUT = {"tests", "node_modules", "var", "migrations", "locale"}
#: Function -> which arguments are what: (context "c" or not), as xgettext's --keyword says it.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    # terrain knows no Django: `toolkit/refusals.py` translates what these were raised with.
    "InvalidPolygons": None,
    "TooManyPoints": None,
    "TooTangled": None,
}
MARK = "Translators:"
#: %(name)s and %d of Python and templates, {name} of the front end.
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sd%]|\{\w+\}")

HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"Plural-Forms: {plural_forms}\n"
"Content-Type: text/plain; charset=utf-8\n"

"""

Id = str | tuple[str, ...]


def extract(root: Path) -> Catalog:
    """Every marked sentence below `root`, with the files (not the lines, which move) it is in."""
    catalog = Catalog(project="AI4Mars", fuzzy=False)
    for path in _sources(root):
        for context, message, comments in _sentences_of(path):
            catalog.add(
                message,
                context=context,
                locations=[(path.relative_to(root).as_posix(), None)],  # type: ignore[list-item]
                auto_comments=comments,
            )
    return catalog


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def update(path: Path, template: Catalog) -> None:
    """Bring a `.po` file up to date: new sentences come in empty, those that are gone go.

    Nothing is guessed: a sentence that changed a little has to be translated again.
    """
    catalog = read(path)
    catalog.update(template, no_fuzzy_matching=True)
    write(path, catalog)


def write(path: Path, catalog: Catalog) -> None:
    """Write a `.po` file that differs from the one before only where a sentence differs."""
    with path.open("wb") as file:
        # Babel's own header carries the time, and asks for people and addresses we have not.
        header = HEADER.format(language=catalog.locale, plural_forms=catalog.plural_forms)
        file.write(header.encode())
        write_po(file, catalog, width=100, omit_header=True, ignore_obsolete=True, sort_output=True)


def untranslated(catalog: Catalog, template: Catalog) -> list[str]:
    """The sentences of the template that the catalog cannot say, or is not sure of."""
    missing = []
    for wanted in template:
        if not wanted.id:
            continue
        message = catalog.get(wanted.id, wanted.context)
        texts = _texts(message.string) if message is not None else ()
        if message is None or message.fuzzy or not texts or not all(texts):
            missing.append(_texts(wanted.id)[0])
    return missing


def wrong_placeholders(catalog: Catalog) -> list[str]:
    """The sentences whose translation fills in other things than the sentence itself does.

    A plural form may leave a number out: "one drawing" needs none.
    """
    wrong = []
    for message in catalog:
        if not message.id or not message.string:
            continue
        expected = set(PLACEHOLDER.findall(_texts(message.id)[-1]))
        for text in _texts(message.string):
            found = set(PLACEHOLDER.findall(text))
            if found - expected or (expected - found and isinstance(message.id, str)):
                wrong.append(_texts(message.id)[0])
    return wrong


def _texts(value: Id | list[str] | None) -> tuple[str, ...]:
    """A sentence and its plural, or the forms of its translation; nothing where there is none."""
    if isinstance(value, str):
        return (value,)
    return tuple(value or ())


def _sources(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        folders = path.relative_to(root).parts[:-1]
        if LEFT_OUT & {*folders} or any(folder.startswith(".") for folder in folders):
            continue
        if path.suffix == ".py" or (
            path.suffix in {".html", ".svg", ".txt"} and "templates" in folders
        ):
            yield path


def _sentences_of(path: Path) -> Iterator[tuple[str | None, Id, list[str]]]:
    """Context, sentence (with its plural, if it has one) and remarks for translators."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Python, but indented as the page is, which Python would take for blocks.
        lines = templatize(text, origin=str(path)).splitlines()
        text = "\n".join(line.lstrip() for line in lines)
    found = extract_python(io.BytesIO(text.encode()), KEYWORDS, [MARK], {"encoding": "utf-8"})
    given: Any
    for _line, function, given, remarks in found:
        spec = KEYWORDS[str(function)] or (1,)
        # What is no plain string stands as None among several arguments.
        texts = [given] if isinstance(given, str) else list(given or ())
        context = texts.pop(0) if isinstance(spec[0], tuple) else None
        count = sum(isinstance(place, int) for place in spec)
        message = tuple(text for text in texts[:count] if text)
        if len(message) == count:
            yield context, message if count > 1 else message[0], list(remarks or ())
