"""Invitations: another system asks, the person takes one time through a link, once."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from frontoffice.booking import appointing, blocking
from frontoffice.booking.models import Appointment, BlockedKind, Hold, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages import envelope, texts
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.short_links import shorten
from frontoffice.partners.models import Invitation
from tests.booking.visitor import Page, Visitor
from tests.partners.parts import KEY, OLENA, Program, add_partner, differences, problem_of, somebody
from tests.sample import COUNSELLING, PICK_UP, RENEWAL

WINDOW = {"earliest": "2026-11-24T08:00:00Z", "latest": "2026-11-25T09:00:00Z"}
TYPED = {
    "name": "Olena Kowalenko",
    "born-day": "27",
    "born-month": "3",
    "born-year": "1991",
    "mail": "olena@example.org",
}


def invite(program: Program, key: str | None = None, **changed: Any) -> Any:
    """Ask for an appointment of twenty minutes."""
    body = {
        "office": "musterstadt",
        "service": RENEWAL,
        "minutes": 20,
        "reference": "AZ 33/2026",
        **WINDOW,
        **changed,
    }
    return program.ask("POST", "/invitations", key, json=body)


def path_of(link: str) -> str:
    """The address without the name of the server."""
    return link.removeprefix("http://localhost")


@pytest.fixture
def guest(app: Flask) -> Visitor:
    """Somebody with a link."""
    client = app.test_client()
    client.set_cookie("language", "en")  # chosen by its name: it goes before the invitation's
    return Visitor(client)


def open_link(works: Program, guest: Visitor, **changed: Any) -> tuple[str, Page]:
    """The id of a new invitation, and its page."""
    answer = invite(works, **changed)
    assert answer.status_code == 201, answer.text
    return answer.json["id"], guest.open(path_of(answer.json["link"]))


def starts_on(page: Page) -> list[str]:
    """The times on offer, in UTC."""
    return [unescape(each) for each in re.findall(r'name="start" value="([^"]+)"', page.html)]


def state_of(works: Program, number: str) -> dict[str, Any]:
    answer: dict[str, Any] = works.get(f"/invitations/{number}").json
    return answer


def stored(database: Database) -> list[Appointment]:
    with database.read() as session:
        return list(session.scalars(select(Appointment)))


def test_an_invitation_is_asked_for_and_its_state_is_told(works: Program, database: Database) -> None:
    answer = invite(works, KEY)
    assert answer.status_code == 201, answer.text
    assert answer.json["link"].startswith("http://localhost/invitations/")
    expected = {
        "state": "open",
        "office": "musterstadt",
        "service": RENEWAL,
        "schedule": None,
        "minutes": 20,
        "reference": "AZ 33/2026",
        "appointment": None,
        **WINDOW,
    }
    assert {name: answer.json[name] for name in expected} == expected
    assert invite(works, KEY).json == answer.json
    problem_of(invite(works, KEY, minutes=25), 409, "key_reused")
    assert works.get("/invitations", reference="AZ 33/2026").json == {"invitations": [answer.json]}
    with database.read() as session:
        kept = session.scalars(select(Invitation)).one()
    assert b"AZ 33" not in (kept.reference or b"")
    assert "AZ 33" not in (kept.reference_digest or "")


def test_the_person_takes_a_time_and_the_asking_system_sees_it(
    works: Program, guest: Visitor, database: Database
) -> None:
    number, page = open_link(works, guest)
    assert "20 minutes" in page.text
    # exactly the asked minutes, and inside the window
    starts = starts_on(page)
    assert starts[:3] == [f"2026-11-24T{clock}:00+00:00" for clock in ("08:00", "08:20", "08:40")]
    assert starts[-1] == "2026-11-25T08:40:00+00:00"  # at ten by the wall clock it has to be over
    details = guest.press(page, "09:20")
    assert "09:20" in details.text
    booked = guest.send(details.address, {**details.hidden, **TYPED})
    assert booked.status == 200
    assert "/appointments/" in booked.address
    (appointment,) = stored(database)
    told = state_of(works, number)
    assert (told["state"], told["appointment"]["reference"]) == ("taken", appointment.reference)
    assert told["appointment"]["end"][11:16] > told["appointment"]["start"][11:16]
    assert (appointment.ticks, appointment.state, appointment.booked_by) == (
        4,
        State.CONFIRMED,
        "invitation:1",
    )
    with database.read() as session:
        assert session.scalars(select(Message.kind).where(Message.kind == "booked")).all() == ["booked"]
        assert session.scalars(select(Invitation.person)).one() is None
    assert differences(database) == []


def test_a_form_that_is_sent_again_takes_it_once(works: Program, guest: Visitor, database: Database) -> None:
    _, page = open_link(works, guest)
    details = guest.press(page, "09:20")
    first, again = (guest.send(details.address, {**details.hidden, **TYPED}) for _ in range(2))
    assert first.address == again.address
    assert len(stored(database)) == 1
    over = guest.open(page.address)
    assert "already made" in over.text
    assert over.links("See the appointment") == [first.address]
    assert guest.press(page, "09:40").address == page.address
    assert len(stored(database)) == 1


def test_a_blocked_person_is_refused_politely_and_limits_do_not_count(
    works: Program, guest: Visitor, database: Database, now: datetime
) -> None:
    for _ in range(2):  # for the same concern: the office has agreed that the invited come
        _, page = open_link(works, guest)
        details = guest.press(page, "09:20")
        assert "/appointments/" in guest.send(details.address, {**details.hidden, **TYPED}).address
    assert len(stored(database)) == 2
    with database.write() as session:
        blocking.block(session, BlockedKind.MAIL, "o.lena@example.org", "trade", None, now, actor="account:1")
    number, page = open_link(works, guest)
    details = guest.press(page, "09:40")
    refused = guest.send(details.address, {**details.hidden, **TYPED})
    assert refused.status == 409
    assert "there we will find an appointment with you" in refused.text
    assert state_of(works, number)["state"] == "open"
    assert len(stored(database)) == 2


def test_whose_details_are_known_only_confirms(works: Program, guest: Visitor, database: Database) -> None:
    _, page = open_link(works, guest, person=OLENA, language="en")
    details = guest.press(page, "09:20")
    assert 'name="name"' not in details.html
    assert 'name="born-day"' not in details.html
    assert "Olena Kowalenko" in details.text
    guest.send(details.address, details.hidden)
    (appointment,) = stored(database)
    with database.read() as session:
        assert appointing.person_of(session, appointment).name == "Olena Kowalenko"
    assert appointment.language == "en"


def test_wrong_details_stand_beside_their_fields(works: Program, guest: Visitor, database: Database) -> None:
    _, page = open_link(works, guest)
    details = guest.press(page, "09:20")
    wrong = guest.send(details.address, {**details.hidden, **TYPED, "mail": "", "born-year": "2999"})
    assert (wrong.status, set(wrong.errors)) == (422, {"born", "mail"})
    assert stored(database) == []


def test_a_second_choice_gives_back_the_first(works: Program, guest: Visitor, database: Database) -> None:
    _, page = open_link(works, guest)
    guest.press(page, "09:20")
    details = guest.press(page, "09:40")
    assert "09:40" in details.text
    with database.read() as session:
        live = select(func.count()).select_from(Hold).where(Hold.released_at.is_(None))
        assert session.scalar(live) == 1
    assert "09:20" in guest.press(page, "09:20").text
    assert differences(database) == []


def test_a_time_that_somebody_else_has_taken_leads_to_others(
    works: Program, guest: Visitor, database: Database
) -> None:
    _, page = open_link(works, guest)
    for number in range(2):
        works.book("2026-11-24T08:00:00Z", person=somebody(number))
    taken = guest.send(page.address, {**page.hidden, "start": "2026-11-24T08:00:00+00:00"})
    assert taken.status == 409
    assert "just taken" in taken.text
    assert starts_on(taken)[0] == "2026-11-24T08:40:00+00:00"


def test_a_time_outside_of_the_window_is_not_given(
    works: Program, guest: Visitor, database: Database
) -> None:
    _, page = open_link(works, guest)
    for start in ("2026-11-25T09:00:00+00:00", "2026-11-24T07:00:00+00:00", "tomorrow", ""):
        refused = guest.send(page.address, {**page.hidden, "start": start})
        assert refused.status == 422, start
    assert stored(database) == []


def test_a_kept_time_that_lapsed_has_to_be_chosen_again(
    works: Program, guest: Visitor, database: Database, clock: time_machine.Traveller
) -> None:
    _, page = open_link(works, guest)
    details = guest.press(page, "09:20")
    clock.shift(timedelta(minutes=11))
    again = guest.send(details.address, {**details.hidden, **TYPED})
    assert again.status == 409
    assert "09:20" in again.slots
    assert stored(database) == []


def test_a_declined_invitation_can_no_longer_be_taken(
    works: Program, guest: Visitor, database: Database
) -> None:
    number, page = open_link(works, guest)
    guest.press(page, "09:20")
    ask = guest.open(page.links("do not want")[0])
    assert state_of(works, number)["state"] == "open"
    declined = guest.send(ask.address, ask.hidden)
    assert (declined.status, state_of(works, number)["state"]) == (410, "declined")
    assert "declined" in declined.text
    assert guest.press(page, "09:20").status == 410
    assert stored(database) == []
    assert differences(database) == []


def test_a_lapsed_invitation_says_so(works: Program, guest: Visitor, clock: time_machine.Traveller) -> None:
    number, page = open_link(works, guest)
    clock.move_to(datetime(2026, 11, 25, 8, 40, tzinfo=UTC), tick=False)
    assert state_of(works, number)["state"] == "lapsed"
    lapsed = guest.open(page.address)
    assert (lapsed.status, "no longer valid" in lapsed.text) == (410, True)
    assert guest.send(page.address, {**page.hidden, "start": "2026-11-25T08:40:00+00:00"}).status == 410


def test_the_asking_system_takes_an_open_invitation_back(
    works: Program, guest: Visitor, database: Database
) -> None:
    number, page = open_link(works, guest, person={"mail": "olena@example.org"})
    guest.press(page, "09:20")
    for _ in range(2):
        assert works.ask("DELETE", f"/invitations/{number}").json["state"] == "withdrawn"
    over = guest.open(page.address)
    assert (over.status, "taken back" in over.text) == (410, True)
    with database.read() as session:
        assert session.scalars(select(Message.state)).one() is MessageState.CANCELLED
    assert differences(database) == []


def test_with_a_taken_invitation_its_appointment_is_cancelled_and_the_person_is_told(
    works: Program, guest: Visitor, database: Database
) -> None:
    number, page = open_link(works, guest)
    details = guest.press(page, "09:20")
    guest.send(details.address, {**details.hidden, **TYPED})
    told = works.ask("DELETE", f"/invitations/{number}").json
    assert (told["state"], told["appointment"]["state"]) == ("withdrawn", "cancelled")
    with database.read() as session:
        assert "cancelled" in session.scalars(select(Message.kind)).all()
    assert differences(database) == []


def test_a_person_who_cancels_is_seen_by_the_asking_system(
    works: Program, guest: Visitor, database: Database, config: Config
) -> None:
    number, page = open_link(works, guest)
    details = guest.press(page, "09:20")
    guest.send(details.address, {**details.hidden, **TYPED})
    with database.write() as session:
        appointment = session.scalars(select(Appointment)).one()
        appointing.cancel(session, appointment, datetime.now(UTC), settings=config)
    told = state_of(works, number)
    assert (told["state"], told["appointment"]["state"]) == ("taken", "cancelled")


@pytest.mark.parametrize(("language", "word"), [("de", "Guten Tag"), ("en", "Hello")])
def test_the_link_is_sent_where_it_is_known_how(
    works: Program, database: Database, language: str, word: str
) -> None:
    answer = invite(works, person={"mail": "olena@example.org", "phone": "0151 23456789"}, language=language)
    with database.read() as session:
        messages = session.scalars(select(Message).order_by(Message.medium)).all()
        said = {each.medium: envelope.unseal(database.vault, each.envelope) for each in messages}
    assert set(said) == {Medium.MAIL, Medium.SMS}
    assert {each.language for each in messages} == {language}
    for medium, kept in said.items():
        assert kept is not None
        text = texts.render("invitation", medium, language, kept.parameters)
        link = answer.json["link"]
        assert (shorten(link) if medium is Medium.SMS else link) in text.text
        assert medium is Medium.SMS or (word in text.text and answer.json["link"] in unescape(text.html))


def test_invitations_of_others_are_invisible(app: Flask, works: Program, database: Database) -> None:
    number = invite(works).json["id"]
    other = Program(app, add_partner(database, "Anderes Verfahren"))
    problem_of(other.get(f"/invitations/{number}"), 404, "not_found")
    problem_of(other.ask("DELETE", f"/invitations/{number}"), 404, "not_found")
    assert other.get("/invitations", reference="AZ 33/2026").json == {"invitations": []}


def test_a_wrong_secret_opens_nothing(works: Program, guest: Visitor) -> None:
    _, page = open_link(works, guest)
    wrong = re.sub(r"[a-z2-7]{24}/$", "a" * 24 + "/", page.address)
    assert guest.open(wrong).status == 404
    assert guest.send(wrong, page.hidden).status == 404


@pytest.mark.parametrize(
    "window",
    [
        {"earliest": "2026-11-24T08:00:00Z", "latest": "2026-11-24T08:15:00Z"},
        {"earliest": "2026-11-20T08:00:00Z", "latest": "2026-11-23T07:10:00Z"},
        {"earliest": "2026-11-24T08:00:00Z", "latest": "2028-11-24T08:00:00Z"},
        {"earliest": "0001-01-01T00:00:00+14:00", "latest": "9999-12-31T23:59:59-14:00"},
        {"earliest": "9999-12-31T23:59:59-14:00", "latest": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_a_window_without_room_is_refused(works: Program, window: dict[str, str]) -> None:
    problem_of(invite(works, **window), 422, "invalid")


def test_a_window_that_began_long_ago_is_fine(works: Program, guest: Visitor) -> None:
    _, page = open_link(works, guest, earliest="0001-01-01T00:00:00+14:00")
    assert page.slots


def test_a_schedule_alone_is_enough_and_only_what_was_agreed_is_offered(
    app: Flask, works: Program, database: Database
) -> None:
    answer = invite(works, service=None, schedule="main", minutes=None)
    assert (answer.json["service"], answer.json["minutes"]) == (RENEWAL, 30)
    problem_of(invite(works, service=None), 422, "invalid")
    problem_of(invite(works, schedule="nowhere"), 404, "not_found")
    problem_of(invite(works, office="nowhere"), 404, "not_found")
    narrow = Program(app, add_partner(database, "Nur Abholung", services=[PICK_UP]))
    problem_of(invite(narrow), 422, "not_granted")


def test_a_service_that_is_not_online_can_be_taken_with_an_invitation(
    works: Program, guest: Visitor, database: Database
) -> None:
    _, page = open_link(works, guest, service=COUNSELLING, minutes=None)
    details = guest.press(page, "09:00")
    guest.send(details.address, {**details.hidden, **TYPED})
    assert [each.ticks for each in stored(database)] == [12]


def test_many_days_are_shown_a_few_at_a_time(works: Program, guest: Visitor) -> None:
    _, page = open_link(works, guest, latest="2026-12-18T20:00:00Z")
    assert page.html.count("slots__heading") == 5
    (later,) = page.links("Later days")
    following = guest.open(later)
    assert following.html.count("slots__heading") == 5
    assert "2026-12-01" in following.html
    assert following.links("Earlier days")
    assert guest.open(f"{page.address}?from=tomorrow").status == 200
