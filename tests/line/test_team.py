"""The team view, closing early, and arranging counters."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from frontoffice import vault
from frontoffice.booking import sheet
from frontoffice.db import Database
from frontoffice.errors import Invalid, NotAllowed
from frontoffice.events import Event
from frontoffice.line import arranging, board, calling, closing, machines, parking, staffing, steering, team
from frontoffice.line.models import Ticket
from frontoffice.line.team import Team
from frontoffice.line.wishes import NobodyCan
from frontoffice.messages import texts
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.offices.models import Counter, Office
from frontoffice.staff.models import Account, Role
from tests.line.desks import Desks
from tests.line.parts import RULES, account, kiosk

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desks(database: Database, office: Office, now: datetime) -> Desks:
    """Counter 1 serves what the office's first service is, counter 2 belongs to team Fachkräfte and takes all."""
    with database.write() as session:
        first, second = session.get_one(Office, office.id).counters[:2]
        first.services, second.team = first.services[:1], "Fachkräfte"
    return Desks(database, office, now)


@pytest.fixture
def lead(desks: Desks) -> Account:
    with desks.database.write() as session:
        return account(session, "aylin", Role.TEAM_LEAD)


def look(desks: Desks) -> Team:
    with desks.database.read() as session:
        office = session.get_one(Office, desks.office.id)
        return team.team(session, office, sheet.day_of(desks.now, office.time_zone), desks.now, RULES)


def codes(here: list[team.Here]) -> list[str]:
    return [each.ticket.code for each in here]


def test_who_waits_stands_in_the_order_of_calling_with_the_counters_that_may_call_them(desks: Desks) -> None:
    desks.wait(1, arrived_at=desks.now - 10 * MINUTE)
    desks.wait(2, service=0, arrived_at=desks.now - 20 * MINUTE)
    desks.wait(3, service=None, arrived_at=desks.now - 5 * MINUTE)
    shown = look(desks)
    assert [(each.ticket.code, each.counters) for each in shown.waiting] == [
        ("A002", ["1", "2"]),
        ("A001", ["2"]),
        ("A003", ["1", "2"]),
    ]
    assert shown.longest == 20 * MINUTE
    assert desks.next(2) == shown.waiting[0].ticket.code
    desks.do(calling.finish, 2)
    after = look(desks)
    assert (codes(list(after.waiting)), after.ended) == (["A001", "A003"], 1)
    assert [each.counter.name for each in after.counters if each.calls] == ["1", "2"]


def test_waiting_too_long_counts_from_the_arrival_or_from_the_appointment(desks: Desks) -> None:
    now = desks.now
    desks.wait(1, arrived_at=now - 46 * MINUTE)
    desks.wait(2, arrived_at=now - 44 * MINUTE)
    desks.wait(3, arrived_at=now - 60 * MINUTE, due_at=now - 16 * MINUTE)
    desks.wait(4, arrived_at=now - 60 * MINUTE, due_at=now - 10 * MINUTE)
    desks.wait(5, arrived_at=now - 60 * MINUTE, due_at=now + 10 * MINUTE)
    assert sorted(codes(list(look(desks).too_long))) == ["A001", "A003"]


def test_who_is_early_has_not_waited_yet(desks: Desks) -> None:
    desks.wait(1, arrived_at=desks.now - 20 * MINUTE, due_at=desks.now + 10 * MINUTE)
    assert look(desks).longest == timedelta()


def test_whom_no_calling_counter_serves_is_stranded(desks: Desks) -> None:
    desks.wait(1)
    assert look(desks).stranded == []
    desks.do(staffing.pause, 2)
    assert codes(list(look(desks).stranded)) == ["A001"]


def test_what_was_forgotten_is_seen(desks: Desks) -> None:
    desks.wait(1, arrived_at=desks.now - 50 * MINUTE)
    desks.wait(2, service=0, arrived_at=desks.now - 40 * MINUTE)
    desks.next(2)
    desks.do(parking.park, 2, reason="fetches a paper")
    desks.next(2)
    desks.now += 6 * MINUTE
    shown = look(desks)
    assert [each.counter.name for each in team.called_long(shown.counters, desks.now)] == ["2"]
    assert team.parked_long(shown.parked, desks.now) == []
    desks.now += 60 * MINUTE
    assert [each.code for each in team.parked_long(look(desks).parked, desks.now)] == ["A001"]


def test_a_team_takes_whom_it_was_given_whatever_the_concern_and_in_the_old_place(desks: Desks) -> None:
    waiting = desks.wait(1, service=0, arrived_at=desks.now - 30 * MINUTE)
    desks.wait(2, service=0, arrived_at=desks.now - 20 * MINUTE)
    assert desks.next(1) == "A001"
    desks.do(steering.transfer, 1, "A001", to_team="Fachkräfte", note="asks about the Blue Card")
    seen = desks.see(waiting)
    assert (seen.for_team, seen.note) == ("Fachkräfte", "asks about the Blue Card")
    assert desks.next(1) == "A002", "not at a counter of another team"
    assert desks.next(2) == "A001"
    with pytest.raises(NobodyCan):
        desks.do(steering.transfer, 1, "A002", to_team="Nachtschicht")


def test_who_was_given_to_a_team_that_leaves_is_for_everybody(desks: Desks) -> None:
    waiting = desks.wait(1, service=0)
    desks.do(steering.wish, 1, "A001", for_team="Fachkräfte")
    assert desks.next(1) is None
    desks.do(staffing.close_counter, 2)
    assert desks.see(waiting).for_team is None
    assert desks.next(1) == "A001"


