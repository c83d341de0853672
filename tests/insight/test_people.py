"""What is stored about one person is found, handed over and forgotten, in every wing and nobody else's."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Table, select
from sqlalchemy.orm import Session

import frontoffice.schema  # noqa: F401 (which knows every table)
from frontoffice import rotation
from frontoffice import vault as vaults
from frontoffice.booking import appointing, fairness, personal, planning
from frontoffice.booking.models import Appointment, DaySheet, State
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Base, Database
from frontoffice.errors import NotFound
from frontoffice.events import Event
from frontoffice.insight import people
from frontoffice.line.models import Ticket, TicketState
from frontoffice.messages import outbox, preview, suppression
from frontoffice.messages import personal as outboxed
from frontoffice.messages.models import Medium, Message, MessageState, Suppression
from frontoffice.offices.models import Office
from frontoffice.personal import FORGOTTEN, StillNeeded, Who
from frontoffice.waitlist.models import EntryState, WaitlistEntry
from tests.insight.parts import add_appointment, add_ticket, service
from tests.sample import RENEWAL

MONDAY = date(2026, 11, 23)
NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LATER = NINE + timedelta(days=2)
RAHIMI = Person("Mohammad Rahimi", date(1990, 5, 17), "m.rahimi@example.org", "+4915228817386")
SISTER = Person("Parisa Rahimi", date(1993, 2, 1), "m.rahimi@example.org", None)  # with the same mail address
NAMED = Who(name="rahimi, mohammad", born=RAHIMI.born)

# Sealed or hashed, and about no person; or found by no one but who has the number.
NOBODYS = {
    "draw.seed": "random, until the draw is published",
    "draw.list_digest": "of a published list of numbers",
    "partner_plan.request": "of what a partner asked, only to be compared",
    "partner_booking.request": "of what a partner asked, only to be compared",
    "invitation.request": "of what a system asked, only to be compared",
    "account.totp": "of staff: the secret of a second factor",
    "account.totp_new": "of staff: the secret of a second factor",
}
WORDS = ("digest", "recipient", "sealed")


def columns() -> Iterator[tuple[Table, Column[Any]]]:
    """Whatever is sealed, and whatever is called a hash of somebody."""
    yield from rotation.sealed_columns()
    for table in Base.metadata.sorted_tables:
        yield from ((table, column) for column in table.columns if any(word in column.name for word in WORDS))


def test_every_sealed_column_is_known_to_a_wing() -> None:
    """A new one fails here: say in the wing's `personal.py` how it is found and forgotten."""
    found = {f"{table.name}.{column.name}" for table, column in columns()}
    assert found - people.COLUMNS - NOBODYS.keys() == set()
    names = {
        f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns
    }
    assert people.COLUMNS | NOBODYS.keys() <= names  # none is spelled wrong


@pytest.fixture
def known(database: Database, office: Office) -> dict[str, int]:
    """Two people with one mail address: an appointment each, done; with a ticket, a wish and messages of his."""
    with database.write() as session:
        place = session.get_one(Office, office.id)
        planning.plan(session, place, MONDAY, 7, NINE - timedelta(days=30))
        page = session.scalars(select(DaySheet).where(DaySheet.day == MONDAY)).one()
        his, hers = (_appointment(session, page, place, who, NINE) for who in (RAHIMI, SISTER))
        add_ticket(
            session, place, 1, NINE, MONDAY, appointment_id=his.id, waited=2, served=9,
            note="brings his passport", link_fingerprint="f" * 64,
        )  # fmt: skip
        _wish(session, place, his)
        for number, (one, medium, to) in enumerate(
            (
                (his, Medium.MAIL, RAHIMI.mail),
                (his, Medium.SMS, RAHIMI.phone),
                (hers, Medium.MAIL, SISTER.mail),
            )
        ):
            _message(session, place, number, one, medium, to or "")
        suppression.opt_out(
            session,
            suppression.digests_of(session, Medium.SMS, RAHIMI.phone or "")[0],
            Medium.SMS,
            "by link",
            NINE,
        )
        return {"his": his.id, "hers": hers.id}


def _appointment(
    session: Session, page: DaySheet, place: Office, who: Person, start: datetime
) -> Appointment:
    digests = fairness.digests(vaults.of(session), who)
    one = add_appointment(
        session, page, place, service(session, RENEWAL), start, State.DONE,
        reference={"Mohammad Rahimi": "QQM2PXQ4"}.get(who.name, "ABCDEFGH"),
        person_digest=digests.person, mail_digest=digests.mail, phone_digest=digests.phone,
    )  # fmt: skip
    one.person = vaults.of(session).seal(who.to_seal())
    session.flush()
    return one


