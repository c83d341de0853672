"""The API for the specialist system: where cards are."""

from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy import select

from frontoffice import clock
from frontoffice.documents import delivery_api, integrations
from frontoffice.documents.card_import import Cards
from frontoffice.documents.delivery_api import DeliveryQuery, DeliveryShape
from frontoffice.offices.models import Office
from frontoffice.partners.callers import partner_required
from frontoffice.partners.models import Scope
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import described

api = APIBlueprint("cards_api", __name__, url_prefix="/api/v1/cards", abp_tags=[Tag(name="cards")])
all_need(api, Kind.SYSTEM)

Answer = Response | tuple[dict[str, Any], int]
SECURITY: list[dict[str, list[Any]]] = [{"partner": []}]


@api.put(
    "",
    responses={200: DeliveryShape, **described(401, 403, 413)},
    security=SECURITY,
    openapi_extensions=delivery_api.BODY,
)
def deliver(query: DeliveryQuery) -> Answer:
    """Take in where cards are, as CSV or JSON; the same again changes nothing, and no card is taken back.

    Columns: order, serial, born, state (ordered, in_production, shipped, checking, ready, posted, handed_over,
    returned, contact), since, contact (of whom to tell), language, office. Rows that cannot be used are told, the
    others go in.
    """
    delivery_api.admit()
    number = partner_required(Scope.CARDS, clock.now())
    with database().read() as session:
        sender = integrations.partner(session, number, Scope.CARDS, query.office)
        known = select(Office).where(Office.id.in_(sender.offices.values()))
        offices = session.scalars(known).all()
    return delivery_api.take(Cards(sender, offices, config()), query), 200
