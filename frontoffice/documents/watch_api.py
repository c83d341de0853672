"""The API for the specialist system: which documents end when."""

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from frontoffice.documents import delivery_api
from frontoffice.documents.delivery_api import Answer, DeliveryQuery
from frontoffice.documents.watch_import import Watches
from frontoffice.partners.models import Scope
from frontoffice.web.context import config
from frontoffice.web.needs import Kind, all_need

api = APIBlueprint("watches_api", __name__, url_prefix="/api/v1/watches", abp_tags=[Tag(name="documents")])
all_need(api, Kind.SYSTEM)


@api.put("", **delivery_api.DESCRIBED)
def deliver(query: DeliveryQuery) -> Answer:
    """Take in documents whose end people are to be reminded of, as CSV or JSON; the same again changes nothing.

    Columns: id, kind, expires, phone and mail (or contact), language, office, state (active, applied, withdrawn).
    Rows that cannot be used are told, the others go in.
    """
    return delivery_api.take(
        Scope.WATCHES, query, lambda sender, offices: Watches(sender, offices, config().documents)
    )
