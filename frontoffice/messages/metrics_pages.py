"""What a monitoring system reads: GET /metrics, for whoever has the token of the configuration."""

import hmac

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from frontoffice import clock
from frontoffice.messages import metrics
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("metrics", __name__)
all_need(pages, Kind.MONITORING)


@pages.get("/metrics")
def exposition() -> ResponseReturnValue:
    """How the outbox is doing. Without a token in the configuration there is no such page."""
    settings = config().messages.metrics
    if settings is None:
        abort(404)
    if not hmac.compare_digest((access.bearer_token() or "").encode(), settings.token.encode()):
        abort(401)
    with database().read() as session:
        return Response(metrics.exposition(session, clock.now()), content_type=CONTENT_TYPE_PLAIN_0_0_4)
