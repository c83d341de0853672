"""The API for the specialist system: where cards are."""

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from frontoffice.documents import delivery_api
from frontoffice.documents.card_import import Cards
from frontoffice.documents.delivery_api import Answer, DeliveryQuery
from frontoffice.errors import N_, Invalid
from frontoffice.partners.models import Scope
from frontoffice.web.context import config
from frontoffice.web.needs import Kind, all_need

api = APIBlueprint("cards_api", __name__, url_prefix="/api/v1/cards", abp_tags=[Tag(name="cards")])
all_need(api, Kind.SYSTEM)

NEVER_COMPLETE = N_("What is missing from a delivery of cards has not ended. Please leave “complete” out.")


@api.put("", **delivery_api.DESCRIBED)
def deliver(query: DeliveryQuery) -> Answer:
    """Take in where cards are, as CSV or JSON; the same again changes nothing, and no card is taken back.

    Columns: order, serial, born, state (ordered, in_production, shipped, checking, ready, posted, handed_over,
    returned, contact), since, contact (of whom to tell), language, office. Rows that cannot be used are told, the
    others go in.
    """
    if query.complete:
        raise Invalid("complete", NEVER_COMPLETE)
    return delivery_api.take(Scope.CARDS, query, lambda sender, offices: Cards(sender, offices, config()))
