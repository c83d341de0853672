"""Booking for others on the phone and at the desk."""

from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from frontoffice.booking.models import Channel, Hold, Share, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Confirmation, Office
from frontoffice.staff.models import Role
from tests.agenda.conftest import SignIn
from tests.agenda.parts import (
    HERE,
    all_appointments,
    appointment,
    booked,
    events_of,
    hidden,
    links,
    messages,
    pressable,
    schedule_id,
    somebody,
)
from tests.booking.steps import at, differences, hold_it
from tests.line.browsing import Browser
from tests.sample import COUNSELLING, PICK_UP, RENEWAL

TUESDAY = "from=2026-11-24"
AMIN_TYPES = {"name": "Amin", "born-day": "1", "born-month": "12", "born-year": "1988", "language": "de"}


def times(browser: Browser, service: str = RENEWAL, more: str = "", **people: int) -> list[str]:
    """Look for free times from Tuesday on; gives what the buttons send."""
    browser.get(f"{HERE}/book?service={service}&people={people.get('people', 1)}&{TUESDAY}{more}")
    return pressable(browser, "start")


def press(browser: Browser, start: str) -> None:
    """Press a time."""
    kept = {name: hidden(browser, name)[0] for name in ("key", "with", "channel", "seats", "from")}
    team = hidden(browser, "team")
    browser.post(f"{HERE}/book", start=start, **kept, **({"team": team[0]} if team else {}))


def fill_in(browser: Browser, **changed: str) -> None:
    """Fill in the details and send them."""
    browser.post(browser.path, **{**AMIN_TYPES, **changed})


def test_a_clerk_books_on_the_phone_in_one_go(database: Database, clerk: Browser) -> None:
    press(clerk, times(clerk)[0])
    assert "Who comes?" in clerk.text
    fill_in(clerk, mail="amin@example.org")
    assert "Booked. The code is" in clerk.text
    [made] = all_appointments(database)
    assert clerk.path == f"{HERE}/appointments/{made.reference}/"
    assert (made.state, made.channel, made.share) == (State.CONFIRMED, Channel.PHONE, Share.PHONE)
    assert (made.start, made.language) == (at(24, "8:00"), "de")
    [event] = events_of(database, "appointment.booked")
    assert event.actor == made.booked_by
    assert made.booked_by.startswith("account:")
    assert [each.kind for each in messages(database, "booked")] == ["booked"]
    assert differences(database) == []


def test_nothing_has_to_be_confirmed_by_link_even_where_visitors_must(
    database: Database, clerk: Browser, office: Office
) -> None:
    with database.write() as session:
        session.get_one(Office, office.id).confirmation = Confirmation.MAIL
    press(clerk, times(clerk)[0])
    fill_in(clerk)
    assert all_appointments(database)[0].state is State.CONFIRMED


def test_a_person_without_mail_and_phone_gets_a_confirmation_on_paper(
    database: Database, clerk: Browser
) -> None:
    press(clerk, times(clerk, more="&channel=on_site")[0])
    fill_in(clerk)
    assert "please print the confirmation" in clerk.text
    [made] = all_appointments(database)
    assert made.channel is Channel.ON_SITE
    assert messages(database, "booked") == []
    clerk.get(links(clerk, "Print the confirmation")[0])
    assert '<html lang="de"' in clerk.page.text, "in the person's language"
    assert "mit Karte" not in clerk.text
    for words in (
        f"{made.reference[:4]}-{made.reference[4:]}",
        "Aufenthaltserlaubnis verlängern",
        "Reisepass",
        "Amin",
    ):
        assert words in clerk.text
    assert clerk.page.text.count("<svg") >= 2
    assert f"/appointments/{made.reference}/" in clerk.text


def test_the_form_sent_twice_books_once(database: Database, clerk: Browser) -> None:
    press(clerk, times(clerk)[0])
    address = clerk.path
    fill_in(clerk)
    clerk.post(address, **AMIN_TYPES)
    assert len(all_appointments(database)) == 1
    assert clerk.path.startswith(f"{HERE}/appointments/")
    clerk.get(address)
    assert clerk.path.startswith(f"{HERE}/appointments/"), "back in the browser leads on"


def test_what_is_wrong_in_the_details_stands_beside_them_and_the_time_stays_kept(
    database: Database, clerk: Browser
) -> None:
    press(clerk, times(clerk)[0])
    fill_in(clerk, name="", mail="nonsense")
    assert clerk.page.status_code == 422
    assert "Please check what you entered" in clerk.text
    assert "The time is kept until 08:10." in clerk.text
    fill_in(clerk)
    assert len(all_appointments(database)) == 1


def test_choosing_another_time_gives_the_first_back(database: Database, clerk: Browser) -> None:
    first, second = times(clerk)[:2]
    press(clerk, first)
    times(clerk)
    press(clerk, second)
    clerk.post(f"{clerk.path}give-back")
    assert clerk.path == f"{HERE}/book"
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Hold.released_at.is_(None))) == 0
    assert times(clerk)[0] == first
    assert differences(database) == []


