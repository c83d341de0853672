"""What happens to a card at the office: it is added, arrives, is ready, is handed over, or is brought back."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.booking import sheet
from frontoffice.config import Config
from frontoffice.documents import card_keys, card_pace, card_states, card_telling, serial
from frontoffice.documents.card_keys import Original
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.documents.card_states import NotPossible, Reason
from frontoffice.errors import N_, Conflict, Invalid, NotFound
from frontoffice.offices.models import Office

LONGEST_BOX_CODE = 12


class AlreadyKnown(Conflict):
    """There is another card with this number."""

    code = "already_known"
    sentence = N_("This number belongs to another card already. Please check it.")


def by_serial(session: Session, number: str) -> CardOrder | None:
    """The card with this serial number."""
    keys = card_keys.of_serial(vaults.of(session), number)
    return session.scalar(select(CardOrder).where(CardOrder.serial_alone.in_(keys)))


def by_order(session: Session, office_id: int, number: str) -> CardOrder | None:
    """The card with this order number at an office."""
    keys = card_keys.of_order(vaults.of(session), office_id, number)
    return session.scalar(select(CardOrder).where(CardOrder.order_alone.in_(keys)))


def of_office(session: Session, office_id: int, number: int) -> CardOrder:
    """One card, locked, as staff open it. Raises NotFound."""
    found = session.scalar(
        select(CardOrder)
        .where(CardOrder.id == number, CardOrder.office_id == office_id)
        .with_for_update(of=CardOrder)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def original_of(session: Session, card: CardOrder) -> Original:
    """Its numbers and its holder's date of birth, unsealed."""
    return card_keys.original_of(vaults.of(session), card)


def add(
    session: Session,
    office: Office,
    original: Original,
    state: CardState,
    now: datetime,
    actor: str,
    *,
    since: datetime | None = None,
) -> CardOrder:
    """A new card. `since` is since when it is in that state, where it is known. Raises AlreadyKnown."""
    if (original.serial and by_serial(session, original.serial)) or (
        original.order and by_order(session, office.id, original.order)
    ):
        raise AlreadyKnown
    card = CardOrder(office_id=office.id, office=office, state=state, since=since or now, changed_at=now)
    card_keys.put(vaults.of(session), card, original)
    session.add(card)
    session.flush()
    data = {"to": state.value} | ({"since": since.isoformat()} if since else {})
    _happened(session, "card.added", card, now, actor, data)
    return card


def identify(session: Session, card: CardOrder, now: datetime, actor: str, **known: Any) -> None:
    """Add to a card what was not known of it, such as its serial number once it is printed. Raises AlreadyKnown."""
    before = original_of(session, card)
    after = before.but(**known)
    if after == before:
        return
    if after.serial and after.serial != before.serial:
        other = by_serial(session, after.serial)
        if other is not None and other.id != card.id:
            raise AlreadyKnown
    card_keys.put(vaults.of(session), card, after)
    card.changed_at = now
    _happened(session, "card.identified", card, now, actor, {"what": sorted(known)})


def move(
    session: Session,
    card: CardOrder,
    to: CardState,
    now: datetime,
    actor: str,
    *,
    settings: Config,
    reason: Reason = Reason.AS_USUAL,
    until: date | None = None,
    box_code: str = "",
    since: datetime | None = None,
) -> None:
    """Take a locked card to another state, tell those who wait for it, and put it on record.

    For the pick-up box: its `box_code` and the last day. Raises Invalid (state, reason, until, box_code) and
    NotPossible.
    """
    today = sheet.day_of(now, card.office.time_zone)
    original = original_of(session, card)
    card_states.check(card.state, to, reason, original.born, today)
    if to is CardState.IN_BOX:
        _check_box(until, box_code, today)
    before, card.state = card.state, to
    card.since = card.changed_at = now
    if since is not None:
        card.since = since
    card.until = until if to is CardState.IN_BOX else None
    code = box_code.strip() if to is CardState.IN_BOX else None
    if original.box_code != code:
        card_keys.put(vaults.of(session), card, original.but(box_code=code or None))
    session.flush()
    if to in card_states.THERE:
        card_pace.learn(session, card, card_telling.subject(card), now)
    card_telling.moved(session, card, now, settings)
    data: dict[str, Any] = {"from": before.value, "to": to.value, "reason": reason.value}
    _happened(session, "card.moved", card, now, actor, data | ({"since": since.isoformat()} if since else {}))


def arrive(
    session: Session, office: Office, scanned: str, now: datetime, actor: str, *, settings: Config
) -> CardOrder:
    """A card was scanned on arrival: it is being checked from now on. Scanning it twice does it once.

    `scanned` is its serial number, with check digit or without, or machine-readable lines: from all of them a card
    is added that nobody has announced. Raises Invalid (number), NotFound for an unknown card of which only the
    number was scanned, NotPossible for one that is further on already.
    """
    born = None
    if serial.are_lines(scanned):
        number = serial.serial_in(scanned)
        try:
            read = serial.lines(scanned, sheet.day_of(now, office.time_zone))
            number, born = read.serial, read.born
        except serial.NotReadable:
            if number is None:
                raise
    else:
        number = serial.serial_number(scanned)
    card = by_serial(session, number)
    if card is None and born is None:
        raise NotFound
    if card is None:
        return add(session, office, Original(born or "", serial=number), CardState.CHECKING, now, actor)
    card = of_office(session, office.id, card.id)
    if card.state is CardState.CHECKING:
        return card
    if card.state not in (CardState.ORDERED, CardState.IN_PRODUCTION, CardState.SHIPPED, CardState.RETURNED):
        raise NotPossible(N_("This card is further on already. Please look at its page."))
    reason = Reason.CASE if card.state is CardState.RETURNED else Reason.AS_USUAL
    move(session, card, CardState.CHECKING, now, actor, settings=settings, reason=reason)
    return card


def _check_box(until: date | None, code: str, today: date) -> None:
    tidied = code.strip()
    if not 4 <= len(tidied) <= LONGEST_BOX_CODE or not (tidied.isascii() and tidied.isalnum()):
        raise Invalid(
            "box_code", N_("Please enter the code of the pick-up box: 4 to 12 letters and numbers.")
        )
    if until is None or until < today:
        raise Invalid("until", N_("Please say until which day the card stays in the pick-up box."))


def _happened(
    session: Session, kind: str, card: CardOrder, now: datetime, actor: str, data: dict[str, Any]
) -> None:
    events.append(
        session, card.office_id, kind, now, actor=actor, subject=card_telling.subject(card), data=data
    )
