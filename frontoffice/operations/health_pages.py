"""GET /healthz: this process answers. GET /readyz: it can serve. More is told only for the metrics' token."""

import hmac

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from frontoffice import clock
from frontoffice.operations import health
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("health", __name__)
all_need(pages, Kind.PUBLIC)


@pages.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process is alive. Nothing is touched: a database that is down is no reason to start the web anew."""
    return Response("alive\n", mimetype="text/plain")


@pages.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Whether requests should be sent here; 503 where not. Without a worker the web can serve all the same."""
    if knows_the_token():
        told = health.details(database(), clock.now())
        return jsonify(told), 200 if told["ready"] else 503
    ready = health.ready(database())
    return Response("ready\n" if ready else "not ready\n", 200 if ready else 503, mimetype="text/plain")


def knows_the_token() -> bool:
    """Whether the request brings the token of [messages.metrics]."""
    settings = config().messages.metrics
    given = (access.bearer_token() or "").encode()
    return settings is not None and hmac.compare_digest(given, settings.token.encode())
