"""What a request handler needs from around it: configuration, database, the visitor's language."""

import hashlib
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeVar, cast

from babel import Locale
from flask import Response, after_this_request, current_app, g, request, url_for
from flask_babel import force_locale, get_locale, gettext, ngettext, refresh
from werkzeug.datastructures import LanguageAccept

from frontoffice import languages
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import Counted, DomainError
from frontoffice.paths import STATIC
from frontoffice.web.needs import Kind, needs_of

LANGUAGE_COOKIE = "language"  # chosen by its name
FOLLOWED = "followed_language"  # of the personal link that was opened last: the cookie's name, and in `g`
READ_BY_STAFF = ("/staff", "/desk", "/demo", "/partner/")  # also where no permission is needed: to sign in
KEY = "frontoffice"

# Begins with one slash, and has nothing that a browser would read as one, or drop.
_PATH_OF_OURS = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


@dataclass(frozen=True)
class Surroundings:
    """What an application was made with; kept in `app.extensions["frontoffice"]`."""

    config: Config
    database: Database


def config() -> Config:
    """The configuration of the running application."""
    return cast(Surroundings, current_app.extensions[KEY]).config


def database() -> Database:
    """The database of the running application."""
    return cast(Surroundings, current_app.extensions[KEY]).database


def offered_languages() -> tuple[str, ...]:
    """What this page can be read in: pages for staff and partners have texts in German and English only."""
    offered = config().site.languages
    if not (request.path.startswith(READ_BY_STAFF) or _needs_more()):
        return offered
    return tuple(code for code in offered if code in languages.STAFF) or languages.STAFF


def _needs_more() -> bool:
    endpoint = request.endpoint  # none where there is no such page
    return endpoint is not None and not needs_of(current_app, endpoint) <= {Kind.PUBLIC, Kind.LINK}


def choose_language() -> str:
    """The language of this request: the visitor's choice, else that of the booking whose link was opened, else the
    browser's wish, else the first configured.
    """
    offered = offered_languages()
    for chosen in (
        request.cookies.get(LANGUAGE_COOKIE),
        g.get(FOLLOWED),
        request.cookies.get(FOLLOWED),
    ):
        if chosen in offered:
            return cast(str, chosen)
    wanted = LanguageAccept([(languages.read_as(code), much) for code, much in request.accept_languages])
    return wanted.best_match(offered) or offered[0]


def language() -> str:
    """The code of the language this page is written in."""
    locale = get_locale()
    return languages.code_of(locale) if locale else config().site.languages[0]


def in_language(code: str) -> AbstractContextManager[None]:
    """In it, sentences come in this language instead of the visitor's."""
    return cast(AbstractContextManager[None], force_locale(languages.folder_of(code)))


class Spoken(Protocol):
    """A booking, a number, a wish: somebody chose a language for it."""

    @property
    def language(self) -> str:
        """Its code."""


Found = TypeVar("Found", bound=Spoken)


def in_its_language(found: Found) -> Found:
    """What a personal link leads to; from here on this browser is answered in its language, unless another one was
    chosen by its name.
    """
    follow(found.language)
    return found


def follow(code: str) -> None:
    """Answer in this language from here on, until the browser is closed: personal pages lead to public ones."""
    if code not in config().site.languages:
        return
    setattr(g, FOLLOWED, code)
    refresh()
    if request.cookies.get(FOLLOWED) != code:
        after_this_request(_remember)


def _remember(answer: Response) -> Response:
    secure = config().site.base_url.startswith("https://")
    answer.set_cookie(FOLLOWED, g.get(FOLLOWED), samesite="Lax", httponly=True, secure=secure)
    return answer


def follow_the_address() -> None:
    """Before each request: a link to a public page may say which language its message was in."""
    if request.query_string and languages.SPEAK in request.args:
        follow(request.args[languages.SPEAK])


def writing() -> Locale:
    """By whose rules this page writes dates, times and numbers."""
    return languages.writing_of(language())


def in_own_language(texts: dict[str, str]) -> str:
    """The text in the visitor's language, else in German: what tables keep as {"de": …, "en": …}."""
    return texts.get(language()) or texts["de"]


def say(error: DomainError) -> str:
    """The sentence of a domain error in the visitor's language."""
    if isinstance(error.sentence, Counted):
        one, many, number = error.sentence.one, str(error.sentence), error.params[error.sentence.by]
        return str(ngettext(one, many, number, **error.params))
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
