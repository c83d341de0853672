"""Every form of the pages that can be reached, found by walking through them as somebody."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

PAGES_PER_RULE = 2  # pages of one rule resemble each other
REDIRECTS = (301, 302, 303, 307, 308)
NOT_WALKED = ("/static/", "/live/", "/language/", "/api/")


@dataclass(frozen=True)
class Form:
    """A form: on which page it stands, where it goes, what it asks, with what stood in it."""

    page: str
    action: str
    method: str
    fields: tuple[tuple[str, str], ...]
    session: dict[str, Any] = field(hash=False, compare=False)

    @property
    def names(self) -> list[str]:
        """The fields, but for the one that protects the form."""
        return list(dict.fromkeys(name for name, _ in self.fields if name != "csrf_token"))


class _Reader(HTMLParser):
    """The links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[dict[str, str], list[tuple[str, str]]]] = []
        self._open = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        elif tag == "form":
            self._open = True
            self.forms.append((said, []))
        elif self._open and tag in ("input", "button", "textarea") and said.get("name"):
            self.forms[-1][1].append((said["name"], said.get("value", "")))
        elif tag == "select":
            self._select = said.get("name", "")
        elif self._open and tag == "option" and self._select:
            self.forms[-1][1].append((self._select, said.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag == "select":
            self._select = ""


class Walk:
    """A walk of one visitor: pages that were seen, forms that were found."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self._app = app
        self._client = client
        self._seen: set[str] = set()
        self._visited: Counter[str] = Counter()
        self._known: set[tuple[str, str, tuple[str, ...]]] = set()

    def on(self, starts: Iterable[str]) -> Iterator[Form]:
        """Walk on from there: all forms that are new, by where they go and what they ask."""
        waiting = deque(starts)
        while waiting:
            path = waiting.popleft()
            rule = rule_of(self._app, path)
            if path in self._seen or rule is None or path.startswith(NOT_WALKED):
                continue
            self._visited[rule] += 1
            if self._visited[rule] > PAGES_PER_RULE:
                continue
            self._seen.add(path)
            answer = self._client.get(path)
            assert answer.status_code < 500, path
            if answer.status_code in REDIRECTS:
                self._visited[rule] -= 1  # short links have one rule, and lead to many
                waiting.append(here(path, answer.headers["Location"]))
            if answer.mimetype != "text/html":
                continue
            reader = _Reader()
            reader.feed(answer.text)
            # What has arrived in the inbox of the demonstration are links as text.
            links = [*reader.links, *re.findall(r"http://localhost/[^\s<\"]+", answer.text)]
            waiting.extend(link for each in links if (link := here(path, each)))
            yield from self._new_of(path, reader)

    def _new_of(self, path: str, reader: _Reader) -> Iterator[Form]:
        with self._client.session_transaction() as browser:
            session = dict(browser)
        for said, fields in reader.forms:
            action, method = here(path, said.get("action") or path), said.get("method", "get").upper()
            form = Form(path, action, method, tuple(fields), session)
            key = (method, rule_of(self._app, action, method) or "", tuple(sorted(form.names)))
            if key not in self._known:
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
