"""What staff see of the line, and what is on record about it."""

from datetime import datetime, timedelta

from sqlalchemy import select

from frontoffice.booking import sheet
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line import arriving, calling, desk, staffing
from frontoffice.line.models import Ticket
from frontoffice.offices.models import Counter, Office
from tests.line.parts import EARLY, RULES, account, appointment, ticket

MINUTE = timedelta(minutes=1)


def test_the_desk_shows_the_line_of_this_counter_in_the_order_of_calling(
    database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        here.counters[0].services = here.services[:2]
        ticket(session, here, 1, now, arrived_at=now - 5 * MINUTE)
        ticket(session, here, 2, now, arrived_at=now - 15 * MINUTE)
        ticket(session, here, 3, now, service=2)
        ticket(session, here, 4, now, service=0, due_at=now)
        ticket(session, here, 5, now, service=None)
    with database.read() as session:
        counter = session.get_one(Counter, office.counters[0].id)
        shown = desk.desk(session, counter, sheet.day_of(now, office.time_zone), now, RULES)
    assert [each.code for each in shown.waiting] == ["A004", "A002", "A001", "A005"]
    assert (shown.current, shown.elsewhere) == (None, 1)


def test_what_the_desk_shows_first_is_called_next(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        for number, arrived in enumerate((3, 40, 20), start=1):
            ticket(session, here, number, now, arrived_at=now - arrived * MINUTE)
        miriam = account(session)
        staffing.open_counter(session, here.counters[0].id, miriam, now)
    while True:
        with database.read() as session:
            counter = session.get_one(Counter, office.counters[0].id)
            shown = desk.desk(session, counter, sheet.day_of(now, office.time_zone), now, RULES)
        with database.write() as session:
            visit = calling.call_next(session, counter.id, miriam, now, RULES)
            if visit is None:
                assert shown.waiting == []
                return
            calling.finish(session, counter.id, miriam, now)
        assert visit.ticket == shown.waiting[0].code


def test_the_counters_show_who_sits_where(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        miriam = account(session)
        staffing.open_counter(session, office.counters[2].id, miriam, now)
    with database.read() as session:
        places = desk.places(session, office.id)
        seat = desk.seat_of(session, miriam.id)
        assert seat is not None
        assert seat.counter.name == "3"
        taken = {place.counter.name: place.session.account.name for place in places if place.session}
    assert len(places) == 8
    assert taken == {"3": "Miriam Beispiel"}


def test_seeing_the_name_of_a_visitor_is_put_on_record_once_for_each_call_and_reader(
    database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        miriam, jonas = account(session), account(session, "jonas")
        booked = appointment(session, here, now, name="محمد الأحمد")
        waiting = arriving.check_in(
            session, here, miriam, booked.reference, language="ar", early=EARLY, now=now
        )
        staffing.open_counter(session, here.counters[0].id, miriam, now)
        calling.call_next(session, here.counters[0].id, miriam, now, RULES)
    with database.read() as session:
        called = session.get_one(Ticket, waiting.id)
        assert desk.name_of_visitor(session, called) == "محمد الأحمد"
        assert not desk.is_noted(session, called, miriam)
    with database.write() as session:
        desk.note_seen(session, called, miriam, now)
    with database.read() as session:
        assert desk.is_noted(session, called, miriam)
        assert not desk.is_noted(session, called, jonas)
        [event] = session.scalars(select(Event).where(Event.kind == "appointment.seen"))
    assert (event.actor, event.subject, event.data) == (
        f"account:{miriam.id}",
        f"appointment:{booked.id}",
        {},
    )
    with database.write() as session:
        calling.recall(session, office.counters[0].id, miriam, now + MINUTE)
    with database.read() as session:
        assert not desk.is_noted(session, session.get_one(Ticket, waiting.id), miriam)


def test_who_came_without_appointment_has_no_name(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        waiting = ticket(session, session.get_one(Office, office.id), 1, now)
    with database.read() as session:
        assert desk.name_of_visitor(session, waiting) is None
