"""Who calls the partner API: the partner behind a token, and whether its tokens are for this."""

from datetime import datetime

from frontoffice.partners import registering
from frontoffice.partners.models import Scope
from frontoffice.partners.refusals import ScopeMissing, TokenUnknown
from frontoffice.web import access
from frontoffice.web.context import database


def partner_required(scope: Scope | None, now: datetime) -> int:
    """The number of the partner that is asking, whose tokens are for `scope` (None: for whatever).

    That the token is in use is noted once a minute. Raises TokenUnknown and ScopeMissing.
    """
    token = access.bearer_token()
    with database().read() as session:
        found = registering.by_token(session, token) if token else None
        if found is None:
            raise TokenUnknown
        if scope is not None and scope not in found.partner.scopes:
            raise ScopeMissing
    if registering.is_due_to_be_used(found, now):
        with database().write() as session:
            registering.used(session, found.id, now)
    return found.partner_id
