"""Counting one day of an office: what happened, without whom it happened to."""

from collections import Counter as Tally
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.booking.models import Appointment, DaySheet, State
from frontoffice.events import Event
from frontoffice.insight import histogram
from frontoffice.insight.models import Figure
from frontoffice.insight.sums import AHEAD
from frontoffice.line.models import CounterSession, Ticket, TicketState
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.offices.models import Counter, Office, Schedule

MINUTE = timedelta(minutes=1)
WALK_IN = "walk_in"
CALLED, UNDONE, PAUSED, OPENED = "ticket.called", "ticket.undone", "counter.paused", "counter.opened"

CAME = (State.CHECKED_IN, State.DONE)
MISSED = (State.CONFIRMED, State.NO_SHOW)  # who never came stays confirmed; once the day is over

OUTCOMES = {
    MessageState.SENT: "sent",
    MessageState.DELIVERED: "delivered",
    MessageState.UNDELIVERED: "failed",
    MessageState.FAILED: "failed",
    MessageState.DEAD: "failed",
    MessageState.EXPIRED: "failed",
    MessageState.SUPPRESSED: "unwanted",
}

Counts = Tally[tuple[Figure, int, str]]


class Day(NamedTuple):
    """A day of an office: its date, and its first and last moment (half-open), 23 to 25 hours apart."""

    office: Office
    date: date
    begins: datetime
    ends: datetime


def day_of(office: Office, day: date) -> Day:
    """The day on the office's clock."""
    zone = office.time_zone
    return Day(office, day, sheet.midnight(day, zone), sheet.midnight(day + timedelta(days=1), zone))


def count(session: Session, office: Office, day: date, now: datetime) -> Counts:
    """All counts of the office's day as far as it has come by `now`; the same again whenever it is asked."""
    counts: Counts = Tally()
    asked = day_of(office, day)
    for add in (_visits, _appointments, _seats, _counters, _messages):
        add(session, asked, now, counts)
    return counts


def _visits(session: Session, day: Day, _now: datetime, counts: Counts) -> None:
    zone = ZoneInfo(day.office.time_zone)
    rows = session.execute(
        select(Ticket, Appointment.channel)
        .outerjoin(Appointment, Appointment.id == Ticket.appointment_id)
        .where(Ticket.office_id == day.office.id, Ticket.day == day.date)
    ).all()
    first_calls = _first_calls(session, day)
    for ticket, booked in rows:
        service, channel = ticket.service_id or 0, booked.value if booked else WALK_IN
        hour = f"{ticket.arrived_at.astimezone(zone):%H}"
        counts[Figure.VISITS, service, channel] += 1
        counts[Figure.VISIT_HOURS, service, hour] += 1
        counts[Figure.CHANNEL_HOURS, 0, f"{hour} {channel}"] += 1
        counts[Figure.ENDS, service, ticket.state.value] += 1
        called = first_calls.get(f"ticket:{ticket.id}", ticket.called_at)
        if called is not None:
            figure = Figure.WAITING_DUE if ticket.due_at else Figure.WAITING
            waited = called - max(ticket.arrived_at, ticket.due_at or ticket.arrived_at)
            counts[figure, service, str(histogram.step_of(waited))] += 1
        # What the night has ended was left behind by somebody who went home: nobody knows how long it took.
        if (
            ticket.state is TicketState.DONE
            and ticket.serving_at
            and ticket.ended_at
            and ticket.ended_at < day.ends
        ):
            took = ticket.ended_at - ticket.serving_at
            counts[Figure.SERVING, service, str(histogram.step_of(took))] += 1


def _first_calls(session: Session, day: Day) -> dict[str, datetime]:
    """When each ticket was called first; a call that was taken back is none. Ticket.called_at tells the last one."""
    rows = session.execute(
        select(Event.subject, Event.kind, Event.at, Event.data)
        .where(
            Event.office_id == day.office.id,
            Event.at >= day.begins,
            Event.at < day.ends,
            Event.kind.in_((CALLED, UNDONE)),
        )
        .order_by(Event.number)
    )
    found: dict[str, datetime] = {}
    for subject, kind, at, data in rows:
        if kind == CALLED:
            found.setdefault(subject, at)
        elif data.get("undone") == TicketState.CALLED:
            found.pop(subject, None)
    return found


def _appointments(session: Session, day: Day, now: datetime, counts: Counts) -> None:
    rows = session.execute(
        select(Appointment.service_id, Appointment.state, Appointment.created_at, Appointment.start).where(
            Appointment.office_id == day.office.id,
            Appointment.start >= day.begins,
            Appointment.start < min(day.ends, now),
        )
    )
    zone = day.office.time_zone
    for service, state, made_at, start in rows:
        if state is State.CONFIRMED and now < day.ends:
            continue  # may still come
        what = "came" if state in CAME else "missed" if state in MISSED else state.value
        days = (sheet.day_of(start, zone) - sheet.day_of(made_at, zone)).days
        ahead = max(step for step in AHEAD if step <= max(0, days))
        counts[Figure.APPOINTMENTS, service, f"{what} {ahead}"] += 1


