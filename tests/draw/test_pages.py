"""The pages of draws, as somebody without JavaScript and as staff use them."""

import json
import re
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.booking.models import State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import lottery
from frontoffice.draw.models import Draw, DrawRequest, DrawState, RequestState, Weights
from frontoffice.offices.models import Office, Service
from frontoffice.staff import accounts
from frontoffice.staff.models import Role
from frontoffice.web import access
from tests.booking.visitor import Page, Visitor
from tests.draw.steps import (
    CLOSES,
    FIRST,
    OPENS,
    WITHIN,
    appointments,
    draw_lots,
    enter,
    make,
    people,
    settle,
)
from tests.line.parts import token
from tests.sample import RENEWAL
from tests.waitlist.steps import text_of

PASSWORD = "a password that is long enough"
TYPED = {
    "service": RENEWAL,
    "people": "1",
    "name": "Olena Kowalenko",
    "born-day": "27",
    "born-month": "3",
    "born-year": "1991",
    "mail": "olena@example.org",
    "phone": "",
    "first_day": "2026-12-07",
    "until": "2026-12-08",
    "weekdays": ["0", "1"],
    "part": "",
    "notice": "3",
}


@pytest.fixture
def draw(database: Database, planned: Office, now: datetime) -> Draw:
    """A draw for two days, made on Monday; requests are taken on Tuesday and Wednesday."""
    return make(database, now)


def press(visitor: Visitor, page: Page, words: str) -> Page:
    forms = re.findall(r'<form method="post"(?: action="([^"]+)")?[^>]*>(.*?)</form>', page.html, re.DOTALL)
    address, inside = next(each for each in forms if words in each[1])
    token = re.findall(r'name="csrf_token" value="([^"]+)"', inside)[0]
    return visitor.send(address or page.address, {"csrf_token": token})


def take_part(visitor: Visitor, draw: Draw, **changed: object) -> Page:
    page = visitor.open(f"/draws/{draw.code}/")
    return visitor.send(page.address, {**page.hidden, **TYPED, **changed})  # type: ignore[dict-item]


def link_from(database: Database, kind: str) -> str:
    with database.read() as session:
        request = session.scalars(select(DrawRequest).order_by(DrawRequest.id)).first()
        assert request is not None
    [link, *_] = re.findall(
        r"http://localhost(/draws/\S+/\S+/\S+/)", text_of(database, f"draw_request:{request.id}", kind).text
    )
    return str(link)


def test_before_during_and_after_the_window(
    visitor: Visitor, clock: time_machine.Traveller, draw: Draw, database: Database, config: Config
) -> None:
    page = visitor.open("/draws/at/musterstadt/")
    assert "Requests from Tuesday, 24 November 2026, 08:00" in page.text
    address = f"/draws/{draw.code}/"
    assert page.links("December") == [address]
    page = visitor.open(address)
    assert "You need not be here in the first minute" in page.text
    assert draw.commitment in page.text
    assert "Take part in the draw" not in page.text
    clock.move_to(OPENS)
    assert "Take part in the draw" in visitor.open(address).text
    clock.move_to(CLOSES)
    assert "The lots are being drawn" in visitor.open(address).text
    assert visitor.open(f"{address}record.json").status == 404
    draw_lots(database)
    settle(database, config)
    page = visitor.open(address)
    with database.read() as session:
        seed = session.get_one(Draw, draw.id).revealed
    assert seed is not None
    assert seed in page.text
    record = json.loads(visitor.open(f"{address}record.json").html)
    assert lottery.check(record) == []
    assert record["commitment"] == draw.commitment


