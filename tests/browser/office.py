"""A small office with two desks, served by a thread of the test, so that browsers can look at it."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from frontoffice import clock
from frontoffice.web import live
from tests.line.desks import Desks


class Served:
    """An office, its two desks, and the server that screens look at; it can be cut off."""

    def __init__(self, app: Flask, desks: Desks) -> None:
        self.app, self.desks = app, desks
        self.server: BaseWSGIServer | None = None
        self.port = 0
        self.open()

    def open(self) -> None:
        """Serve."""
        self.server = make_server("127.0.0.1", self.port, self.app, threaded=True)
        self.server.daemon_threads = True  # type: ignore[attr-defined]
        self.port = self.server.port
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def close(self) -> None:
        """Be gone, with all connections."""
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()
        live.stop(self.app)
        self.app.extensions.pop(live.KEY, None)

    @property
    def url(self) -> str:
        """Where the office is."""
        return f"http://localhost:{self.port}"

    def act(self, verb: Callable[..., Any], counter: int, *more: Any) -> Any:
        """Do something at a counter, now."""
        self.desks.now = clock.now()
        return self.desks.do(verb, counter, *more)

    def call(self, counter: int) -> str | None:
        """Call the next one."""
        self.desks.now = clock.now()
        return self.desks.next(counter)