def _seats(session: Session, day: Day, _now: datetime, counts: Counts) -> None:
    rows = session.execute(
        select(DaySheet.schedule_id, DaySheet.capacity, DaySheet.taken)
        .join(Schedule, Schedule.id == DaySheet.schedule_id)
        .where(Schedule.office_id == day.office.id, DaySheet.day == day.date)
    )
    for schedule, capacity, taken in rows:
        counts[Figure.SEATS, schedule, "all"] += sum(capacity) * sheet.MINUTES
        counts[Figure.SEATS, schedule, "taken"] += sum(taken) * sheet.MINUTES


def _counters(session: Session, day: Day, now: datetime, counts: Counts) -> None:
    """For all counters together: at a single one, one member of staff could be watched at work."""
    until = min(day.ends, now)
    here = select(Counter.id).where(Counter.office_id == day.office.id)
    seats = session.execute(
        select(CounterSession.counter_id, CounterSession.opened_at, CounterSession.closed_at).where(
            CounterSession.counter_id.in_(here),
            CounterSession.opened_at >= day.begins,
            CounterSession.opened_at < until,
        )
    ).all()
    pauses, last_ends = _pauses(session, day), _last_ends(session, day)
    for counter, opened, closed in seats:
        ends = min(closed or until, until)
        if ends == day.ends:  # nobody closed it: it was open as long as somebody was served there
            ends = max(opened, last_ends.get(counter, opened))
        rests = sum(
            (
                max(timedelta(0), min(back, ends) - max(since, opened))
                for since, back in pauses.get(counter, ())
            ),
            timedelta(0),
        )
        counts[Figure.COUNTERS, 0, "open"] += (ends - opened - rests) // MINUTE
    busy = session.execute(
        select(Ticket.called_at, Ticket.ended_at).where(
            Ticket.office_id == day.office.id,
            Ticket.day == day.date,
            Ticket.called_at.is_not(None),
            Ticket.ended_at < day.ends,
            Ticket.counter_id.is_not(None),
        )
    )
    for called, ended in busy:
        assert called
        assert ended
        counts[Figure.COUNTERS, 0, "busy"] += max(0, (min(ended, until) - called) // MINUTE)


def _last_ends(session: Session, day: Day) -> dict[int, datetime]:
    """When the last visit of the day ended at each counter; not what was ended at night."""
    rows = session.execute(
        select(Ticket.counter_id, func.max(Ticket.ended_at))
        .where(
            Ticket.office_id == day.office.id,
            Ticket.day == day.date,
            Ticket.ended_at < day.ends,
            Ticket.counter_id.is_not(None),
        )
        .group_by(Ticket.counter_id)
    )
    return {counter: ended for counter, ended in rows if counter is not None and ended is not None}


def _pauses(session: Session, day: Day) -> dict[int, list[tuple[datetime, datetime]]]:
    """When each counter paused; a pause that nobody ended lasts until the day is over."""
    rows: Sequence[tuple[datetime, str, str]] = [
        (at, subject, kind)
        for at, subject, kind in session.execute(
            select(Event.at, Event.subject, Event.kind)
            .where(
                Event.office_id == day.office.id,
                Event.at >= day.begins,
                Event.at < day.ends,
                Event.kind.in_((PAUSED, OPENED)),
            )
            .order_by(Event.number)
        )
    ]
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    since: dict[int, datetime] = {}
    for at, subject, kind in rows:
        counter = int(subject.rpartition(":")[2])
        if kind == PAUSED:
            since.setdefault(counter, at)
        elif counter in since:
            found.setdefault(counter, []).append((since.pop(counter), at))
    for counter, at in since.items():
        found.setdefault(counter, []).append((at, day.ends))
    return found


def _messages(session: Session, day: Day, _now: datetime, counts: Counts) -> None:
    rows = session.execute(
        select(Message.kind, Message.medium, Message.state, Message.parts).where(
            Message.office_id == day.office.id,
            Message.created_at >= day.begins,
            Message.created_at < day.ends,
        )
    )
    for kind, medium, state, parts in rows:
        if state in OUTCOMES:
            counts[Figure.MESSAGES, 0, f"{kind} {medium.value} {OUTCOMES[state]}"] += 1
        if medium is Medium.SMS and parts:
            counts[Figure.SEGMENTS, 0, kind] += parts
