"""Telling people that their card is ready, and reminding them once when nobody comes for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.config import Config
from frontoffice.documents import card_keys, card_states
from frontoffice.documents.card_models import CardNotice, CardOrder, CardState
from frontoffice.documents.proving import Reach
from frontoffice.errors import N_, Conflict
from frontoffice.languages import speaking
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Office, Service

PICK_UP = "eat-pick-up"  # the slug of the service in the catalogue
WORTH = timedelta(days=7)  # how long it is still good to hear that a card is ready
VISITOR = "visitor"  # who asks, in events
IN_BOX_FOR = timedelta(days=14)  # where nobody has said until when
BEFORE_END = timedelta(days=3)  # of the pick-up box: by then at the latest comes the reminder …
# … unless the card is in there for so short that the first message is still fresh
WORTH_REMINDING = timedelta(days=5)
MOST = 4  # contacts of one card: the holder, a parent, somebody who helps
AT_ONCE = 100
SOON = 4  # priority

_KINDS = {
    CardState.READY: "card_ready",
    CardState.IN_BOX: "card_in_box",
    CardState.POSTED: "card_posted",
}
KINDS = (*_KINDS.values(), "card_waits")


class TooManyContacts(Conflict):
    """Enough people are told already."""

    code = "too_many_contacts"
    sentence = N_(
        "Enough addresses are noted for this card already. Please call us if none of them is yours."
    )


def subject(card: CardOrder) -> str:
    """By what name messages and events refer to a card."""
    return f"card:{card.id}"


def ask(
    session: Session,
    card: CardOrder,
    to: Reach,
    language: str,
    now: datetime,
    *,
    settings: Config,
    actor: str = VISITOR,
) -> CardNotice:
    """Note that a proven contact wants to be told; where the card is ready already, they are told at once.

    Twice does it once. Raises TooManyContacts.
    """
    session.refresh(card, with_for_update=True)
    vault = vaults.of(session)
    digests = outbox.recipient_digests(vault, to.medium, to.to)
    known = of_card(session, card)
    for notice in known:
        if notice.recipient in digests:
            return notice
    if len(known) >= MOST:
        raise TooManyContacts
    notice = CardNotice(
        card_id=card.id,
        recipient=digests[0],
        sealed=vault.seal([to.medium.value, to.to]),
        language=language,
        created_at=now,
    )
    session.add(notice)
    session.flush()
    if card.state in card_states.THERE:
        _tell(session, card, [notice], now, settings)
    events.append(session, card.office_id, "card.notice", now, actor=actor, subject=subject(card))
    return notice


def of_card(session: Session, card: CardOrder) -> Sequence[CardNotice]:
    """Who is to be told."""
    query = select(CardNotice).where(CardNotice.card_id == card.id).order_by(CardNotice.id)
    return session.scalars(query).all()


def reach_of(session: Session, notice: CardNotice) -> Reach:
    """Where they are reached."""
    medium, to = vaults.of(session).open(notice.sealed)
    return Reach(Medium(medium), to)


def moved(session: Session, card: CardOrder, now: datetime, settings: Config) -> None:
    """After a change of state: tell those who wait for it, and take back what is true no longer.

    A card that was handed over, by whichever way, is told of no more.
    """
    outbox.cancel(session, subject(card), now, KINDS)
    if card.state is CardState.HANDED_OVER:
        forget(session, card)
    elif card.state in card_states.THERE:
        _tell(session, card, of_card(session, card), now, settings)
    else:
        session.execute(
            update(CardNotice)
            .where(CardNotice.card_id == card.id)
            .values(told_at=None, reminded_at=None)
            .execution_options(synchronize_session="fetch")
        )


def forget(session: Session, card: CardOrder) -> None:
    """Tell nobody any more."""
    session.execute(delete(CardNotice).where(CardNotice.card_id == card.id))


def remind(session: Session, now: datetime, *, settings: Config) -> int:
    """Remind who was told `remind_days` ago and has not come: once for each time that a card became ready.

    For the pick-up box that is the code and the last day once more, three days before that day at the latest; nothing
    where it has passed, or where the card is in there for less than five days.
    Gives how many it looked at: whoever calls this goes on while there are as many as AT_ONCE.
    """
    due = session.scalars(
        select(CardNotice)
        .join(CardNotice.card)
        .where(
            CardNotice.told_at <= now,
            CardNotice.reminded_at.is_(None),
            or_(
                CardNotice.told_at <= now - timedelta(days=settings.cards.remind_days),
                and_(CardOrder.state == CardState.IN_BOX, CardOrder.until <= (now + BEFORE_END).date()),
            ),
        )
        .options(contains_eager(CardNotice.card).joinedload(CardOrder.office))
        .order_by(CardNotice.id)
        .limit(AT_ONCE)
        # With the card: who hands it over at this moment takes back what is said of it.
        .with_for_update(of=[CardOrder, CardNotice], skip_locked=True)
    ).all()
    drafts = []
    for notice in due:
        notice.reminded_at, card = now, notice.card
        if card.state is CardState.READY:
            drafts.append(_draft(session, card, notice, "card_waits", now, settings))
        elif card.state is CardState.IN_BOX and _end_of_box(card) > now and _is_long_in_box(notice):
            drafts.append(_draft(session, card, notice, "card_in_box", now, settings, again=":again"))
    session.flush()
    outbox.enqueue_all(session, drafts, now)
    return len(due)


def _tell(
    session: Session, card: CardOrder, notices: Sequence[CardNotice], now: datetime, settings: Config
) -> None:
    drafts = []
    for notice in notices:
        notice.told_at, notice.reminded_at = now, None
        drafts.append(_draft(session, card, notice, _KINDS[card.state], now, settings))
    session.flush()
    outbox.enqueue_all(session, drafts, now)


def _draft(
    session: Session,
    card: CardOrder,
    notice: CardNotice,
    kind: str,
    now: datetime,
    settings: Config,
    *,
    again: str = "",
) -> outbox.Draft:
    to = reach_of(session, notice)
    return outbox.Draft(
        kind=kind,
        medium=to.medium,
        to=to.to,
        language=notice.language,
        office_id=card.office_id,
        subject=subject(card),
        # With the moment: a card that was brought back and is ready again is told of again.
        dedupe_key=f"{subject(card)}:{notice.id}:{kind}:{int(card.since.timestamp())}{again}:{to.medium}",
        parameters=_said(session, card, notice.language, kind, settings),
        expires_at=now + WORTH if kind != "card_in_box" else min(now + WORTH, _end_of_box(card)),
        priority=SOON,
    )


def _said(session: Session, card: CardOrder, language: str, kind: str, settings: Config) -> dict[str, str]:
    office, base = card.office, settings.site.base_url
    said = {"office_name": office.name, "link": speaking(f"{base}/card/", language)}
    if kind == "card_posted":
        return said
    said["office_address"] = f"{office.street}\n{office.postal_code} {office.city}"
    if kind == "card_in_box":
        code = card_keys.original_of(vaults.of(session), card).box_code or ""
        until = _end_of_box(card).isoformat()
        return said | {"code": code, "until_at": until, "time_zone": office.time_zone}
    service = pick_up_service(session, office)
    documents = [] if service is None else service.documents.get(language) or service.documents["de"]
    return said | {
        "link": speaking(base + pick_up_path(office, service), language),
        "documents": "\n".join(documents),
    }


def _end_of_box(card: CardOrder) -> datetime:
    zone = ZoneInfo(card.office.time_zone)
    last_day = card.until or (card.since + IN_BOX_FOR).astimezone(zone).date()
    return datetime.combine(last_day, time(23, 59), zone).astimezone(UTC)


def _is_long_in_box(notice: CardNotice) -> bool:
    return notice.told_at is not None and _end_of_box(notice.card) - notice.told_at >= WORTH_REMINDING


def pick_up_service(session: Session, office: Office) -> Service | None:
    """The service under which the office lets people book a time to pick up a card."""
    query = select(Service).where(
        Service.office_id == office.id, Service.slug == PICK_UP, Service.active.is_(True)
    )
    return session.scalar(query)


def pick_up_path(office: Office, service: Service | None) -> str:
    """Where a time is booked: behind the address of the site."""
    return f"/book/{office.slug}/{service.slug}/" if service and service.online else f"/book/{office.slug}/"
