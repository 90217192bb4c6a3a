"""The messages of the site in its languages."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import allauth
import django
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext, ngettext

from ai4mars_site import messages
from tests.usted import usted_in

ROOT = Path(settings.BASE_DIR)
TRANSLATED = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


@pytest.fixture(scope="module")
def template() -> Catalog:
    return messages.extract(ROOT)


def catalog_of(language: str) -> Catalog:
    return messages.read(ROOT / "locale" / language / "LC_MESSAGES" / "django.po")


def write_sources(root: Path) -> None:
    (root / "app" / "templates").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "app" / "views.py").write_text(
        "hello = _('Hello')\nmany = ngettext('%d rock', '%d rocks', n)\nnot_this = print('No')\n"
    )
    (root / "app" / "templates" / "page.html").write_text(
        "{% load i18n %}{% translate 'Hello' %} {% translate 'Space' context 'key' %} not this"
        "{% blocktranslate trimmed with n=a.b %}{{ n }} %\n  left{% endblocktranslate %}"
    )
    (root / "tests" / "test_it.py").write_text("_('Not from tests')")


def test_finds_what_python_and_templates_mark(tmp_path: Path) -> None:
    write_sources(tmp_path)

    found = messages.extract(tmp_path)

    assert {message.id for message in found if message.id} == {
        "Hello",
        "%(n)s %% left",
        "Space",
        ("%d rock", "%d rocks"),
    }
    assert found.get("Space", "key") is not None
    hello = found.get("Hello")
    assert hello is not None
    assert [file for file, _ in hello.locations] == ["app/templates/page.html", "app/views.py"]


def test_the_source_marks_sentences_by_names_that_are_looked_for() -> None:
    """Under another name, a message would not be found and would stay in English."""
    renamed = re.compile(r"^from django\.utils\.translation import \w*gettext\w* as (\w+)$", re.M)
    names = {
        name
        for folder in ("ai4mars_site", "labeling", "review", "merging", "simulation")
        for path in (ROOT / folder).rglob("*.py")
        for name in renamed.findall(path.read_text(encoding="utf-8"))
    }

    assert names <= messages.KEYWORDS.keys()


def test_an_update_keeps_translations_and_lets_go_of_what_is_gone(tmp_path: Path) -> None:
    write_sources(tmp_path)
    path = tmp_path / "django.po"
    path.write_text(
        'msgid ""\nmsgstr ""\n"Language: es\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Hello"\nmsgstr "Hola"\n\nmsgid "Gone"\nmsgstr "Ido"\n'
    )

    messages.update(path, messages.extract(tmp_path))

    catalog = messages.read(path)
    assert catalog["Hello"].string == "Hola"
    assert "Gone" not in path.read_text()
    assert set(messages.untranslated(catalog, messages.extract(tmp_path))) == {
        "%(n)s %% left",
        "Space",
        "%d rock",
    }


@pytest.mark.parametrize(
    ("sentence", "translated", "wrong"),
    [
        ("{done} of {total}", "{done} de {total}", False),
        ("{done} of {total}", "{done} de todas", True),
        ("%(n)s left", "quedan %(m)s", True),
        (("%(n)s rock", "%(n)s rocks"), ("una roca", "%(n)s rocas"), False),
        (("%(n)s rock", "%(n)s rocks"), ("una roca", "%(k)s rocas"), True),
        ("%d %% done", "%d %% hecho", False),
    ],
)
def test_placeholders(
    sentence: str | tuple[str, str], translated: str | tuple[str, str], wrong: bool
) -> None:
    catalog = Catalog(locale="es")
    catalog.add(sentence, translated)
    first = sentence if isinstance(sentence, str) else sentence[0]

    assert messages.wrong_placeholders(catalog) == ([first] if wrong else [])


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: str, template: Catalog) -> None:
    """`make messages` adds new messages to the file."""
    assert messages.untranslated(catalog_of(language), template) == []


def test_pages_are_indented_as_they_like_and_what_is_no_sentence_is_left_out(
    tmp_path: Path,
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        "{% load i18n %}<div>\n        <p>{% translate 'Deep' %}\n   {% translate 'Less' %}</p>\n"
    )
    (tmp_path / "templates" / "chart.svg").write_text("{% load i18n %}{% translate 'Drawn' %}")
    (tmp_path / "views.py").write_text("said = _(words)\nhello = _('Hello')\n")

    found = messages.extract(tmp_path)

    assert {message.id for message in found if message.id} == {"Deep", "Less", "Drawn", "Hello"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_placeholder_is_in_the_translation(language: str) -> None:
    assert messages.wrong_placeholders(catalog_of(language)) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_translations_are_compiled(language: str) -> None:
    """`make setup` compiles them; otherwise the site would silently be in English."""
    source = ROOT / "locale" / language / "LC_MESSAGES" / "django.po"
    compiled = source.with_suffix(".mo")
    assert compiled.exists(), "run `make setup`"
    with translation.override(language):
        assert translation.gettext("Start drawing") != "Start drawing"


@pytest.mark.django_db
def test_the_switch_is_remembered(client: Client) -> None:
    assert client.get("/", headers={"accept-language": "en"}).headers["Content-Language"] == "en"

    answer = client.post("/i18n/setlang/", {"language": "es"}, headers={"referer": "/"})

    assert answer.status_code == 302
    page = client.get("/", headers={"accept-language": "en"})
    assert page.headers["Content-Language"] == "es"
    assert 'lang="es" dir="ltr"' in page.content.decode()


@pytest.mark.django_db
def test_a_browser_asks_in_its_own_language(client: Client) -> None:
    for asked, given in (("es-MX, en;q=0.5", "es"), ("fr", "en"), ("de, es;q=0.8", "es")):
        answer = client.get("/", headers={"accept-language": asked})
        assert answer.headers["Content-Language"] == given


# -- Spanish says tú -------------------------------------------------------------------------------


def test_the_search_for_usted_finds_it() -> None:
    assert usted_in("Introduzca su contraseña. ¿La olvidó usted?") == [
        "Introduzca",
        "su contraseña",
        "olvidó",
        "usted",
    ]
    assert not usted_in("Introduce tu contraseña. Un experto etiqueta por su cuenta.")


def test_our_spanish_says_tu() -> None:
    found = {
        text: usted_in(text)
        for message in catalog_of("es")
        if message.id
        for text in (message.string if isinstance(message.string, tuple) else [message.string])
    }
    assert not {text: forms for text, forms in found.items() if forms}


def account_messages() -> list[str | tuple[str, ...]]:
    """The texts of Django's forms and accounts, and of allauth's account pages."""
    found: list[str | tuple[str, ...]] = []
    for package, folder in (
        (django, "conf/locale"),
        (django, "contrib/auth/locale"),
        (allauth, "locale"),
    ):
        path = Path(package.__file__).parent / folder / "es/LC_MESSAGES/django.po"
        # Catalogs of packages may have more plural forms than they say; Babel reports that.
        with path.open("rb") as file, contextlib.redirect_stdout(io.StringIO()):
            catalog = read_po(file)
        for message in catalog:
            places = [place for place, _line in message.locations]
            if "DEBUG=True" in str(message.id):
                continue  # only developers see it
            if message.id and (
                package is django
                or any(
                    place.lstrip("./").startswith(
                        ("account/", "templates/account/", "allauth/account/")
                    )
                    for place in places
                )
            ):
                found.append(message.id)
    return found


def test_account_pages_say_tu() -> None:
    """Also where the texts are those of Django and allauth (`ai4mars_site/account_texts.py`)."""
    texts = account_messages()
    assert len(texts) > 300
    with translation.override("es"):
        shown = [
            gettext(text) if isinstance(text, str) else ngettext(text[0], text[1], number)
            for text in texts
            for number in ((1,) if isinstance(text, str) else (1, 2))
        ]
    assert not [text for text in shown if usted_in(text)]


def test_account_pages_say_tu_in_errors(db: None) -> None:
    client = Client(headers={"accept-language": "es"})
    wrong = {"username": "a b", "email": "no", "password1": "123", "password2": "124"}
    pages = [
        client.post("/accounts/signup/", wrong),
        client.post("/accounts/login/", {"login": "nobody", "password": "wrong"}),
        client.post("/accounts/password/reset/", {"email": "no"}),
        client.get("/accounts/password/reset/done/"),
        client.get("/accounts/password/reset/key/1-a/"),
    ]
    for page in pages:
        assert not usted_in(page.content.decode()), page.request["PATH_INFO"]
