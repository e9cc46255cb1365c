"""Languages: which one a page is in, and which way it runs. Only what the program says, never what a person typed."""

from typing import Final

from flask import Flask
from flask_babel import Babel, get_locale, gettext

LANGUAGES: Final = ("en",)
"""The languages there are texts in."""


def init_app(app: Flask) -> None:
    """Give templates gettext, `page_language()` and `page_direction()`."""
    Babel(app, default_locale=LANGUAGES[0], locale_selector=choose_language)
    app.jinja_env.globals["page_language"] = name_language
    app.jinja_env.globals["page_direction"] = name_direction


def translate(text: str) -> str:
    """Return a text of the program's in the page's language."""
    return gettext(text)


def choose_language() -> str:
    """Return the language of this request; one for all, as long as there is one."""
    return LANGUAGES[0]


def name_language() -> str:
    """Return the page's language as the `lang` attribute has it (BCP 47)."""
    return str(get_locale()).replace("_", "-")


def name_direction() -> str:
    """Return the page's direction as the `dir` attribute has it."""
    locale = get_locale()
    return locale.text_direction if locale else "ltr"
