"""Watches of single people: begin, change and end one, and find it again by its link or its contact."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, cast, or_, select, update
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.booking import fairness
from frontoffice.config import Config, Documents
from frontoffice.documents import contact as contacts
from frontoffice.documents import ladder, ladders
from frontoffice.documents.contact import Contact
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.documents.models import ExpiryWatch, Source, WatchState
from frontoffice.errors import N_, Conflict, Invalid, NotFound
from frontoffice.messages import outbox, suppression
from frontoffice.messages.models import Message, MessageState
from frontoffice.messages.suppression import Topic
from frontoffice.offices.models import Office
from frontoffice.vault import Vault

PURPOSE = "watch"
KIND, NOTED = "expiry", "expiry_noted"  # of its messages: the reminders, and the first one
NOTED_FOR = timedelta(days=7)  # so long it is still worth hearing that an address was noted
HOLDER = "holder"
LONGEST = timedelta(days=366 * 15)  # no document is valid for longer
MOST = 20  # watches of one contact that are listed


class Over(Conflict):
    """A watch that has ended."""

    code = "watch_over"
    sentence = N_("You get no reminders of this date any more. You can ask for them again.")


def today_at(office: Office, now: datetime) -> date:
    """The day it is at an office."""
    return now.astimezone(ZoneInfo(office.time_zone)).date()


def check_day(end: date, today: date) -> None:
    """Raise Invalid (expires) where no document of which to be reminded can end on that day."""
    if end < today:
        raise Invalid(
            "expires", N_("This date is over. Please enter the date until which the document is valid.")
        )
    if end > today + LONGEST:
        raise Invalid("expires", N_("This date is too far ahead. Please check the year."))


def check_end(
    office: Office, kind: DocumentKind, expires_on: date, now: datetime, *, settings: Documents
) -> None:
    """Raise Invalid (expires) where nobody can be reminded of such a document."""
    check_day(ladder.end_of(ladders.of(office, settings), kind, expires_on), today_at(office, now))


def lock(session: Session, contacts: Iterable[Contact]) -> None:
    """Let nobody else begin watches of these contacts before this transaction ends.

    Who begins several calls this first: after the event of one, waiting for the next could be waiting in a circle.
    """
    vault = vaults.of(session)
    fairness.lock_digests(session, (digest for each in contacts for digest in each.recipients(vault)))


def begin(
    session: Session,
    office: Office,
    kind: DocumentKind,
    expires_on: date,
    contact: Contact,
    language: str,
    now: datetime,
    *,
    settings: Config,
    source: Source = Source.HOLDER,
    actor: str = HOLDER,
) -> ExpiryWatch:
    """Remind somebody of a date; the same date of the same contact is reminded of once. Raises Invalid (expires).

    Who asks for reminders wants them: having switched them off before does not count any more. Of what staff note
    when no step is left, the person is told at once: they have not seen the page that a late reminder leads to.
    Where a reminder is still to come, they hear at once that staff have noted their address: nobody has proved it.
    """
    today, plan = today_at(office, now), ladders.of(office, settings.documents)
    check_day(ladder.end_of(plan, kind, expires_on), today)
    digests = contact.recipients(vaults.of(session))
    lock(session, [contact])
    suppression.unmute(session, digests, Topic.REMINDERS)
    found = session.scalars(
        select(ExpiryWatch)
        .where(
            ExpiryWatch.recipient.in_(digests),
            ExpiryWatch.office_id == office.id,
            ExpiryWatch.kind == kind,
            ExpiryWatch.expires_on == expires_on,
        )
        .order_by(ExpiryWatch.id)
        .with_for_update()
    ).first()
    if found is not None:
        if found.state is not WatchState.ACTIVE:
            _plan(found, plan, today, catches_up=source is not Source.HOLDER)
            found.state, found.changed_at = WatchState.ACTIVE, now
        return found
    watch = ExpiryWatch(
        office=office,
        kind=kind,
        expires_on=expires_on,
        ends_on=expires_on,
        language=language,
        contact=contact.seal(vaults.of(session)),
        recipient=digests[0],
        fallback_recipient=contact.fallback(vaults.of(session)),
        source=source,
        state=WatchState.ACTIVE,
        created_at=now,
        changed_at=now,
    )
    session.add(watch)
    _plan(watch, plan, today, catches_up=source is not Source.HOLDER)
    session.flush()
    if source is Source.DESK and watch.next_on is not None and watch.next_on > today:
        _say_noted(session, watch, contact, now, settings)
    _happened(session, "watch.begun", watch, now, actor)
    return watch


def change(
    session: Session,
    watch: ExpiryWatch,
    kind: DocumentKind,
    expires_on: date,
    language: str,
    now: datetime,
    *,
    settings: Documents,
    actor: str = HOLDER,
) -> None:
    """Another date, kind or language; the reminders move along. Raises Invalid (expires) and Over."""
    _lock(session, watch)
    plan = ladders.of(watch.office, settings)
    check_day(ladder.end_of(plan, kind, expires_on), today_at(watch.office, now))
    if watch.contact is None:
        raise Over
    watch.language = language
    if (watch.kind, watch.expires_on, watch.state) != (kind, expires_on, WatchState.ACTIVE):
        watch.kind, watch.expires_on, watch.state = kind, expires_on, WatchState.ACTIVE
        replan(session, watch, plan, now)
        watch.changed_at = now
    session.flush()
    _happened(session, "watch.changed", watch, now, actor)


def applied(session: Session, watch: ExpiryWatch, now: datetime, *, actor: str = HOLDER) -> None:
    """An application was received: no more reminders of this date. Raises Over where there are none anyway."""
    _lock(session, watch)
    if watch.state is WatchState.APPLIED:
        return
    if watch.state is not WatchState.ACTIVE:
        raise Over
    watch.state, watch.next_on, watch.changed_at = WatchState.APPLIED, None, now
    session.flush()
    take_back(session, watch, now)
    _happened(session, "watch.applied", watch, now, actor)


def end(session: Session, watch: ExpiryWatch, now: datetime, *, actor: str = HOLDER) -> None:
    """The person wants no more: contact and all go at once.

    Of what was delivered by another system a row without a contact stays, or its next delivery would begin anew.
    """
    _lock(session, watch)
    take_back(session, watch, now)
    _happened(session, "watch.ended", watch, now, actor)
    forget_contact(watch, now)
    if watch.external is None:
        session.delete(watch)
    session.flush()


def forget_contact(watch: ExpiryWatch, now: datetime) -> None:
    """Nobody is reached about this any more."""
    watch.state, watch.next_on, watch.changed_at = WatchState.OPTED_OUT, None, now
    watch.contact = watch.recipient = watch.fallback_recipient = None


def replan(session: Session, watch: ExpiryWatch, plan: ladder.Ladder, now: datetime) -> None:
    """Plan its reminders anew, after its date or kind has changed; what has not left yet is taken back."""
    take_back(session, watch, now)
    watch.told_on = None
    _plan(watch, plan, today_at(watch.office, now))
    session.flush()


def take_back(session: Session, watch: ExpiryWatch, now: datetime) -> None:
    """Take back what has not left yet of the reminders of a locked watch.

    What was taken back was never said: its key is free again, should the date come back. And the message may have stood
    for other dates of the same person, too: those are looked at once more.
    """
    about = subject(watch)
    outbox.cancel(session, about, now, kinds=[NOTED])
    if not outbox.cancel(session, about, now, kinds=[KIND]):
        return
    session.execute(
        update(Message)
        .where(
            Message.subject == about,
            Message.kind == KIND,
            Message.state == MessageState.CANCELLED,
            Message.dedupe_key.not_like("%~%"),
        )
        .values(dedupe_key=Message.dedupe_key + "~" + cast(Message.id, String))
        .execution_options(synchronize_session=False)
    )
    together = (
        select(ExpiryWatch)
        .where(
            ExpiryWatch.recipient == watch.recipient,
            ExpiryWatch.office_id == watch.office_id,
            ExpiryWatch.id != watch.id,
            ExpiryWatch.state == WatchState.ACTIVE,
            ExpiryWatch.told_on == watch.told_on,
        )
        .with_for_update(skip_locked=True, of=ExpiryWatch)
    )
    for other in session.scalars(together):
        other.next_on = other.told_on
    session.flush()


def find(session: Session, number: str, secret: str) -> ExpiryWatch:
    """The watch behind a link. Raises NotFound, in the same way for a wrong number and a wrong secret."""
    try:
        found = int(number, 16) if len(number) <= 15 else 0
    except ValueError:
        found = 0
    right = vaults.of(session).token_matches(secret, PURPOSE, str(found))
    watch = session.get(ExpiryWatch, found) if right else None
    if watch is None:
        raise NotFound
    return watch


def at_office(session: Session, office: Office, number: int) -> ExpiryWatch:
    """The watch of an office with this number. Raises NotFound."""
    watch = session.get(ExpiryWatch, number)
    if watch is None or watch.office_id != office.id:
        raise NotFound
    return watch


def of_contact(session: Session, contact: Contact, office: Office | None = None) -> Sequence[ExpiryWatch]:
    """The watches that reach somebody there, by date; at one office or at all."""
    vault = vaults.of(session)
    query = select(ExpiryWatch).where(reaches([*contact.recipients(vault), *contact.fallbacks(vault)]))
    if office is not None:
        query = query.where(ExpiryWatch.office_id == office.id)
    return session.scalars(query.order_by(ExpiryWatch.ends_on, ExpiryWatch.id).limit(MOST)).all()


def reaches(digests: Collection[str]) -> ColumnElement[bool]:
    """Whether a watch reaches one of these recipients, with its first message or the one behind it."""
    return or_(ExpiryWatch.recipient.in_(digests), ExpiryWatch.fallback_recipient.in_(digests))


def contact_of(session: Session, watch: ExpiryWatch) -> Contact | None:
    """Where its reminders go; None where that is forgotten."""
    return contacts.of(vaults.of(session), watch)


def path(vault: Vault, number: int) -> str:
    """The address of the page about a watch, on this site."""
    return f"/reminders/{number:x}/{vault.token(PURPOSE, str(number))}/"


def subject(watch: ExpiryWatch) -> str:
    """How messages and events name it."""
    return f"watch:{watch.id}"


def _plan(watch: ExpiryWatch, plan: ladder.Ladder, today: date, *, catches_up: bool = False) -> None:
    watch.ends_on = ladder.end_of(plan, watch.kind, watch.expires_on)
    # Who has just typed in the date has seen the page that a late reminder would lead to.
    watch.next_on = ladder.first_day(plan, watch.kind, watch.expires_on, today, catches_up=catches_up)


def said(vault: Vault, number: int, office: Office, end: date, settings: Config) -> dict[str, str]:
    """What every message about a watch says: of which office and which day, and the link to change or end it."""
    noon = datetime.combine(end, time(12), ZoneInfo(office.time_zone))
    return {
        "office_name": office.name,
        "office_phone": office.phone,
        "link": settings.site.base_url + path(vault, number),
        "due_at": noon.astimezone(UTC).isoformat(),
        "time_zone": office.time_zone,
    }


def _say_noted(
    session: Session, watch: ExpiryWatch, contact: Contact, now: datetime, settings: Config
) -> None:
    """Tell a contact that staff have noted it, with the link to change or end the reminders: once for each watch."""
    outbox.enqueue(
        session,
        now=now,
        kind=NOTED,
        medium=contact.medium,
        to=contact.to,
        fallback_to=contact.mail if contact.phone else None,
        language=watch.language,
        office_id=watch.office_id,
        subject=subject(watch),
        dedupe_key=f"{subject(watch)}:noted:{contact.medium}",
        parameters=said(vaults.of(session), watch.id, watch.office, watch.ends_on, settings),
        expires_at=now + NOTED_FOR,
    )


def _lock(session: Session, watch: ExpiryWatch) -> None:
    session.refresh(watch, with_for_update=True)


def _happened(session: Session, kind: str, watch: ExpiryWatch, now: datetime, actor: str) -> None:
    events.append(session, watch.office_id, kind, now, actor=actor, subject=subject(watch))
