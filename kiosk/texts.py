"""Texts in the visitor's language, and what is known about languages themselves."""

from datetime import datetime, tzinfo

import flask_babel
from babel import Locale, UnknownLocaleError

# What the screen can say before the office was ever reached; the first is the one nobody has to ask for.
OWN_LANGUAGES = ("de", "en")


def N_(text: str) -> str:  # noqa: N802 - the name that gettext tools look for
    """Marks a text for translation that is written down before anybody's language is known."""
    return text


def _(text: str, **values: object) -> str:
    """The text in the language of this request."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The text for this many, in the language of this request."""
    return str(flask_babel.ngettext(one, many, num, **values))


def locale(language: str) -> Locale:
    """The rules for writing dates and numbers in this language."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale.parse(OWN_LANGUAGES[0])


def own_name(language: str) -> str:
    """The language's name in the language itself."""
    name = locale(language).get_language_name() or language
    return name[:1].upper() + name[1:]


def direction(language: str) -> str:
    """ "ltr" or "rtl"."""
    return locale(language).text_direction


def time_of_day(moment: datetime, zone: tzinfo, language: str) -> str:
    """The time on the office's clock, as written in this language."""
    return str(flask_babel.dates.format_time(moment, "short", tzinfo=zone, locale=locale(language)))
