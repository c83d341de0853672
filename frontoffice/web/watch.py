"""Watching requests: each has a number, is counted, and leaves one line in the log without anything about the visitor.

The line has the rule of the address ("/appointments/<reference>/<secret>/") and not the address: links are secrets.
No network address, no query, no cookie. What is counted goes to /metrics (`operations/metrics.py`).

prometheus_client decides at its import whether it counts for one process or for several, so this module must not be
imported before `serving` has said so; `app.py` loads it with the pages.
"""

import os
import re
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from time import perf_counter
from typing import Any

import structlog
from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from frontoffice import limits
from frontoffice.db import Database
from frontoffice.web.every_request import NO_DATABASE, REQUEST_ID

log = structlog.get_logger(__name__)

ID_HEADER = "X-Request-ID"
RULE = "frontoffice.rule"
AREA = "frontoffice.area"
_USABLE_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
QUIET = ("health", "metrics", "assets")  # asked for all the time, by programs
SAMPLE_SECONDS = 5.0

# What one process counts; with several processes on this machine each has its file, and /metrics reads them all.
registry = CollectorRegistry()
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUESTS = Counter(
    "frontoffice_requests", "Requests answered", ["area", "method", "status"], registry=registry
)
SECONDS = Histogram(
    "frontoffice_request_seconds",
    "From the request to the answer's first byte",
    ["area"],
    buckets=_BUCKETS,
    registry=registry,
)
REFUSED = Counter("frontoffice_limit_refused", "Refused by a limit", ["limit"], registry=registry)
BUSY = Counter("frontoffice_database_unavailable", "Answered 503 for want of the database", registry=registry)
FOLLOWERS = Gauge(
    "frontoffice_followers",
    "Live event streams that are open",
    multiprocess_mode="livesum",
    registry=registry,
)
CONNECTIONS = Gauge(
    "frontoffice_database_connections",
    "Connections to the database: open, and of these in use",
    ["state"],
    multiprocess_mode="livesum",
    registry=registry,
)


def register(app: Flask, *, behind_proxy: bool, logs_requests: bool) -> None:
    """Watch every request of the application; to be called before other layers are put around it."""
    app.after_request(_note_rule)
    app.wsgi_app = Watch(app.wsgi_app, behind_proxy, logs_requests)  # type: ignore[method-assign]


def _note_rule(response: Response) -> Response:
    rule = request.url_rule
    if rule is not None:
        environ = request.environ
        environ[RULE] = rule.rule
        environ[AREA] = request.blueprint or rule.endpoint
    return response


class Watch:
    """WSGI: numbers, counts and logs requests."""

    def __init__(
        self, application: Callable[..., Iterable[bytes]], behind_proxy: bool, logs_requests: bool
    ) -> None:
        self._application = application
        self._behind_proxy = behind_proxy
        self._logs_requests = logs_requests
        self._log = log.bind()  # once: the logger of a module is put together anew at each line

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Called by the server."""
        started = perf_counter()
        number = environ[REQUEST_ID] = self._number(environ)
        # Threads serve one visitor after the other: this takes the place of the number before.
        structlog.contextvars.bind_contextvars(request=number)
        status = "500"

        def start(line: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, [*headers, (ID_HEADER, number)], *error)

        try:
            return self._application(environ, start)
        finally:
            self._count(environ, status, perf_counter() - started)

    def _number(self, environ: dict[str, Any]) -> str:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self._behind_proxy else ""
        return given if _USABLE_ID.fullmatch(given) else os.urandom(8).hex()

    def _count(self, environ: dict[str, Any], status: str, seconds: float) -> None:
        area = environ.get(AREA, "unknown")
        method = environ["REQUEST_METHOD"]
        reading = "read" if method in ("GET", "HEAD", "OPTIONS") else "write"
        requests, observed = _counters(area, reading, status[0])
        requests.inc()
        observed.observe(seconds)
        if NO_DATABASE in environ:
            BUSY.inc()
        while limits.refused:
            REFUSED.labels(limits.refused.popleft()).inc()
        if self._logs_requests and area not in QUIET:
            self._log.info(
                "request",
                method=method if method.isalpha() and len(method) < 8 else "?",
                rule=environ.get(RULE),
                status=int(status),
                ms=round(seconds * 1000, 1),
            )


@lru_cache(maxsize=1000)
def _counters(area: str, reading: str, kind: str) -> tuple[Counter, Histogram]:
    """Finding them by their labels takes longer than counting."""
    return REQUESTS.labels(area, reading, f"{kind}xx"), SECONDS.labels(area)


def sample(app: Flask, database: Database, followers: Callable[[Flask], int]) -> None:
    """Note now and then, in a thread, what is not counted but looked at: open streams, connections."""
    from_pools = threading.Thread(
        target=_keep_sampling, args=(app, database, followers), daemon=True, name="sampling"
    )
    from_pools.start()


def _keep_sampling(app: Flask, database: Database, followers: Callable[[Flask], int]) -> None:
    pause = threading.Event()
    while True:
        note(app, database, followers)
        pause.wait(SAMPLE_SECONDS)


def note(app: Flask, database: Database, followers: Callable[[Flask], int]) -> None:
    """Look once."""
    FOLLOWERS.set(followers(app))
    opened, used = database.connections()
    CONNECTIONS.labels("open").set(opened)
    CONNECTIONS.labels("used").set(used)