def test_closing_early_is_told_on_the_board_and_by_sms_once(desks: Desks, lead: Account) -> None:
    office, now = desks.office, desks.now
    with_phone, other = desks.wait(1), desks.wait(2)
    with desks.database.write() as session:
        session.get_one(Ticket, with_phone).phone = vault.of(session).seal("+4915228817386")
    today = sheet.day_of(now, office.time_zone)
    closes = now + timedelta(hours=2)

    def say(closes_at: datetime, at: datetime) -> int:
        with desks.database.write() as session:
            return closing.close_early(session, session.get_one(Office, office.id), lead, closes_at, at)

    def usual(at: datetime) -> int:
        with desks.database.write() as session:
            return closing.close_as_usual(session, session.get_one(Office, office.id), lead, at)

    later = closes + 30 * MINUTE
    assert say(closes, now) == 1
    assert say(closes, now + MINUTE) == 0, "the same time once more is no news"
    assert say(later, now + 2 * MINUTE) == 1
    with desks.database.read() as session:
        assert board.board(session, office.id, today).closes_at == later
    assert say(closes, now + 3 * MINUTE) == 1, "back to the first one is news again"
    assert written(desks) == [
        "A001: We close early today, at 10:00. Please ask at the desk. (cancelled)",
        "A001: We close early today, at 10:30. Please ask at the desk. (cancelled)",
        "A001: We close early today, at 10:00. Please ask at the desk.",
    ]
    with desks.database.write() as session:
        last = session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert last is not None
        last.state = MessageState.SENT
        session.get_one(Ticket, other).phone = vault.of(session).seal("+4915228817387")
    assert usual(now + 4 * MINUTE) == 1, "only who was told otherwise"
    assert usual(now + 5 * MINUTE) == 0
    assert written(desks)[3:] == ["A001: We do not close early, after all. We are open until 12:00 today."]
    assert say(closes, now + 6 * MINUTE) == 2
    with desks.database.read() as session:
        said = session.scalars(select(Event).where(Event.kind == "office.closing_early")).all()
        assert len(said) == 4
    assert usual(now + 7 * MINUTE) == 1, "the other one's has not left, and is taken back"
    with desks.database.read() as session:
        assert board.board(session, office.id, today).closes_at is None


def written(desks: Desks) -> list[str]:
    """What was written by SMS, as it reads."""
    with desks.database.read() as session:
        found = []
        for message in session.scalars(select(Message).order_by(Message.id)):
            envelope = unseal(vault.of(session), message.envelope)
            assert envelope is not None
            text = texts.render(message.kind, Medium.SMS, "en", envelope.parameters).text
            found.append(text + (" (cancelled)" if message.state is MessageState.CANCELLED else ""))
        return found


def test_closing_early_is_for_leads_and_for_later_today(desks: Desks, lead: Account) -> None:
    with desks.database.write() as session:
        office = session.get_one(Office, desks.office.id)
        for wrong in (desks.now, desks.now - MINUTE, desks.now + timedelta(hours=17)):
            with pytest.raises(Invalid):
                closing.close_early(session, office, lead, wrong, desks.now)
        with pytest.raises(NotAllowed):
            closing.close_early(session, office, desks.staff[0], desks.now + MINUTE, desks.now)


def test_what_a_counter_serves_is_changed_from_the_next_call_on(desks: Desks, lead: Account) -> None:
    desks.wait(1)
    assert desks.next(1) is None
    services = [each.id for each in desks.office.services]

    def arrange(**more: object) -> None:
        given = {"services": services, "languages": ["uk", "ar"], "room": " Wartezone  B", "team": ""} | more
        with desks.database.write() as session:
            arranging.arrange(session, desks.ids[0], lead, desks.now, **given)  # type: ignore[arg-type]

    arrange()
    assert desks.next(1) == "A001"
    with desks.database.read() as session:
        counter = session.get_one(Counter, desks.ids[0])
        assert (counter.languages, counter.room) == (["uk", "ar"], "Wartezone B")
        assert board.rooms_of(session, desks.office.id) == ["Wartezone B", "Wartezone A"]
    for wrong in ({"services": []}, {"services": [10**6]}, {"languages": ["<b>"]}, {"room": "x" * 61}):
        with pytest.raises(Invalid):
            arrange(**wrong)
    with pytest.raises(NotAllowed), desks.database.write() as session:
        arranging.arrange(
            session,
            desks.ids[0],
            desks.staff[0],
            desks.now,
            services=services,
            languages=[],
            room="",
            team="",
        )


def test_a_kiosk_that_is_silent_is_noticed_but_not_one_that_was_switched_off_yesterday(desks: Desks) -> None:
    for series, ago in (("A", timedelta(minutes=6)), ("B", timedelta(minutes=4)), ("C", timedelta(hours=13))):
        with desks.database.write() as session:
            kiosk(session, session.get_one(Office, desks.office.id), series).seen_at = desks.now - ago
    with desks.database.read() as session:
        troubles = machines.troubled(session, desks.office.id, desks.now)
    assert [(each.device, each.trouble) for each in troubles] == [("Kiosk A", "silent")]


def test_the_rules_of_the_view_are_those_of_calling(desks: Desks) -> None:
    """Whom the view promises to a counter, that counter calls; the order is that of the whole line."""
    for number, service in enumerate((0, 1, 2, None, 0), start=1):
        desks.wait(number, service=service, arrived_at=desks.now - number * MINUTE)
    while waiting := look(desks).waiting:
        mine = [each.ticket.code for each in waiting if "1" in each.counters]
        called = desks.next(1)
        assert called == (mine[0] if mine else None)
        if called is None:
            return
        desks.do(calling.finish, 1)
