"""Texts in the visitor's language, and what is known about languages themselves."""

import re
from datetime import date, datetime, time, tzinfo

import flask_babel
from babel import Locale, UnknownLocaleError
from babel.dates import format_date

# What the screen can say before the office was ever reached; the first is the one nobody has to ask for.
OWN_LANGUAGES = ("de", "en")

# Dates and times as people here know them: 14:05 and 23 November, not 2:05 PM and November 23.
WRITTEN_AS = {"en": "en_GB", "de-simple": "de"}

# gettext and Babel know a variant of a language as its modifier: sr@latin, de@simple.
LOCALES = {"de-simple": "de@simple"}

# How a full date says the year: "2026", "de 2026", "2026 г.".
_YEAR = re.compile(r"(?:\s*'de')?\s*y+(?:\s*'[^']*'\.?)?")

# Names that people call their language by, where the Unicode tables have another one.
OWN_NAMES = {"ar": "العربية", "de-simple": "Leichte Sprache", "fa": "فارسی / دری", "tr": "Türkçe"}


def N_(text: str) -> str:  # noqa: N802 - the name that gettext tools look for
    """Marks a text for translation that is written down before anybody's language is known."""
    return text


def _(text: str, **values: object) -> str:
    """The text in the language of this request."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The text for this many, in the language of this request."""
    return str(flask_babel.ngettext(one, many, num, **values))


def speak_anew() -> None:
    """Look the language of this request up again."""
    flask_babel.refresh()


def in_own_languages(text: str) -> dict[str, str]:
    """A marked text in each language that a device is sure to have."""
    said = {}
    for language in OWN_LANGUAGES:
        with flask_babel.force_locale(locale(language)):
            said[language] = _(text)
    return said


def locale(language: str) -> Locale:
    """The language with its rules."""
    try:
        return Locale.parse(LOCALES.get(language, language.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        return Locale.parse(OWN_LANGUAGES[0])


def own_name(language: str) -> str:
    """The language's name in the language itself."""
    name = OWN_NAMES.get(language) or locale(language).get_language_name() or language
    return name[:1].upper() + name[1:]


def direction(language: str) -> str:
    """ "ltr" or "rtl"."""
    return locale(language).text_direction


def time_of_day(moment: datetime, zone: tzinfo) -> str:
    """The time on the office's clock; 14:05 in every language, as on the clock on the wall and in every letter."""
    return clock_time(moment.astimezone(zone).time())


def clock_time(at: time) -> str:
    """A time of day."""
    return f"{at:%H:%M}"


def day_name(day: date, language: str) -> str:
    """A day with its weekday and without its year: Monday 23 November."""
    rules = locale(WRITTEN_AS.get(language, language))
    pattern = _YEAR.sub("", rules.date_formats["full"].pattern)
    return str(format_date(day, pattern, locale=rules)).strip(" ,")
