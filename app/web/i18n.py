"""Languages: which one a page is in, and which way it runs. Only what the program says, never what a person typed."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask
from flask_babel import Babel
from jinja2.filters import do_forceescape

from app.settings import find_resource

LANGUAGES: Final = ("en",)
"""The languages there are texts in, as BCP 47 names them."""


def init_app(app: Flask) -> None:
    """Give templates gettext, `page_language()` and `page_direction()`."""
    Babel(app, default_locale=LANGUAGES[0], locale_selector=choose_language)
    # In place of Flask-Babel's, which ask for the request four times at each of a page's thirty texts: a fifth of it.
    # Not Jinja's new style, which takes a catalogue's text for markup: what is said here is escaped like all else.
    app.jinja_env.install_gettext_callables(say, say_count, newstyle=False)  # type: ignore[attr-defined]  # by Jinja's extension
    app.jinja_env.globals["page_language"] = choose_language
    app.jinja_env.globals["page_direction"] = name_direction


def choose_language() -> str:
    """Return the language of this request; one for all, as long as there is one."""
    return LANGUAGES[0]


def name_direction() -> str:
    """Return the page's direction as the `dir` attribute has it."""
    return _find_direction(choose_language())


def translate(text: str) -> str:
    """Return a text of the program's in the page's language."""
    return _load_catalog(choose_language()).gettext(text)


def translate_count(one: str, many: str, count: int) -> str:
    """Return the text of the program's that goes with a count, in the page's language."""
    return _load_catalog(choose_language()).ngettext(one, many, count)


def say(text: str, **values: object) -> str:
    """Return a text of the program's in the page's language with these values in it: a template's `gettext`."""
    said = translate(text)
    return _fill(said, values) if values else said


def say_count(one: str, many: str, count: int, **values: object) -> str:
    """Return the text of the program's that goes with a count, which it may name as `num`: a template's `ngettext`."""
    return _fill(translate_count(one, many, count), {"num": count, **values})


def _fill(said: str, values: Mapping[str, object]) -> str:
    # A value that a template drew, such as a link, stays what it is, in a text that is escaped here and not once more.
    is_drawn = any(hasattr(value, "__html__") for value in values.values())
    return (do_forceescape(said) if is_drawn else said) % values


@cache
def _load_catalog(language: str) -> NullTranslations:
    return Translations.load(find_resource("translations"), [language])


@cache
def _find_direction(language: str) -> str:
    return Locale.parse(language, sep="-").text_direction