def _wish(session: Session, place: Office, his: Appointment) -> None:
    session.add(
        WaitlistEntry(
            reference="WAITWAIT",
            office_id=place.id,
            service_id=his.service_id,
            appointment_id=his.id,
            state=EntryState.NEEDLESS,
            first_day=MONDAY,
            until_day=MONDAY + timedelta(days=3),
            ends_at=NINE,
            language="de",
            person=vaults.of(session).seal(RAHIMI.to_seal()),
            person_digest=his.person_digest,
            mail_digest=his.mail_digest,
            created_at=NINE,
            changed_at=NINE,
            ended_at=NINE,
        )
    )


def _message(session: Session, place: Office, number: int, one: Appointment, medium: Medium, to: str) -> None:
    message = outbox.enqueue(
        session,
        kind="lapsed" if number != 1 else "contact_changed",
        medium=medium,
        to=to,
        language="de",
        office_id=place.id,
        subject=f"appointment:{one.id}",
        dedupe_key=f"{number}:{medium}",
        parameters=_said("lapsed" if number != 1 else "contact_changed"),
        expires_at=LATER,
        now=NINE,
    )
    assert message is not None
    message.state, message.final_at = MessageState.SENT, NINE


def _said(kind: str) -> dict[str, str]:
    return preview.parameters(kind, "http://localhost")[0][1]


def found(database: Database, who: Who) -> list[tuple[str, str | None]]:
    with database.read() as session:
        return [(each.kind, each.data.get("name")) for each in people.find(session, who)]


HIS = [
    ("wish", "Mohammad Rahimi"),
    ("appointment", "Mohammad Rahimi"),
    ("ticket", None),
    ("opt_out", None),
    ("message", None),
    ("message", None),
]


def test_name_and_date_of_birth_lead_to_all_that_is_his(database: Database, known: dict[str, int]) -> None:
    assert sorted(found(database, NAMED), key=str) == sorted(HIS, key=str)
    assert found(database, Who(name="Mohammad Rahimi", born=date(1990, 5, 18))) == []
    assert found(database, Who(name="Mohammad Rahimi")) == []  # a name alone is nobody


def test_an_appointment_leads_to_what_belongs_to_it_and_not_to_the_sister(
    database: Database, known: dict[str, int]
) -> None:
    his = Who(subjects=frozenset({f"appointment:{known['his']}"}))
    assert sorted(found(database, his), key=str) == sorted(HIS, key=str)
    hers = Who(subjects=frozenset({f"appointment:{known['hers']}"}))
    assert found(database, hers) == [("appointment", "Parisa Rahimi"), ("message", None)]


def test_a_mail_address_leads_to_everybody_who_uses_it(database: Database, known: dict[str, int]) -> None:
    names = {name for _, name in found(database, Who(mail="M.Rahimi@example.org")) if name}
    assert names == {"Mohammad Rahimi", "Parisa Rahimi"}


def test_what_is_handed_over_is_what_is_stored(database: Database, known: dict[str, int]) -> None:
    with database.read() as session:
        stored = people.as_json(people.find(session, NAMED), LATER)["stored"]
    by_kind = {each["what"]: each for each in stored}
    assert by_kind["appointment"]["phone"] == RAHIMI.phone
    assert by_kind["appointment"]["code"] == "QQM2-PXQ4"
    assert by_kind["ticket"]["note"] == "brings his passport"
    assert by_kind["message"]["contents"]["office_name"]
    assert "write to them again" in by_kind["opt_out"]["stays_because"]


def dump(database: Database) -> str:
    """Everything in the database, unsealed where it is sealed."""
    words = []
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                for value in row:
                    words.append(str(value))
                    if isinstance(value, bytes) and value.startswith(b"gAAAA"):
                        words.append(str(vaults.of(session).open(value)))
    return "\n".join(words)


def forget(database: Database, who: Who, now: datetime = LATER) -> dict[str, int]:
    with database.write() as session:
        return dict(people.forget(session, people.find(session, who), now, actor="office"))