def test_taking_part_and_winning_and_confirming(
    visitor: Visitor, clock: time_machine.Traveller, draw: Draw, database: Database, config: Config
) -> None:
    clock.move_to(WITHIN)
    page = take_part(visitor, draw)
    assert page.title.startswith("Your request is in the draw")
    link = link_from(database, "draw_entered")
    assert link.split("/")[4] not in page.html  # the secret is only in the message
    page = visitor.open(link)
    assert page.title.startswith("You take part in the draw")
    clock.move_to(CLOSES)
    draw_lots(database)
    settle(database, config)
    page = visitor.open(link_from(database, "draw_result"))
    assert page.title.startswith("You have won an appointment")
    assert "Monday, 7 December 2026" in page.text
    assert "It was drawn as number 1 of 1." in page.text
    assert [each.state for each in appointments(database)] == [State.UNCONFIRMED]
    page = press(visitor, page, "Yes, I will come")
    assert page.title.startswith("Your appointment is booked")
    assert [each.state for each in appointments(database)] == [State.CONFIRMED]
    assert visitor.open(link).title.startswith("Your appointment is confirmed")


def test_who_does_not_win_is_led_to_the_waiting_list(
    visitor: Visitor,
    clock: time_machine.Traveller,
    database: Database,
    config: Config,
    planned: Office,
    now: datetime,
) -> None:
    draw = make(database, now, until_day=FIRST + timedelta(days=1))
    for person in people(17):
        enter(database, config, draw, person)
    clock.move_to(CLOSES)
    draw_lots(database)
    settle(database, config)
    with database.read() as session:
        loser = session.scalars(select(DrawRequest).where(DrawRequest.state == RequestState.LISTED)).one()
    [link] = re.findall(
        r"http://localhost(/waitlist/\S+)", text_of(database, f"draw_request:{loser.id}", "draw_result").text
    )
    page = visitor.open(link)
    assert page.title.startswith("You are on the waiting list")


def test_a_request_can_be_taken_back(
    visitor: Visitor, clock: time_machine.Traveller, draw: Draw, database: Database
) -> None:
    clock.move_to(WITHIN)
    take_part(visitor, draw)
    page = press(visitor, visitor.open(link_from(database, "draw_entered")), "Take my request back")
    assert page.title.startswith("You have taken your request back")
    assert take_part(visitor, draw).title.startswith("Your request is in the draw")


def test_what_is_wrong_stands_beside_its_field(
    visitor: Visitor, clock: time_machine.Traveller, draw: Draw, database: Database
) -> None:
    clock.move_to(WITHIN)
    page = take_part(visitor, draw, name="", until="never", mail="x")
    assert page.status == 422
    assert set(page.errors) == {"name", "until", "mail"}
    take_part(visitor, draw)
    page = take_part(visitor, draw, mail="other@example.org")
    assert page.status == 409
    assert "already takes part in this draw" in page.text
    with database.read() as session:
        assert len(session.scalars(select(DrawRequest)).all()) == 1


def test_the_title_is_asked_for_only_where_it_counts(
    visitor: Visitor, clock: time_machine.Traveller, database: Database, planned: Office, now: datetime
) -> None:
    even = make(database, now)
    by_expiry = make(
        database,
        now,
        weights=Weights.EXPIRY,
        first_day=FIRST + timedelta(days=7),
        until_day=FIRST + timedelta(days=8),
    )
    clock.move_to(WITHIN)
    assert "Until when is your residence title valid?" not in visitor.open(f"/draws/{even.code}/").text
    page = visitor.open(f"/draws/{by_expiry.code}/")
    assert "Until when is your residence title valid?" in page.text
    assert "up to four times" in page.text
    days = {"first_day": "2026-12-14", "until": "2026-12-14", "weekdays": ["0"]}
    take_part(visitor, by_expiry, expires_on="25.12.2026", **days)
    with database.read() as session:
        assert session.scalars(select(DrawRequest.weight)).one() == 210


def test_a_wrong_secret_opens_nothing(visitor: Visitor, draw: Draw) -> None:
    assert visitor.open(f"/draws/{draw.code}/{draw.code}/{'a' * 24}/").status == 404
    assert visitor.open("/draws/K7M2PXQ4/").status == 404


