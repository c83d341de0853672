"""The daily sweep: writes the reminders whose day has come. Its cost grows with what is due, not with what is watched.

Each watch carries the day of its next reminder, in a partial index. A run takes those up to today, a thousand in a
transaction, writes the messages and moves the watches on. A run that is missed is made up for by the next one. Of two
at once one leaves it to the other, or they would take the documents of one person apart, and that would be two
messages. The key of a message is unique in any case.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Row, any_, literal, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.config import Config
from frontoffice.documents import ladder, ladders, watching
from frontoffice.documents.contact import Contact
from frontoffice.documents.ladder import Ladder, Step
from frontoffice.documents.models import ExpiryWatch
from frontoffice.messages import outbox, suppression
from frontoffice.messages.models import Medium, Message
from frontoffice.messages.outbox import Draft
from frontoffice.messages.suppression import Topic
from frontoffice.offices.models import Office
from frontoffice.vault import InvalidToken

AT_ONCE = 1000
PRIORITY = 7  # behind everything that somebody waits for
STAYS_DUE = timedelta(days=7)  # so long a reminder may still leave
_SPREAD = 2654435761  # Knuth's multiplier: neighbouring numbers fall far apart

_COLUMNS = (
    ExpiryWatch.id,
    ExpiryWatch.office_id,
    ExpiryWatch.kind,
    ExpiryWatch.expires_on,
    ExpiryWatch.ends_on,
    ExpiryWatch.language,
    ExpiryWatch.contact,
    ExpiryWatch.recipient,
    ExpiryWatch.fallback_recipient,
    ExpiryWatch.next_on,
)
Due = Row[Any]
_DueStep = tuple[Due, Step]
_ONE_AT_A_TIME = text("SELECT pg_try_advisory_xact_lock(4770210117)")  # a number that nobody else uses


class Mark(NamedTuple):
    """Where a run has got to."""

    next_on: date
    id: int


class Swept(NamedTuple):
    """How many watches were looked at and how many messages written; `mark` to go on from, None at the end.

    `unreadable`: of how many no key opens the contact. They stay due.
    """

    looked_at: int
    written: int
    mark: Mark | None
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """What is needed of an office. Two are alike where they have the same ladder and the same day."""

    office: Office = field(compare=False)
    ladder: Ladder = field(compare=False)
    today: date
    alike: int  # which ladder it is


def sweep(session: Session, now: datetime, *, settings: Config, after: Mark | None = None) -> Swept:
    """Write the reminders that are due, of a thousand watches at most; call it again with `mark` until that is None."""
    if not _is_alone(session):
        return Swept(0, 0, None)
    places = _places(session, now, settings)
    first = session.execute(_due(places, after).limit(AT_ONCE)).all()
    if not first:
        return Swept(0, 0, None)
    rows = [*first, *_others_of_the_same(session, places, first)]
    unwanted = _muted(session, rows)
    due, moved = list[list[_DueStep]](), defaultdict[tuple[date | None, date], list[int]](list)
    climb = cache(_climb)  # many end on the same day
    for together in _by_recipient(each for each in rows if each.recipient not in unwanted):
        steps = []
        for each in together:
            place = places[each.office_id]
            step, next_on = climb(place, each.kind, each.expires_on, each.next_on)
            moved[next_on, place.today].append(each.id)
            steps += [(each, step)] if step else []
        due += [steps] if steps else []
    unreadable = set[int]()
    drafts = [
        draft
        for steps in _unsaid(session, due)
        for draft in _draft(session, steps, places, unwanted, unreadable, now, settings)
    ]
    written = outbox.enqueue_many(session, drafts, now)
    _move_on(session, {to: [each for each in ids if each not in unreadable] for to, ids in moved.items()})
    _end(session, [each.id for each in rows if each.recipient in unwanted], now)
    mark = Mark(first[-1].next_on, first[-1].id) if len(first) == AT_ONCE else None
    return Swept(len(rows), written, mark, len(unreadable))


def _is_alone(session: Session) -> bool:
    """Whether no other run is at it, until this transaction ends. SQLite has one writer anyway."""
    return session.get_bind().dialect.name != "postgresql" or bool(session.scalar(_ONE_AT_A_TIME))


def _places(session: Session, now: datetime, settings: Config) -> dict[int, _Place]:
    offices = session.scalars(select(Office)).all()
    plans = ladders.of_all(offices, settings.documents)
    return {
        office.id: _Place(office, plans[office.id], watching.today_at(office, now), id(plans[office.id]))
        for office in offices
    }


def _due(places: dict[int, _Place], after: Mark | None) -> Any:
    """What is due, locked. Where offices are in several time zones, it is not the same day at all of them."""
    days = {place.today for place in places.values()} or {date.min}
    latest = max(days)
    query = select(*_COLUMNS).where(ExpiryWatch.next_on <= latest)
    if len(days) > 1:
        behind = [number for number, place in places.items() if place.today < latest]
        query = query.where(or_(ExpiryWatch.next_on < latest, ExpiryWatch.office_id.not_in(behind)))
    if after is not None:
        query = query.where(tuple_(ExpiryWatch.next_on, ExpiryWatch.id) > tuple_(after.next_on, after.id))
    return query.order_by(ExpiryWatch.next_on, ExpiryWatch.id).with_for_update(skip_locked=True)


def _others_of_the_same(session: Session, places: dict[int, _Place], rows: Sequence[Due]) -> Sequence[Due]:
    """What is due for the same people and did not come in the same go: they get one message."""
    recipients = {each.recipient for each in rows if each.recipient}
    query = _due(places, None).where(_among(session, ExpiryWatch.recipient, recipients))
    seen = {each.id for each in rows}
    return [each for each in session.execute(query) if each.id not in seen]


def _muted(session: Session, rows: Sequence[Due]) -> set[str]:
    """Those who have switched off reminders since, also where they are reached behind a phone."""
    recipients = {to for each in rows for to in (each.recipient, each.fallback_recipient) if to}
    return {
        recipient for recipient, topic in suppression.muted(session, recipients) if topic == Topic.REMINDERS
    }


def _by_recipient(rows: Iterable[Due]) -> list[list[Due]]:
    groups = defaultdict[Any, list[Due]](list)
    for each in rows:
        groups[each.office_id, each.recipient].append(each)
    return list(groups.values())


def _climb(place: _Place, kind: str, expires_on: date, since: date) -> tuple[Step | None, date | None]:
    """The step that is due of such a document, and the day of the next one."""
    step = ladder.due(place.ladder, kind, expires_on, since, place.today)
    return step, ladder.next_day(place.ladder, kind, expires_on, place.today)


def _among(session: Session, column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """Whether it is one of a thousand: as one array where the database has them, because each parameter costs."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(ColumnElement[bool], column == any_(literal(list(values), ARRAY(column.type))))
    return cast(ColumnElement[bool], column.in_(values))


