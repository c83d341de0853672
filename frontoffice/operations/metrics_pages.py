"""What a monitoring system reads: GET /metrics, for whoever has the token of the configuration."""

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from frontoffice import clock
from frontoffice.operations import metrics
from frontoffice.operations.health_pages import knows_the_token
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("metrics", __name__)
all_need(pages, Kind.MONITORING)


@pages.get("/metrics")
def exposition() -> ResponseReturnValue:
    """How office, processes and outbox are doing. Without a token in the configuration there is no such page."""
    if config().messages.metrics is None:
        abort(404)
    if not knows_the_token():
        abort(401)
    with database().read() as session:
        return Response(metrics.exposition(session, clock.now()), content_type=CONTENT_TYPE_PLAIN_0_0_4)
