"""The specialist system as a partner: what its token is for, at which offices, and whose deliveries are whose.

It is a partner like any other (`frontoffice partner add NAME --kind integration --scope watches --scope cards
--office SLUG`), so its tokens are issued, seen in use and revoked where all are.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.errors import N_, Invalid
from frontoffice.offices.models import Office
from frontoffice.partners import registering
from frontoffice.partners.models import Scope

BY_HAND = "import"  # the source of what is given on the server, for no partner


@dataclass(frozen=True, slots=True)
class Sender:
    """Who delivers. `source` tells its ids apart from those of others; `offices` are the numbers by slug.

    `usual` is the office of rows that name none.
    """

    source: str
    offices: dict[str, int]
    usual: int | None = None

    def office(self, slug: str) -> int:
        """The number of the office that a row names (empty: the usual one). Raises Invalid (office)."""
        if not slug and self.usual is not None:
            return self.usual
        if not slug:
            raise Invalid("office", N_("The office is missing."))
        if slug not in self.offices:
            raise Invalid("office", N_("There is no such office that this delivery may be for."))
        return self.offices[slug]


def partner(session: Session, partner_id: int, scope: Scope, usual: str | None = None) -> Sender:
    """The sender behind a partner's token. Raises Invalid (office) where it may not deliver for `usual`."""
    found = registering.find(session, partner_id)
    offices = {grant.office.slug: grant.office_id for grant in found.grants if scope in found.scopes}
    return _sender(f"partner:{found.id}", offices, usual)


def operator(session: Session, usual: str | None = None, name: str | None = None) -> Sender:
    """Who runs commands on the server: for every office, in the name of a partner or in none.

    Raises Invalid (office, partner).
    """
    source = f"partner:{registering.by_name(session, name).id}" if name else BY_HAND
    offices: dict[str, int] = dict(session.execute(select(Office.slug, Office.id)).all())
    return _sender(source, offices, usual)


def _sender(source: str, offices: dict[str, int], usual: str | None) -> Sender:
    if usual is None and len(offices) == 1:
        [usual] = offices
    if usual is not None and usual not in offices:
        raise Invalid("office", N_("There is no such office that this delivery may be for."))
    return Sender(source, offices, None if usual is None else offices[usual])
