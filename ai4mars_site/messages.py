"""Message catalogs: extract the messages of Python files and templates, and update `.po` files.

Babel is used instead of `makemessages`, which needs xgettext. The front end takes its messages from
templates, so there are no other sources.
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

#: Folders without sentences to translate: tests and third-party code.
LEFT_OUT = {"tests", "node_modules", "var", "migrations", "locale"}
#: Function -> its message arguments ("c" is the context), as in the --keyword option of xgettext.
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
    # terrain does not import Django: `toolkit/refusals.py` translates these messages.
    "InvalidPolygons": None,
    "TooManyPoints": None,
    "TooTangled": None,
}
MARK = "Translators:"
#: Placeholders: %(name)s and %d in Python and templates, {name} in the front end.
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sd%]|\{\w+\}")

HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"Plural-Forms: {plural_forms}\n"
"Content-Type: text/plain; charset=utf-8\n"

"""

Id = str | tuple[str, ...]


def extract(root: Path) -> Catalog:
    """Return every marked message below `root`, with its files (without lines, which change)."""
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
    """Update a `.po` file: add new messages without translation, remove unused ones.

    There is no fuzzy matching: a changed message has to be translated again.
    """
    catalog = read(path)
    catalog.update(template, no_fuzzy_matching=True)
    write(path, catalog)


def write(path: Path, catalog: Catalog) -> None:
    """Write a `.po` file so that it changes only where a message changes."""
    with path.open("wb") as file:
        # Babel's own header has the time, and names of people that we do not keep.
        header = HEADER.format(language=catalog.locale, plural_forms=catalog.plural_forms)
        file.write(header.encode())
        write_po(file, catalog, width=100, omit_header=True, ignore_obsolete=True, sort_output=True)


def untranslated(catalog: Catalog, template: Catalog) -> list[str]:
    """Return the messages of the template that the catalog lacks or marks as fuzzy."""
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
    """Return the messages whose translation has other placeholders.

    A plural form may omit the number: "one drawing" needs none.
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
    """Return a message and its plural, or the forms of its translation; may be empty."""
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
    """Yield context, message (with its plural, if any) and comments for translators."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Python code with the indentation of the page, which Python would reject.
        lines = templatize(text, origin=str(path)).splitlines()
        text = "\n".join(line.lstrip() for line in lines)
    found = extract_python(io.BytesIO(text.encode()), KEYWORDS, [MARK], {"encoding": "utf-8"})
    given: Any
    for _line, function, given, remarks in found:
        spec = KEYWORDS[str(function)] or (1,)
        # Arguments that are no plain strings are None.
        texts = [given] if isinstance(given, str) else list(given or ())
        context = texts.pop(0) if isinstance(spec[0], tuple) else None
        count = sum(isinstance(place, int) for place in spec)
        message = tuple(text for text in texts[:count] if text)
        if len(message) == count:
            yield context, message if count > 1 else message[0], list(remarks or ())
