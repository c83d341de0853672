"""Whoever of the staff is shown a person is on record for it: every page and operation is opened, by somebody new."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import pytest
import time_machine
from flask import Flask, url_for
from sqlalchemy import select, update

from frontoffice.booking import planning
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import watching
from frontoffice.documents.card_models import CardState
from frontoffice.documents.contact import Contact
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.events import Event
from frontoffice.line import staffing
from frontoffice.line.models import CounterSession, Ticket
from frontoffice.messages.models import Message, MessageState
from frontoffice.offices.models import Closure, Office, Service
from frontoffice.staff.models import Role
from frontoffice.staff.roles import Permission
from frontoffice.web.access import COOKIE_KEY
from frontoffice.web.app import create_app
from frontoffice.web.needs import Door, doors
from tests.booking.conftest import planned, renewal, rules
from tests.booking.steps import at
from tests.documents.cards import ORDER, SERIAL, add_card
from tests.draw.steps import enter, make
from tests.line.desks import Desks
from tests.line.parts import account, token
from tests.waitlist.steps import book, join
from tests.web.doors import may_enter

__all__ = ["planned", "renewal", "rules"]

VISITOR = Person("Zoë Unverwechselbar", date(1961, 2, 13), "zoe@visitor.example", "+4915199887766")
WAITS = Person("Kofi Einzigartig", date(1962, 3, 14), "kofi@waits.example", None)
DRAWN = Person("Amara Sonderbar", date(1963, 4, 15), "amara@drawn.example", None)
WATCHED = "nele@watched.example"
BORN = "1964-05-16"  # who gets the card
# What shows whom, by what the record calls them.
SIGNS = {
    "visit": (
        r"Unverwechselbar",
        r"zoe@visitor",
        r"99887766",
        r"1961-02-13",
        r"13\.0?2\.1961",
        r"13 February 1961",
    ),
    "wish": (r"Einzigartig", r"kofi@waits", r"1962-03-14", r"14\.0?3\.1962", r"14 March 1962"),
    "draw": (r"Sonderbar", r"amara@drawn", r"1963-04-15", r"15\.0?4\.1963", r"15 April 1963"),
    "watch": (r"nele@watched",),
    "card": (SERIAL, ORDER, BORN, r"16\.0?5\.1964", r"16 May 1964"),
}
# Nobody is looked up, although their data stand there, and why.
NOT_ON_RECORD = {
    ("POST", "/agenda/<slug>/cards/new"): "what was typed just now, with what is wrong with it",
    ("POST", "/agenda/<slug>/watches/add"): "what was typed just now, with what is wrong with it",
}


@dataclass(frozen=True)
class Known:
    """What is in the office: by what an address calls it, what a form asks for it, what the record calls it."""

    values: dict[str, Any]
    typed: dict[str, str]
    subjects: dict[str, str]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough: what a page shows is not decided by the database."""
    return sqlite_url


