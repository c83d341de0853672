"""What a request handler needs from around it: configuration, database, the visitor's language."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from typing import cast

from babel import Locale
from flask import current_app, request, url_for
from flask_babel import get_locale, gettext

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import DomainError
from frontoffice.paths import STATIC

LANGUAGE_COOKIE = "language"
KEY = "frontoffice"

# Begins with one slash, and has nothing that a browser would read as one, or drop.
_PATH_OF_OURS = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


@dataclass(frozen=True)
class Surroundings:
    """What an application was made with; kept in `app.extensions["frontoffice"]`."""

    config: Config
    database: Database


@dataclass(frozen=True)
class Language:
    """A language as the switch shows it: its code, its own name, "ltr" or "rtl"."""

    code: str
    name: str
    direction: str


def config() -> Config:
    """The configuration of the running application."""
    return cast(Surroundings, current_app.extensions[KEY]).config


def database() -> Database:
    """The database of the running application."""
    return cast(Surroundings, current_app.extensions[KEY]).database


def choose_language() -> str:
    """The language of this request: the visitor's choice, else the browser's wish, else the first configured."""
    known = config().site.languages
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in known:
        return chosen
    return request.accept_languages.best_match(known) or known[0]


def language() -> str:
    """The code of the language this page is written in."""
    return str(get_locale() or config().site.languages[0])


@cache
def language_of(code: str) -> Language:
    """How the language with this code calls itself and which way it runs."""
    locale = Locale.parse(code)
    return Language(code, (locale.get_display_name() or code).capitalize(), locale.text_direction)


def in_own_language(texts: dict[str, str]) -> str:
    """The text in the visitor's language, else in German: what tables keep as {"de": …, "en": …}."""
    return texts.get(language()) or texts["de"]


def say(error: DomainError) -> str:
    """The sentence of a domain error in the visitor's language."""
    sentence: str = gettext(error.sentence)
    return sentence % error.params if error.params else sentence


def safe_next(target: str | None) -> str:
    """`target` if it is a path on this site, else the start page: nobody is sent elsewhere through our links."""
    usable = target and _PATH_OF_OURS.fullmatch(target)
    return target if usable and target else url_for("start.index")


@cache
def _content_hash(name: str) -> str:
    path = STATIC / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "missing"


def static_url(name: str) -> str:
    """The address of a built asset; it changes with the content, so that browsers may keep it for ever."""
    return url_for("assets.static", name=name, v=_content_hash(name))