def _unsaid(session: Session, due: Sequence[Sequence[_DueStep]]) -> Iterator[Sequence[_DueStep]]:
    """What is to be said to each, without the dates that were told already.

    A date that was changed and changed back has its message. It must not stand for the others of the same person: its
    key is taken, and they would be lost with it.
    """
    keys = [
        _key(each, step, medium)
        for steps in due
        if len(steps) > 1
        for each, step in steps
        for medium in Medium
    ]
    query = select(Message.dedupe_key).where(_among(session, Message.dedupe_key, keys))
    told = set(session.scalars(query)) if keys else set()
    for steps in due:
        left = [each for each in steps if told.isdisjoint(_key(*each, medium) for medium in Medium)]
        if left:
            yield left


def _key(each: Due, step: Step, medium: Medium) -> str:
    return f"watch:{each.id}:{each.expires_on}:{step.name}:{medium}"


def _draft(
    session: Session,
    steps: Sequence[_DueStep],
    places: dict[int, _Place],
    unwanted: Collection[str],
    unreadable: set[int],
    now: datetime,
    settings: Config,
) -> list[Draft]:
    """One message about the date that comes first; it says that there are more, and its page shows them.

    Where no key opens the contact there is none, and all of them are noted as `unreadable`.
    """
    vault = vaults.of(session)
    each, step = min(steps, key=lambda found: (found[0].ends_on, found[0].id))
    place = places[each.office_id]
    try:
        contact = Contact(**vault.open(each.contact))
    except InvalidToken:
        unreadable.update(found.id for found, _ in steps)
        return []
    end = ladder.end_of(place.ladder, each.kind, each.expires_on)
    parameters = watching.said(vault, each.id, place.office, end, settings)
    parameters["watch_link"] = f"{parameters['link']}#change"
    parameters["step"] = ladder.tone(end, place.today)
    if len(steps) > 1:
        parameters["more"] = str(len(steps) - 1)
    spread = timedelta(minutes=settings.documents.spread_minutes)
    leaves = now + spread * ((each.id * _SPREAD % 2**32) / 2**32)
    return [
        Draft(
            kind="expiry",
            medium=contact.medium,
            to=contact.to,
            fallback_to=contact.mail if contact.phone and each.fallback_recipient not in unwanted else None,
            language=each.language,
            office_id=each.office_id,
            subject=f"watch:{each.id}",
            dedupe_key=_key(each, step, contact.medium),
            parameters=parameters,
            not_before=leaves,
            expires_at=now + STAYS_DUE,
            priority=PRIORITY,
        )
    ]


def _move_on(session: Session, moved: Mapping[tuple[date | None, date], Sequence[int]]) -> None:
    for (next_on, today), numbers in moved.items():
        if not numbers:
            continue
        session.execute(
            update(ExpiryWatch)
            .where(_among(session, ExpiryWatch.id, numbers))
            .values(next_on=next_on, told_on=today)
            .execution_options(synchronize_session=False)
        )


def _end(session: Session, numbers: Sequence[int], now: datetime) -> None:
    if numbers:
        for watch in session.scalars(select(ExpiryWatch).where(ExpiryWatch.id.in_(numbers))):
            watching.forget_contact(watch, now)
            if watch.external is None:
                session.delete(watch)
        session.flush()