@pytest.fixture
def app(config: Config, database: Database) -> Flask:
    made = create_app(config, database)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A Tuesday morning, on which somebody has an appointment."""
    with time_machine.travel(at(24, "8:00"), tick=False) as traveller:
        yield traveller


@pytest.fixture
def known(
    database: Database,
    config: Config,
    office: Office,
    renewal: Service,
    clock: time_machine.Traveller,
    now: datetime,
) -> Known:
    """Somebody is there, and has been called; others wait for a time, for a lot, for a letter, for a card."""
    morning = at(24, "8:00")
    visit = book(database, config, renewal, at(24, "9:00"), now, VISITOR)
    wish = join(database, config, WAITS, now)
    draw = make(database, now)
    request = enter(database, config, draw, DRAWN, morning)
    card = add_card(database, office, morning, CardState.CHECKING, born=BORN)
    desks = Desks(database, office, morning)
    waiting = desks.wait(1)
    with database.write() as session:
        ticket = session.get_one(Ticket, waiting)
        ticket.appointment_id, ticket.due_at = visit.id, visit.start
        watch = watching.begin(
            session,
            session.get_one(Office, office.id),
            DocumentKind.PASSPORT,
            date(2027, 6, 1),
            Contact(mail=WATCHED),
            "en",
            morning,
            settings=config,
        ).id
        message = session.scalars(select(Message).where(Message.subject == f"appointment:{visit.id}")).first()
        assert message is not None
        message.state, message.final_at, message.error_code = MessageState.DEAD, morning, "21614"
        failed, code = message.id, ticket.code
        session.add(
            Closure(
                office_id=office.id, day=at(24, "9:00").date(), opens=time(9), closes=time(10), reason="Alarm"
            )
        )
        session.flush()
        planning.plan(session, session.get_one(Office, office.id), date(2026, 11, 24), 1, morning)
    assert desks.next(1) == code
    return Known(
        {
            "slug": office.slug,
            "office": office.slug,
            "office_slug": office.slug,
            "counter": desks.ids[0],
            "reference": visit.reference,
            "card_id": card,
            "card": card,
            "message_id": failed,
            "code": code,
            "draw": draw.code,
            "watch": watch,
        },
        {
            "typed": VISITOR.name,
            "contact": WATCHED,
            "scanned": SERIAL,
            "serial": SERIAL,
            "order": ORDER,
            "born": BORN,
        },
        {
            "visit": f"appointment:{visit.id}",
            "wish": f"waitlist:{wish.id}",
            "draw": f"draw_request:{request.id}",
            "watch": f"watch:{watch}",
            "card": f"card:{card}",
        },
    )


def test_whoever_is_shown_somebody_is_on_record(
    app: Flask, database: Database, known: Known, office: Office
) -> None:
    wrong: list[str] = []
    shown: set[tuple[str, str, str]] = set()
    for door in sorted(doors(app), key=lambda door: door.method != "GET"):  # before anything is changed
        if not any(isinstance(each, Permission) for each in door.needs) or door.rule.endpoint.startswith(
            "live."
        ):
            continue
        role = next(role for role in (Role.TEAM_LEAD, *Role) if may_enter(role, door.needs))
        who, text = _opened(app, database, door, role, known, office)
        told = _on_record(database, who)
        for whom, signs in SIGNS.items():
            if any(re.search(sign, text) for sign in signs):
                shown.add((door.method, door.rule.rule, whom))
                if known.subjects[whom] not in told and (door.method, door.rule.rule) not in NOT_ON_RECORD:
                    wrong.append(
                        f"{door.method} {door.rule.rule} shows the {whom}; on record: {sorted(told)}"
                    )
    assert not wrong, "\n".join(wrong)
    assert {whom for _, _, whom in shown} == {"visit", "watch", "card"}, "no page shows staff the others"
    assert len(shown) > 14, shown


def _opened(
    app: Flask, database: Database, door: Door, role: Role, known: Known, office: Office
) -> tuple[str, str]:
    """Open it as somebody who has not seen anything yet; gives how the record calls them, and what they see."""
    with database.write() as session:
        made = account(
            session,
            f"new-{door.rule.endpoint}-{door.method}"[:60].lower(),
            role,
            session.get_one(Office, office.id),
        )
        secret, who = token(session, made, at(24, "8:00")), f"account:{made.id}"
        if "counter" in door.rule.arguments:  # the name is for who sits there
            here = CounterSession.counter_id == known.values["counter"]
            session.execute(update(CounterSession).where(here).values(closed_at=at(24, "8:00")))
            staffing.open_counter(session, known.values["counter"], made, at(24, "8:00"))
    client = app.test_client()
    client.set_cookie("language", "en")
    is_api = door.rule.rule.startswith("/api/")
    if not is_api:
        with client.session_transaction() as browser:
            browser[COOKIE_KEY] = secret
    with app.test_request_context():
        path = url_for(
            door.rule.endpoint, **{name: _value(door, name, known) for name in door.rule.arguments}
        )
    more: dict[str, Any] = {"headers": {"Authorization": f"Bearer {secret}"}} if is_api else {}
    if door.method != "GET":
        more["json" if is_api else "data"] = known.typed
    answer = client.open(path, method=door.method, **more)
    assert answer.status_code < 500, path
    return who, answer.text if answer.mimetype.startswith(("text/", "application/")) else ""


def _value(door: Door, name: str, known: Known) -> Any:
    if "/watches/" in door.rule.rule and name == "number":
        return known.values["watch"]
    if name in known.values:
        return known.values[name]
    converter = door.rule._converters[name]
    if converter.__class__.__name__ == "AnyConverter":
        return next(iter(converter.items))
    return 1 if converter.__class__.__name__ == "IntegerConverter" else "a" * 24


def _on_record(database: Database, who: str) -> set[str]:
    """What the record says that somebody has seen or done, each appointment of a list by itself."""
    with database.read() as session:
        found = session.scalars(select(Event).where(Event.actor == who)).all()
        return {each.subject for each in found} | {
            f"appointment:{number}" for each in found for number in each.data.get("appointments", ())
        }
