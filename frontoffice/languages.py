"""The languages there are texts in: their codes, how Babel and gettext call them, how each writes dates.

A code is what browsers and HTML use (BCP 47): `de`, `ar`, `de-simple` for plain German (Leichte Sprache).
"""

from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError

SOURCE = "en"  # of the sentences in the code: needs no catalogue

# Whose texts are whole, and which an office may therefore offer: the tests hold each of them to that.
SUPPORTED = ("de", "de-simple", "en", "uk", "ru", "ar", "tr", "fa", "fr", "es")

# In the making: they have catalogues, and join the others once nothing is missing.
COMING: tuple[str, ...] = ()

# What only staff read. The official language is German (§ 23 VwVfG), so it is enough at the desk, with English.
STAFF = ("de", "en")

# What a code looks like, also of a language that there are no texts in.
CODE = r"^[a-z]{2,3}(-[a-z]{5,8})?$"

# gettext and Babel know a variant of a language as its modifier: sr@latin, de@simple.
_LOCALES = {"de-simple": "de@simple"}
_CODES = {locale: code for code, locale in _LOCALES.items()}

# English here is read by people in Germany: 24 hours, and the day before the month. Farsi is read by people from
# Iran and Afghanistan, whose calendars differ from each other and from that of the office, which is the one meant.
_WRITTEN_AS = {"en": "en_GB", "de-simple": "de"}

# In the address of a public page: which language whoever comes from a message or a kiosk was spoken to in.
SPEAK = "speak"

# Names that people call their language by, where the Unicode tables have another one.
_OWN_NAMES = {
    "ar": "العربية",
    "de-simple": "Leichte Sprache",
    "fa": "فارسی / دری",
    "tr": "Türkçe",
}

# What browsers ask for that is written in one of ours.
_READ_AS = {"prs": "fa", "de-x-leichte-sprache": "de-simple"}


@dataclass(frozen=True)
class Language:
    """A language as the switch shows it: its code, its own name, "ltr" or "rtl"."""

    code: str
    name: str
    direction: str


@cache
def locale_of(code: str) -> Locale:
    """The language with its rules, as Babel and gettext know it. Raises ValueError for what is no language."""
    try:
        return Locale.parse(_LOCALES.get(code, code.replace("-", "_")))
    except UnknownLocaleError as error:
        raise ValueError(str(error)) from None


def folder_of(code: str) -> str:
    """Where its catalogues lie in `translations`."""
    return _LOCALES.get(code, code)


def code_of(locale: Locale) -> str:
    """The code of a language that Babel has parsed."""
    return _CODES.get(str(locale), str(locale))


@cache
def writing_of(code: str) -> Locale:
    """By whose rules dates, times and numbers are written in texts of this language."""
    return Locale.parse(_WRITTEN_AS.get(code, code))


@cache
def language_of(code: str) -> Language:
    """How the language with this code calls itself and which way it runs."""
    locale = locale_of(code)
    name = _OWN_NAMES.get(code) or locale.get_display_name() or code
    return Language(code, name[:1].upper() + name[1:], locale.text_direction)


def name_of(code: str, language: str) -> str:
    """What the language with this code is called in another one; the code itself, where there is no such language."""
    if code == "de-simple":
        return "Leichte Sprache" if language == "de" else "Plain German"
    try:
        return locale_of(code).get_display_name(locale_of(language)) or code
    except ValueError:
        return code


def speaking(address: str, code: str) -> str:
    """The address (which has no query) of a public page, as it is given to somebody who reads this language."""
    return f"{address}?{SPEAK}={code}"


def read_as(wanted: str) -> str:
    """The code under which a language that a browser asks for is known here: uk-UA is uk, prs-AF is fa."""
    whole = wanted.lower()
    if whole in _READ_AS or whole in SUPPORTED:
        return _READ_AS.get(whole, whole)
    main = whole.partition("-")[0]
    return _READ_AS.get(main, main)


def kin_of(code: str) -> tuple[str, ...]:
    """The language, and what its readers can read where there is no text in it: of plain German, German."""
    return (code, "de") if code == "de-simple" else (code,)