def test_forgetting_leaves_nothing_that_leads_to_the_person(
    database: Database, known: dict[str, int]
) -> None:
    before = dump(database)
    with database.read() as session:
        vault = vaults.of(session)
        digests = [*fairness.known(vault, RAHIMI).persons, *fairness.known(vault, RAHIMI).phones]
        sms = outbox.recipient_digests(vault, Medium.SMS, RAHIMI.phone or "")[0]
    telling = [
        "Mohammad Rahimi",
        "1990-05-17",
        RAHIMI.phone or "",
        "QQM2PXQ4",
        "brings his passport",
        "f" * 64,
        *digests,
    ]
    assert all(word in before for word in telling)
    assert forget(database, NAMED) == {"wish": 1, "appointment": 1, "ticket": 1, "message": 2}
    after = dump(database)
    assert [word for word in telling if word in after] == []
    with database.read() as session:
        assert session.scalars(select(Suppression.recipient)).all() == [sms]  # the wish of the person
        assert sms not in session.scalars(select(Message.recipient)).all()
        event = session.scalars(select(Event).where(Event.kind == "person.forgotten")).one()
        assert event.data == {"wish": 1, "appointment": 1, "ticket": 1, "message": 2}
        left = session.get_one(Appointment, known["his"])
        assert (left.state, left.start) == (State.DONE, NINE)
        assert appointing.person_of(session, left) == personal.NOBODY
        with pytest.raises(NotFound):
            appointing.find_by_birth(session, "QQM2PXQ4", RAHIMI.born)
    assert found(database, Who(subjects=frozenset({f"appointment:{known['hers']}"}))) == [
        ("appointment", "Parisa Rahimi"),
        ("message", None),
    ]


def test_twice_does_it_once(database: Database, known: dict[str, int]) -> None:
    forget(database, NAMED)
    assert forget(database, NAMED) == {}
    with database.read() as session:
        assert len(session.scalars(select(Event).where(Event.kind == "person.forgotten")).all()) == 1


def test_what_is_still_to_come_is_not_forgotten(database: Database, known: dict[str, int]) -> None:
    with database.write() as session:
        session.get_one(Appointment, known["his"]).state = State.CONFIRMED
    with pytest.raises(StillNeeded):
        forget(database, NAMED, NINE - timedelta(hours=1))
    assert sorted(found(database, NAMED), key=str) == sorted(HIS, key=str)
    assert forget(database, NAMED, NINE + timedelta(hours=1))["appointment"] == 1  # nobody came: it is over


@pytest.mark.parametrize("state", [TicketState.WAITING, TicketState.SERVING])
def test_nobody_is_forgotten_who_is_in_the_house(
    database: Database, known: dict[str, int], state: TicketState
) -> None:
    with database.write() as session:
        ticket = session.scalars(select(Ticket)).one()
        ticket.state = state
        if state is TicketState.SERVING:
            ticket.counter_id = session.get_one(Office, ticket.office_id).counters[0].id
    with pytest.raises(StillNeeded, match="visit is not over"):
        forget(database, NAMED)


def test_a_coming_appointment_is_cancelled_first_and_its_message_still_leaves(
    database: Database, config: Config, known: dict[str, int]
) -> None:
    now = NINE - timedelta(hours=2)
    with database.write() as session:
        session.get_one(Appointment, known["his"]).state = State.CONFIRMED
        page = session.get_one(Appointment, known["his"]).sheet
        page.taken = bytes([1] * len(page.taken))
        for message in session.scalars(select(Message).where(Message.kind == "lapsed")):
            message.state, message.final_at = MessageState.PENDING, None
    with database.write() as session:
        his = people.find(session, NAMED)
        assert people.cancel_coming(session, his, now, settings=config, actor="office") == 1
    with database.write() as session:
        people.forget(session, people.find(session, NAMED), now, actor="office")
    with database.read() as session:
        rows = session.scalars(select(Message).order_by(Message.id)).all()
        cancelled = [each for each in rows if each.kind == "cancelled"]
        assert {each.state for each in cancelled if each.medium is Medium.MAIL} == {MessageState.PENDING}
        assert any(each.envelope for each in cancelled)
        assert [each.state for each in rows if each.kind == "lapsed" and each.subject == FORGOTTEN] == [
            MessageState.CANCELLED
        ]
    assert "m.rahimi@example.org" in dump(database)
    with database.write() as session:  # it has left
        for message in session.scalars(select(Message).where(Message.state == MessageState.PENDING)):
            if message.kind == "cancelled":
                message.state, message.final_at = MessageState.SENT, now
    with database.write() as session:
        outboxed.finish(session, now)
    with database.read() as session:
        assert all(
            each.envelope is None and each.subject == FORGOTTEN
            for each in session.scalars(select(Message).where(Message.kind == "cancelled"))
        )
