"""What a scanner at the office does, whether its program is our page or somebody's own: find a card, let it arrive."""

from datetime import datetime

from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.documents import card_moving, serial
from frontoffice.documents.card_keys import Original
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.errors import N_, Conflict, Invalid, NotFound
from frontoffice.offices.models import Office


class NoSuchCard(NotFound):
    """No card of this office has that number."""

    code = "unknown_card"
    sentence = N_("There is no card with this number.")


def find(session: Session, office: Office, scanned: str) -> CardOrder:
    """The card with a serial or an order number, or machine-readable lines; locked.

    Raises Invalid (scanned) for a typing error, and NoSuchCard.
    """
    read = serial.serial_in(scanned)
    number, order, doubt = serial.Meant(read) if read else serial.meant(scanned, "scanned")
    found = card_moving.by_serial(session, number) or card_moving.by_order(
        session, office.id, order or number
    )
    if found is None or found.office_id != office.id:
        raise doubt or NoSuchCard()
    return card_moving.of_office(session, office.id, found.id)


def make_ready(session: Session, card: CardOrder, now: datetime, actor: str, *, settings: Config) -> None:
    """A card was looked at and is right. Doing it twice does it once. Raises Conflict where it is not being checked."""
    if card.state is CardState.READY:
        return
    if card.state is not CardState.CHECKING:
        raise Conflict(N_("Only a card that is being checked becomes ready. Please look at its page."))
    card_moving.move(session, card, CardState.READY, now, actor, settings=settings)


def note(
    session: Session,
    office: Office,
    original: Original,
    state: CardState,
    now: datetime,
    actor: str,
    *,
    settings: Config,
) -> CardOrder:
    """A card of which nobody has heard; where its order is known, its serial number is added to that and it arrives.

    Raises Invalid (born) where the order has another date of birth, AlreadyKnown and NotPossible.
    """
    known = card_moving.by_order(session, office.id, original.order) if original.order else None
    if known is None or not original.serial:
        return card_moving.add(session, office, original, state, now, actor)
    found = card_moving.of_office(session, office.id, known.id)
    if card_moving.original_of(session, found).born != original.born:
        raise Invalid("born", N_("The order with this number has another date of birth."))
    card_moving.identify(session, found, now, actor, serial=original.serial)
    return card_moving.arrive(session, office, original.serial, now, actor, settings=settings)
