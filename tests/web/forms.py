"""Every form of the pages that can be reached, found by walking through them as somebody."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

PAGES_PER_RULE = 2  # pages of one rule resemble each other
REDIRECTS = (301, 302, 303, 307, 308)
Key = tuple[str, str | None, tuple[str, ...]]
NOT_WALKED = ("/static/", "/live/", "/language/", "/api/")


@dataclass(frozen=True)
class Form:
    """A form: on which page it stands, where it goes, what it asks, with what can stand in it.

    `usual` is what a browser would send whose visitor changes nothing.
    """

    page: str
    action: str
    method: str
    fields: tuple[tuple[str, str], ...]
    usual: tuple[tuple[str, str], ...]
    session: dict[str, Any] = field(hash=False, compare=False)

    @property
    def names(self) -> list[str]:
        """The fields, but for the one that protects the form."""
        return list(dict.fromkeys(name for name, _ in self.fields if name != "csrf_token"))

    def key(self, app: Flask) -> Key:
        """What makes it another form than others: where it goes, and what it asks."""
        return self.method, rule_of(app, self.action, self.method), tuple(sorted(self.names))


@dataclass
class _Written:
    """A form as the page has it: `fields` is all that can be sent, `usual` what is if nothing is changed."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    usual: dict[str, str] = field(default_factory=dict)
    other_actions: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # of buttons that send it elsewhere


class _Reader(HTMLParser):
    """The links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[_Written] = []
        self._open = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name, value = said.get("name", ""), said.get("value", "")
        # Scripts fetch parts of pages from the addresses that stand in their attributes.
        self.links += [text for at, text in said.items() if at.startswith("data-") and text.startswith("/")]
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        elif tag == "form":
            self._open = True
            self.forms.append(_Written(said.get("action", ""), said.get("method", "get").upper()))
        elif self._open and tag == "button" and "formaction" in said:
            self.forms[-1].other_actions[said["formaction"]] = (name, value)
        elif self._open and tag in ("input", "button", "textarea") and name:
            is_choice = said.get("type") in ("checkbox", "radio")
            self._can_be_sent(name, value, is_usual=not is_choice or "checked" in said)
        elif tag == "select":
            self._select = name
        elif self._open and tag == "option" and self._select:
            self._can_be_sent(self._select, value, is_usual="selected" in said)

    def _can_be_sent(self, name: str, value: str, *, is_usual: bool) -> None:
        """A choice of which nothing is chosen yet is made by the first that is something."""
        form = self.forms[-1]
        form.fields.append((name, value))
        if (is_usual and name not in form.usual) or not form.usual.get(name):
            form.usual[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
            written = self.forms[-1]
            for action, pressed in written.other_actions.items():
                fields, usual = list(written.fields), dict(written.usual)
                if pressed[0]:
                    fields.append(pressed)
                    usual[pressed[0]] = pressed[1]
                self.forms.append(_Written(action, written.method, fields, usual))
        elif tag == "select":
            self._select = ""


class Walk:
    """A walk of one visitor: pages that were seen (one of each rule in `pages`), forms that were found."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self._app = app
        self._client = client
        self._seen: set[str] = set()
        self._visited: Counter[str] = Counter()
        self.pages: dict[str, str] = {}
        self._known: set[Key] = set()

    def on(self, starts: Iterable[str]) -> Iterator[Form]:
        """Walk on from there: all forms that are new, by where they go and what they ask.

        The starts are looked at even if they have been already: they may have become others.
        """
        firsts = [*starts]
        waiting = deque(firsts)
        for number in count():
            if not waiting:
                return
            path = waiting.popleft()
            rule = rule_of(self._app, path)
            if rule is None or path.startswith(NOT_WALKED):
                continue
            if number >= len(firsts) and (path in self._seen or self._visited[rule] >= PAGES_PER_RULE):
                continue
            self._seen.add(path)
            answer = self._client.get(path)
            assert answer.status_code < 500, path
            if answer.status_code < 400:
                self.pages.setdefault(rule, path)
            if answer.status_code in REDIRECTS:  # short links have one rule, and lead to many
                waiting.append(here(path, answer.headers["Location"]))
            else:
                self._visited[rule] += number >= len(firsts)
            if answer.mimetype == "text/html":
                links, forms = self.read(path, answer.text)
                waiting.extend(links)
                yield from forms

    def read(self, path: str, page: str) -> tuple[list[str], list[Form]]:
        """Where a page leads, and its forms that are new."""
        reader = _Reader()
        reader.feed(page)
        # What has arrived in the inbox of the demonstration are links as text.
        links = [*reader.links, *re.findall(r"http://localhost/[^\s<\"]+", page)]
        return [link for each in links if (link := here(path, each))], list(self._new_of(path, reader))

    def _new_of(self, path: str, reader: _Reader) -> Iterator[Form]:
        with self._client.session_transaction() as browser:
            session = dict(browser)
        for said in reader.forms:
            action = here(path, said.action or path)
            form = Form(path, action, said.method, tuple(said.fields), tuple(said.usual.items()), session)
            if (key := form.key(self._app)) not in self._known:
                self._known.add(key)
                yield form


def rule_of(app: Flask, path: str, method: str = "GET") -> str | None:
    """The rule of an address; None where there is none."""
    try:
        rule, _ = app.url_map.bind("localhost").match(urlsplit(path).path, method=method, return_rule=True)
    except HTTPException:
        return None
    return str(rule.rule)


def here(page: str, link: str) -> str:
    """The path of a link, with its query; empty where it leads elsewhere."""
    parts = urlsplit(urljoin(f"http://localhost{page}", link))
    if parts.scheme not in ("http", "https") or parts.hostname not in ("localhost", None) or parts.port:
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")
