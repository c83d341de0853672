"""Finds the pages of a running office by following links, as each kind of user; new pages are found by themselves."""

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

from flask import Flask
from playwright.sync_api import APIRequestContext
from werkzeug.exceptions import HTTPException, NotFound

# What links to another answer than a page, signs out, or only changes the language.
NOT_FOLLOWED = re.compile(r"/language/|sign-out|\.(ics|csv|toml|txt|json|png|svg|pdf)$")
LINK = re.compile(r'<(?:a|form)\s(?:[^>]*?\s)?(?:href|action)="([^"]*)"')
MOST = 400  # links looked at by one user


@dataclass(frozen=True)
class Found:
    """A page: the endpoint that answers, its address, and its HTML."""

    endpoint: str
    url: str
    html: str


class Walk:
    """Asks for one page of each endpoint, and follows its links."""

    def __init__(self, app: Flask, base_url: str) -> None:
        self._addresses = app.url_map.bind(urlsplit(base_url).netloc)
        self._base = base_url

    def pages(
        self, request: APIRequestContext, starts: Iterable[str], known: Collection[str] = ()
    ) -> Iterator[Found]:
        """One page of each endpoint that can be reached; those known already are only asked for their links."""
        waiting = deque(urljoin(self._base, start) for start in starts)
        seen: set[str] = set()
        asked: dict[str, int] = {}
        while waiting and len(seen) < MOST:
            url = waiting.popleft().partition("#")[0]
            endpoint = self._endpoint(url)
            # The same page with other contents has other links; a few of them are enough.
            if url in seen or endpoint is None or asked.get(endpoint, 0) >= (1 if endpoint in known else 3):
                continue
            seen.add(url)
            answer = request.get(url)
            if "text/html" not in answer.headers.get("content-type", "") or not answer.ok:
                continue
            html = answer.text()
            endpoint = self._endpoint(answer.url) or endpoint
            asked[endpoint] = asked.get(endpoint, 0) + 1
            waiting.extend(urljoin(answer.url, link) for link in links(html))
            if asked[endpoint] == 1:
                yield Found(endpoint, answer.url, html)

    def _endpoint(self, url: str) -> str | None:
        parts = urlsplit(url)
        if not url.startswith(f"{self._base}/") or NOT_FOLLOWED.search(parts.path):
            return None
        try:
            return str(self._addresses.match(parts.path, "GET")[0])
        except (NotFound, HTTPException):
            return None


def links(html: str) -> list[str]:
    """Where the links and forms of a page lead: what a form is sent to often has a page of its own, too."""
    return [unescape(link) for link in LINK.findall(html)]