def test_several_services_for_a_family_are_one_visit(
    database: Database, clerk: Browser, office: Office
) -> None:
    with database.write() as session:
        for service in session.get_one(Office, office.id).services:
            service.most_people = 4
    clerk.get(
        f"{HERE}/book?service={RENEWAL}&people=3&service={PICK_UP}&people=1&service=&people=1&{TUESDAY}"
    )
    assert "Free times, 100 minutes" in clerk.text
    press(clerk, pressable(clerk, "start")[0])
    assert "Renew residence permit × 3, Pick up card" in clerk.text
    fill_in(clerk)
    [made] = all_appointments(database)
    assert [people for _, people in made.items] == [3, 1]
    assert made.ticks == 20


def test_too_many_people_are_refused_with_what_to_do(clerk: Browser) -> None:
    assert times(clerk, people=3) == []
    assert "a party of at most 1." in clerk.text


def test_what_visitors_cannot_book_online_staff_can(database: Database, clerk: Browser) -> None:
    press(clerk, times(clerk, COUNSELLING)[0])
    fill_in(clerk)
    assert len(all_appointments(database)) == 1


def test_the_front_desk_takes_no_emergency_seats_even_when_it_asks_for_them(
    database: Database, clerk: Browser
) -> None:
    assert "Emergency seats" not in clerk.get(f"{HERE}/book").text
    found = times(clerk, more="&seats=emergency")
    assert hidden(clerk, "seats") == ["usual"]
    kept = {name: hidden(clerk, name)[0] for name in ("key", "with", "channel")}
    clerk.post(f"{HERE}/book", start=found[0], seats="emergency", **kept)
    fill_in(clerk)
    assert all_appointments(database)[0].share is not Share.EMERGENCY


@pytest.mark.parametrize(("seats", "share"), [("emergency", Share.EMERGENCY), ("online", Share.ONLINE)])
def test_a_caseworker_takes_from_internal_and_emergency_seats(
    database: Database, sign_in: SignIn, seats: str, share: Share
) -> None:
    browser = sign_in(Role.CASEWORKER)
    press(browser, times(browser, more=f"&seats={seats}")[0])
    fill_in(browser)
    assert all_appointments(database)[0].share is share
    assert differences(database) == []


def test_a_caseworker_books_sooner_than_the_lead(sign_in: SignIn, clock: time_machine.Traveller) -> None:
    clock.move_to(at(23, "10:10"), tick=False)
    today = f"{HERE}/book?service={RENEWAL}&people=1&from=2026-11-23"
    clerk, caseworker = sign_in(Role.FRONT_DESK), sign_in(Role.CASEWORKER)
    clerk.get(today)
    assert pressable(clerk, "start")[0] == at(23, "11:30").isoformat(), "after the lead of an hour"
    caseworker.get(f"{today}&seats=internal")
    assert pressable(caseworker, "start")[0] == at(23, "10:30").isoformat()


def test_a_caseworker_books_beyond_the_horizon(
    database: Database, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    clock.move_to(at(23, "10:10") - timedelta(days=59), tick=False)
    far = f"{HERE}/book?service={RENEWAL}&people=1&from=2026-12-01"
    clerk, caseworker = sign_in(Role.FRONT_DESK), sign_in(Role.CASEWORKER)
    clerk.get(far)
    assert "No free times from Tuesday, 1 December 2026 on" in clerk.text
    caseworker.get(f"{far}&seats=internal")
    start = pressable(caseworker, "start")[0]
    assert start == at(1, "8:00", month=12).isoformat()
    press(caseworker, start)
    fill_in(caseworker)
    assert all_appointments(database)[0].start == at(1, "8:00", month=12)


def test_a_separate_desk_is_chosen_by_its_name(database: Database, sign_in: SignIn, office: Office) -> None:
    browser = sign_in(Role.CASEWORKER)
    campus = schedule_id(office, "campus")
    press(browser, times(browser, more=f"&seats=online&team={campus}")[0])
    fill_in(browser)
    made = all_appointments(database)[0]
    assert appointment(database, made.reference).sheet.schedule_id == campus


def test_a_time_that_somebody_else_has_just_taken_is_said_and_others_are_shown(
    database: Database, config: Config, clerk: Browser, office: Office, now: datetime
) -> None:
    found = times(clerk)
    hold_it(database, config, office.services[0], at(24, "8:00"), now, channel=Channel.PHONE)
    for number in range(3):
        booked(database, config, at(24, "8:00"), now, somebody(number))
    press(clerk, found[0])
    assert clerk.page.status_code == 409
    assert "Somebody else has just taken this time." in clerk.text
    assert pressable(clerk, "start")[0] == at(24, "8:30").isoformat()
