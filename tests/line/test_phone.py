"""What the holder of a phone ticket can do, and the SMS "you are next"."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.event import listen, remove

from frontoffice import vault as vaults
from frontoffice import worker
from frontoffice.booking.models import Appointment, State
from frontoffice.config import Line
from frontoffice.db import Database
from frontoffice.errors import Invalid, TooMany
from frontoffice.events import Event
from frontoffice.line import calling, checks, next_up, parking, phone, staffing, steering, undoing, wishes
from frontoffice.line.models import (
    CounterSession,
    EarlyClosing,
    ExpectedWait,
    LineExperience,
    Ticket,
    TicketState,
)
from frontoffice.line.phone import AwayAlready, JustCalled, UnknownTicket, VisitOver
from frontoffice.messages import channels, settle, texts
from frontoffice.messages.dispatch import Delivery
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.timing import Timing
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from tests.line import parts

LINE = Line()
MINUTE = timedelta(minutes=1)
NUMBER = "0151 23456789"


class Lobby:
    """Two tickets in the line and one open counter; each act in a transaction of its own."""

    def __init__(self, database: Database, office: Office, now: datetime) -> None:
        self.database, self.now = database, now
        with database.write() as session:
            found = session.get_one(Office, office.id)
            self.office, self.counter = found.id, found.counters[0].id
            self.staff = parts.account(session, "staff", Role.CASEWORKER)
            staffing.open_counter(session, self.counter, self.staff, now)
            self.tickets = [
                parts.ticket(session, found, number, now, arrived_at=now - (60 - number) * MINUTE).id
                for number in (1, 2, 3, 4, 5)
            ]

    def do(self, verb: Callable[..., Any], number: int, *more: Any, at: datetime | None = None) -> None:
        with self.database.write() as session:
            verb(session, session.get_one(Ticket, self.tickets[number - 1]), *more, at or self.now)

    def away(self, number: int, minutes: int | None = None) -> None:
        until = self.now + minutes * MINUTE if minutes is not None else None
        with self.database.write() as session:
            ticket = session.get_one(Ticket, self.tickets[number - 1])
            phone.go_away(session, ticket, self.now, until, LINE)

    def desk(self, verb: Callable[..., Any], *more: Any, **named: Any) -> Any:
        with self.database.write() as session:
            return verb(session, self.counter, self.staff, self.now, *more, **named)

    def ticket(self, number: int) -> Ticket:
        with self.database.read() as session:
            return session.get_one(Ticket, self.tickets[number - 1])

    def next(self) -> str | None:
        visit = self.desk(calling.call_next, parts.RULES)
        return visit.ticket if visit else None

    def tick(self, at: datetime | None = None) -> int:
        """As the worker does."""
        at = at or self.now
        told = 0
        with self.database.read() as session:
            near = [
                each
                for office in next_up.offices(session)
                for each in next_up.near(session, office, at, LINE)
            ]
        with self.database.write() as session:
            told = next_up.tell(session, near, at)
            next_up.forget_numbers(session)
        return told

    def sent(self) -> list[str]:
        """What was written, as it reads."""
        with self.database.read() as session:
            vault = vaults.of(session)
            found = []
            for message in session.scalars(select(Message).order_by(Message.id)):
                envelope = unseal(vault, message.envelope)
                assert envelope is not None
                assert envelope.to == "+4915123456789"
                text = texts.render(message.kind, Medium.SMS, "en", envelope.parameters).text
                found.append(f"{text} ({message.state})" if message.state != "pending" else text)
            return found


@pytest.fixture
def lobby(database: Database, office: Office, now: datetime) -> Lobby:
    return Lobby(database, office, now)


@pytest.fixture(autouse=True)
def nothing_contradicts_itself(database: Database) -> object:
    yield
    with database.read() as session:
        assert list(checks.differences(session)) == []


def test_a_link_finds_its_ticket_and_no_other(lobby: Lobby) -> None:
    entry = str(uuid4())
    token = phone.token_of_entry(entry)
    assert len(token) == 32
    with lobby.database.write() as session:
        session.get_one(Ticket, lobby.tickets[0]).link_fingerprint = phone.fingerprint(token)
        given = phone.give_link(session.get_one(Ticket, lobby.tickets[1]))
        again = phone.give_link(session.get_one(Ticket, lobby.tickets[2]))
        newer = phone.give_link(session.get_one(Ticket, lobby.tickets[2]))
    assert phone.path(given) == f"/ticket/{given}"
    with lobby.database.read() as session:
        assert phone.find(session, token).id == lobby.tickets[0]
        assert phone.find(session, given).id == lobby.tickets[1]
        assert phone.find(session, newer).id == lobby.tickets[2]
        for wrong in (again, uuid4().hex, token.upper(), "", "ä" * 32, token[:31]):
            with pytest.raises(UnknownTicket):
                phone.find(session, wrong)
        # Nothing in the table opens a ticket.
        kept = session.scalars(
            select(Ticket.link_fingerprint).where(Ticket.link_fingerprint.is_not(None))
        ).all()
        assert not {token, given, newer} & set(kept)


def test_who_leaves_is_not_called_and_who_was_called_cannot_leave(lobby: Lobby) -> None:
    with lobby.database.write() as session:
        office = session.get_one(Office, lobby.office)
        appointment = parts.appointment(session, office, lobby.now, state=State.CHECKED_IN)
        session.get_one(Ticket, lobby.tickets[0]).appointment_id = appointment.id
    lobby.do(phone.leave, 1)
    lobby.do(phone.leave, 1)  # pressed twice
    assert lobby.next() == "A002"
    with pytest.raises(JustCalled) as refusal:
        lobby.do(phone.leave, 2)
    assert refusal.value.params == {"ticket": "A002", "counter": "1"}
    lobby.desk(calling.no_show)
    with pytest.raises(VisitOver):
        lobby.do(phone.leave, 2)
    left = lobby.ticket(1)
    assert (left.state, left.ended_at) == (TicketState.LEFT, lobby.now)
    with lobby.database.read() as session:
        events = session.scalars(select(Event).where(Event.kind == "ticket.left")).all()
        assert [(each.actor, each.data) for each in events] == [("visitor", {"ticket": "A001"})]
        assert session.get_one(Appointment, appointment.id).state is State.NO_SHOW


def test_who_goes_away_is_not_called_and_keeps_the_place_once(lobby: Lobby) -> None:
    lobby.away(1)
    assert phone.is_away(lobby.ticket(1))
    assert lobby.next() == "A002"
    lobby.desk(calling.no_show)
    lobby.do(phone.come_back, 1)
    lobby.do(phone.come_back, 1)  # pressed twice
    assert not phone.is_away(lobby.ticket(1))
    with pytest.raises(AwayAlready):
        lobby.away(1)
    assert lobby.next() == "A001"  # not behind those who came later
    for verb in (phone.come_back, phone.leave):
        with pytest.raises(JustCalled):
            lobby.do(verb, 1)
    with lobby.database.read() as session:
        kinds = session.execute(
            select(Event.kind, func.count()).where(Event.actor == "visitor").group_by(Event.kind)
        )
        assert sorted(tuple(each) for each in kinds) == [("ticket.parked", 1), ("ticket.waiting", 1)]


def test_who_said_when_waits_again_from_then_on_and_who_left_is_gone(lobby: Lobby) -> None:
    for minutes in (0, -5, LINE.away_minutes + 1):
        with pytest.raises(Invalid):
            lobby.away(1, minutes)
    lobby.away(1, 20)
    with lobby.database.write() as session:
        assert parking.wake(session, lobby.now + 19 * MINUTE) == 0
        assert parking.wake(session, lobby.now + 20 * MINUTE) == 1
    assert lobby.next() == "A001"
    # A counter cannot undo its step after the visitor has left.
    lobby.desk(parking.park, reason="a copy")
    lobby.do(phone.leave, 1)
    with pytest.raises(undoing.NothingToUndo):
        lobby.desk(undoing.undo)
    assert lobby.ticket(1).state is TicketState.LEFT


def test_staff_have_the_last_word_about_somebody_who_is_away(lobby: Lobby) -> None:
    lobby.away(1)
    assert lobby.desk(calling.pick, "A001").ticket == "A001"
    lobby.desk(parking.park, reason="a copy")
    assert not phone.is_away(lobby.ticket(1))
    lobby.do(phone.come_back, 1)  # put aside by staff, who say when it goes on
    assert lobby.ticket(1).state is TicketState.PARKED
    lobby.desk(parking.is_back, "A001")
    assert lobby.next() == "A001"


def test_an_sms_goes_to_who_is_nearly_next_and_only_once(lobby: Lobby) -> None:
    for number in (1, 2, 5):
        lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), number)
    assert lobby.tick() == 2  # the first two; the fifth waits for long
    assert lobby.tick() == 0
    assert lobby.next() == "A001"
    lobby.desk(calling.finish)
    lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), 4)
    lobby.desk(calling.pick, "A004")  # out of turn
    assert lobby.tick() == 1
    lobby.desk(calling.finish)
    for _visit in (2, 3):
        lobby.next()
        lobby.desk(calling.start)
        lobby.desk(calling.finish)
    assert lobby.tick() == 1
    assert lobby.tick(lobby.now + MINUTE) == 0
    assert lobby.sent() == [
        "A001: You will be called soon. Please come to the waiting room.",
        "A002: You will be called soon. Please come to the waiting room.",
        "A004: Please come to counter 1 now.",
        "A005: You will be called soon. Please come to the waiting room.",
    ]
    assert [lobby.ticket(number).phone is None for number in (1, 2, 5)] == [True, True, False]  # forgotten
    with lobby.database.read() as session:
        [fifth] = session.scalars(select(Message).where(Message.subject == f"ticket:{lobby.tickets[4]}"))
        assert fifth.dedupe_key == f"ticket:{lobby.tickets[4]}:next:1:sms"
        assert fifth.expires_at == lobby.now + 5 * MINUTE


def test_who_left_a_mail_address_with_the_appointment_gets_a_mail_where_the_sms_fails(lobby: Lobby) -> None:
    with lobby.database.write() as session:
        office = session.get_one(Office, lobby.office)
        booked = parts.appointment(session, office, lobby.now, state=State.CHECKED_IN)
        session.get_one(Ticket, lobby.tickets[0]).appointment_id = booked.id
    for number in (1, 2):
        lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), number)
    assert lobby.tick() == 2
    with lobby.database.write() as session:
        for message in session.scalars(select(Message).order_by(Message.id)).all():
            settle.close(session, message, MessageState.DEAD, lobby.now)
        written = session.scalars(select(Message).where(Message.medium == Medium.MAIL)).all()
        assert [each.subject for each in written] == [f"ticket:{lobby.tickets[0]}"]
        envelope = unseal(vaults.of(session), written[0].envelope)
        assert envelope is not None
        assert envelope.to == "olena@example.org"


def test_who_was_away_is_told_again_and_who_leaves_is_not(lobby: Lobby) -> None:
    lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), 1)
    lobby.away(1)
    assert lobby.tick() == 0  # nobody absent is called
    lobby.do(phone.come_back, 1)
    assert lobby.tick() == 1
    lobby.do(phone.leave, 1)
    assert lobby.sent() == ["A001: You will be called soon. Please come to the waiting room. (cancelled)"]
    assert lobby.ticket(1).phone is None


def test_staff_who_send_somebody_away_let_them_be_told_again(lobby: Lobby) -> None:
    lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), 1)
    lobby.desk(staffing.pause)
    assert lobby.tick() == 0  # as long as no counter is open for them, nobody is next
    lobby.desk(staffing.resume)
    assert lobby.tick() == 1
    assert lobby.next() == "A001"
    lobby.desk(parking.park, reason="a copy", wake_at=lobby.now + 30 * MINUTE)
    with lobby.database.write() as session:
        assert parking.wake(session, lobby.now + 30 * MINUTE) == 1
    assert lobby.tick() == 1
    assert len(lobby.sent()) == 2


def test_a_number_is_checked_sealed_and_can_be_taken_back(lobby: Lobby) -> None:
    def leave(typed: str) -> None:
        lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, typed, now), 1)

    for wrong in ("", "hello", "030 1234567", "0151"):
        with pytest.raises(Invalid):
            leave(wrong)
    leave(NUMBER)
    kept = lobby.ticket(1).phone
    assert kept is not None
    assert b"15123456789" not in kept
    lobby.do(phone.forget_number, 1)
    assert lobby.ticket(1).phone is None
    for _again in range(3):
        leave(NUMBER)
    with pytest.raises(TooMany):
        leave(NUMBER)
    assert lobby.next() == "A001"
    with pytest.raises(JustCalled):
        lobby.do(
            lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now),
            1,
            at=lobby.now + timedelta(hours=1),
        )


def test_who_waits_is_told_once_that_the_office_closes_early(lobby: Lobby) -> None:
    for number in (1, 2):
        lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), number)
    lobby.do(phone.leave, 2)

    def tell(hours: int, told_at: datetime) -> int:
        said = EarlyClosing(closes_at=lobby.now + timedelta(hours=hours), told_at=told_at)
        with lobby.database.write() as session:
            tickets = session.scalars(select(Ticket).order_by(Ticket.id)).all()
            return next_up.tell_closing(session, tickets, said, lobby.now)

    first, second, third = (lobby.now + number * MINUTE for number in range(3))
    assert [tell(3, first), tell(3, first), tell(4, second), tell(3, third)] == [1, 0, 1, 1]
    assert lobby.sent() == [
        "A001: We close early today, at 11:00. Please ask at the desk. (cancelled)",
        "A001: We close early today, at 12:00. Please ask at the desk. (cancelled)",
        "A001: We close early today, at 11:00. Please ask at the desk.",
    ]


@pytest.mark.parametrize("sent_back", ["transferred", "call undone", "counter closed"])
def test_who_waits_again_after_a_call_is_told_again(lobby: Lobby, sent_back: str) -> None:
    lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), 1)
    assert lobby.tick() == 1
    assert lobby.next() == "A001"
    match sent_back:
        case "transferred":
            service = lobby.ticket(2).service_id
            lobby.desk(steering.transfer, "A001", to_service_id=service)
        case "call undone":
            lobby.desk(undoing.undo)
        case _:
            with lobby.database.write() as session:
                lead = parts.account(session, "lead", Role.TEAM_LEAD)
                staffing.close_counter(session, lobby.counter, lead, lobby.now)
            lobby.desk(staffing.open_counter)
    assert lobby.ticket(1).state is TicketState.WAITING
    assert lobby.tick() == 1
    assert len(lobby.sent()) == 2


def test_a_transfer_that_is_undone_tells_nobody_anew(lobby: Lobby) -> None:
    lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), 1)
    assert lobby.tick() == 1
    assert lobby.next() == "A001"
    lobby.desk(steering.transfer, "A001", to_service_id=lobby.ticket(2).service_id)
    lobby.desk(undoing.undo)
    assert lobby.ticket(1).state is TicketState.CALLED
    assert lobby.tick() == 0


def test_several_tickets_are_locked_in_the_order_of_their_ids_before_they_are_changed(lobby: Lobby) -> None:
    """Whoever locks them as they come, and another who does, wait for each other for ever."""
    for number in (1, 2):
        lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), number)
        lobby.desk(steering.wish, f"A00{number}", for_counter_id=lobby.counter)
    said: list[str] = []

    def statements(verb: Callable[..., Any], *given: Any) -> list[str]:
        said.clear()
        with lobby.database.write() as session:
            engine = session.get_bind()
            listen(engine, "before_cursor_execute", note)
            try:
                verb(session, *given)
            finally:
                remove(engine, "before_cursor_execute", note)
            is_postgresql = engine.dialect.name == "postgresql"
        lock = "ORDER BY ticket.id" + (" FOR UPDATE" if is_postgresql else "")
        return ["lock" if each.endswith(lock) else "change" for each in said]

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "ticket" in statement.split("WHERE", maxsplit=1)[0] and (
            statement.startswith("UPDATE ticket") or "ORDER BY ticket.id" in statement
        ):
            said.append(" ".join(statement.split()))

    told = statements(next_up.tell, lobby.tickets, lobby.now)
    with lobby.database.write() as session:
        session.get_one(Office, lobby.office).counters[0].languages = []
        session.scalars(select(CounterSession)).one().paused_at = lobby.now
    dropped = statements(wishes.drop_unfulfillable, lobby.office, lobby.ticket(1).day)
    for number in (1, 2):
        lobby.do(phone.leave, number)
    with lobby.database.write() as session:
        for number in (1, 2):
            session.get_one(Ticket, lobby.tickets[number - 1]).phone = b"left over"
    forgotten = statements(next_up.forget_numbers)
    assert [lobby.ticket(number).for_counter_id for number in (1, 2)] == [None, None]
    for each in (told, dropped, forgotten):
        assert each[0] == "lock"
        assert set(each[1:]) == {"change"}


def test_the_worker_tells_learns_and_forgets(
    lobby: Lobby, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The jobs as the worker runs them, with the real clock moved to the lobby's day."""
    monkeypatch.setattr("frontoffice.clock.now", lambda: lobby.now)
    jobs = {job.name: job for job in worker.JOBS}
    timing = Timing()
    delivery = Delivery(lobby.database, channels.providers(config.messages, timing), config.messages, timing)
    context = worker.Context(config, lobby.database, delivery, lambda: False)
    lobby.do(lambda session, ticket, now: phone.leave_number(session, ticket, NUMBER, now), 1)
    for name in ("line: tell who is next", "line: note expected waits", "line: learn waits"):
        jobs[name].run(context)
    lobby.do(phone.leave, 2)
    with lobby.database.write() as session:
        session.get_one(Ticket, lobby.tickets[1]).phone = b"left over"
    jobs["line: forget numbers"].run(context)
    assert lobby.sent() == ["A001: You will be called soon. Please come to the waiting room."]
    assert lobby.ticket(2).phone is None
    with lobby.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ExpectedWait)) == 5
        assert session.get(LineExperience, lobby.office) is not None
        assert session.scalars(select(Message.state)).one() is MessageState.PENDING