@pytest.fixture
def lead(
    app: Flask, database: Database, planned: Office, clock: time_machine.Traveller, now: datetime
) -> Visitor:
    """A team lead, signed in."""
    return signed_in(app, database, Role.TEAM_LEAD, now)


def signed_in(app: Flask, database: Database, role: Role, now: datetime) -> Visitor:
    with database.write() as session:
        secret = token(session, accounts.add(session, role.value, "Miriam", PASSWORD, role, None, now), now)
    client = app.test_client()
    with client.session_transaction() as browser:
        browser[access.COOKIE_KEY] = secret
    return Visitor(client)


def new_draw(database: Database) -> dict[str, object]:
    with database.read() as session:
        office = session.scalars(select(Office)).one()
        renewal = session.scalars(select(Service).where(Service.slug == RENEWAL)).one()
        return {
            "title": "Termine im Dezember",
            "title_en": "December",
            "schedules": [str(each.id) for each in office.schedules],
            "services": [str(renewal.id)],
            "first_day": "2026-12-07",
            "until_day": "2026-12-08",
            "opens": "2026-11-24T08:00",
            "closes": "2026-11-25T18:00",
            "weights": "expiry",
            "confirm_hours": "72",
        }


def test_a_lead_makes_a_draw_and_calls_it_off(lead: Visitor, database: Database) -> None:
    page = lead.open("/staff/draws/musterstadt/")
    assert "There is no draw yet." in page.text
    page = lead.send(page.address, {**page.hidden, **new_draw(database)})  # type: ignore[dict-item]
    assert "The draw is made." in page.text
    with database.read() as session:
        [made] = session.scalars(select(Draw))
        assert (made.opens_at, made.closes_at, made.weights) == (OPENS, CLOSES, Weights.EXPIRY)
        assert (made.first_day, made.until_day - made.first_day) == (FIRST, timedelta(days=2))
        assert (made.confirm_hours, made.title) == (72, {"de": "Termine im Dezember", "en": "December"})
        assert made.created_by.startswith("account:")
    page = press(lead, page, "Call off")
    assert "The draw is called off." in page.text
    with database.read() as session:
        assert session.scalars(select(Draw.state)).all() == [DrawState.CANCELLED]


def test_what_a_lead_enters_wrongly_is_said(lead: Visitor, database: Database) -> None:
    page = lead.open("/staff/draws/musterstadt/")
    wrong = {**new_draw(database), "closes": "tomorrow", "first_day": ""}
    page = lead.send(page.address, {**page.hidden, **wrong})  # type: ignore[dict-item]
    assert page.status == 422
    assert set(page.errors) == {"closes", "first_day"}
    page = lead.send(page.address, {**page.hidden, **new_draw(database), "title": ""})  # type: ignore[dict-item]
    assert set(page.errors) == {"title"}
    assert 'value="2026-11-24T08:00"' in page.html


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.ADMINISTRATOR, 200), (Role.FRONT_DESK, 403), (Role.CASEWORKER, 403), (Role.AUDITOR, 403)],
)
def test_who_may_make_draws(
    app: Flask,
    database: Database,
    planned: Office,
    clock: time_machine.Traveller,
    now: datetime,
    role: Role,
    status: int,
) -> None:
    visitor = signed_in(app, database, role, now)
    assert visitor.open("/staff/draws/musterstadt/").status == status
    page = visitor.open("/staff/account/")
    sent = visitor.send("/staff/draws/musterstadt/", {**page.hidden, **new_draw(database)})  # type: ignore[dict-item]
    assert sent.status == status
    with database.read() as session:
        assert len(session.scalars(select(Draw)).all()) == (status == 200)


def test_without_a_sign_in_there_is_nothing_to_see(visitor: Visitor) -> None:
    assert visitor.open("/staff/draws/musterstadt/").address == "/staff/sign-in"
