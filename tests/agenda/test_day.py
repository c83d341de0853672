"""The day of an office: what is on it, who may see it, what goes on record, and finding one appointment."""

from datetime import datetime, timedelta

import time_machine
from flask import Flask
from sqlalchemy import text

from frontoffice.booking import appointing, planning
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from tests.agenda.conftest import SignIn
from tests.agenda.parts import HERE, booked, events_of, links, schedule_id
from tests.booking.steps import AMIN, OLENA, at
from tests.line.browsing import Browser
from tests.sample import PICK_UP, RENEWAL, sample_office

DAY = f"{HERE}/?day=2026-11-24"


def test_the_day_shows_all_appointments_by_time_with_what_staff_need(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    late = booked(database, config, at(24, "10:00"), now, AMIN)
    family = booked(database, config, at(24, "8:00"), now, items=((RENEWAL, 1), (PICK_UP, 1)), team="study")
    clerk.get(DAY)
    assert "Tuesday, 24 November 2026" in clerk.text
    listed = clerk.text.split("2 appointments")[1]
    first, second = listed.split(f"{family.reference[:4]}-{family.reference[4:]}")[:2]
    assert (
        "08:00 Olena Kowalenko Renew residence permit, Pick up card 1 English Team Studium By phone" in first
    )
    assert "Confirmed" in first
    assert "10:00 Amin Renew residence permit 1 English Team Aufenthalt" in second
    assert f"{late.reference[:4]}-{late.reference[4:]}" in second


def test_one_team_at_a_time_and_cancelled_ones_only_when_asked_for(
    database: Database, config: Config, clerk: Browser, office: Office, now: datetime
) -> None:
    booked(database, config, at(24, "8:00"), now, team="study")
    gone = booked(database, config, at(24, "9:00"), now, AMIN)
    with database.write() as session:
        appointing.cancel(session, session.merge(gone), now, settings=config)
    clerk.get(DAY)
    assert "1 appointment " in clerk.text
    assert "Amin" not in clerk.text
    clerk.get(links(clerk, "With 1 cancelled one")[0])
    assert "Amin" in clerk.text
    assert "Cancelled" in clerk.text
    clerk.get(f"{DAY}&team={schedule_id(office, 'main')}")
    assert "Olena" not in clerk.text
    assert "No appointments on this day." in clerk.text


def test_free_seats_stand_at_the_top_share_by_share(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    booked(database, config, at(24, "8:00"), now, team="main")
    clerk.get(DAY)
    seats = clerk.text.split("Free seats")[1].split("1 appointment")[0]
    # Two seats for four hours are eight hours, of which half an hour is booked.
    assert "Team Aufenthalt Online 7.5 h of 8 h Phone 4 h of 4 h" in seats
    assert "Team Studium Online 4 h of 4 h Emergencies 4 h of 4 h" in seats


def test_of_today_only_the_seats_from_now_on_are_counted(
    clerk: Browser, clock: time_machine.Traveller, now: datetime
) -> None:
    clock.move_to(now + timedelta(hours=3), tick=False)  # 11:00
    clerk.get(f"{HERE}/")
    assert "Team Aufenthalt Online 2 h of 2 h Phone 1 h of 1 h" in clerk.text


def test_days_before_and_after_lead_to_days_that_are_planned(clerk: Browser) -> None:
    clerk.get(f"{HERE}/?day=2026-11-27")
    assert "Mon 30 Nov" in clerk.text, "not the Saturday"
    clerk.get(f"{HERE}/?day=no-day")
    assert "Monday, 23 November 2026" in clerk.text


def test_seeing_a_list_leaves_one_event_with_everybody_on_it_and_a_reload_none(
    database: Database,
    config: Config,
    clerk: Browser,
    clock: time_machine.Traveller,
    now: datetime,
) -> None:
    first = booked(database, config, at(24, "8:00"), now)
    clerk.get(DAY)
    clerk.get(DAY)
    [seen] = events_of(database, "appointment.seen")
    assert (seen.subject, seen.data) == ("day:2026-11-24", {"appointments": [first.id]})
    assert seen.actor.startswith("account:")
    second = booked(database, config, at(24, "9:00"), now, AMIN)
    clerk.get(DAY)
    assert events_of(database, "appointment.seen")[-1].data == {"appointments": [first.id, second.id]}
    clock.move_to(now + timedelta(minutes=16), tick=False)
    clerk.get(DAY)
    assert len(events_of(database, "appointment.seen")) == 3


def test_a_list_without_names_shows_none_and_leaves_no_event(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    booked(database, config, at(24, "8:00"), now)
    clerk.get(f"{DAY}&names=0")
    assert "Renew residence permit" in clerk.text
    assert "Olena" not in clerk.text
    assert events_of(database, "appointment.seen") == []


def test_seeing_one_appointment_leaves_an_event_about_it(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    clerk.get(f"{HERE}/appointments/{one.reference}/")
    assert "Olena Kowalenko" in clerk.text
    assert "olena@example.org" in clerk.text
    clerk.get(f"{HERE}/appointments/{one.reference}/move")
    [seen] = events_of(database, "appointment.seen")
    assert seen.subject == f"appointment:{one.id}"


def test_who_has_nothing_to_do_with_appointments_sees_none(
    database: Database, config: Config, sign_in: SignIn, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        browser = sign_in(role)
        for path in (DAY, f"{HERE}/appointments/{one.reference}/", f"{HERE}/book", f"{HERE}/conflicts"):
            assert browser.get(path).status_code == 403
            assert "Olena" not in browser.text
    assert events_of(database, "appointment.seen") == []


def test_the_agenda_of_another_office_is_closed_and_its_appointments_are_not_found_here(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    with database.write() as session:
        other = sample_office(session, "nachbarstadt")
        planning.plan(session, other, at(23, "0:00").date(), 10, now)
    theirs = booked(database, config, at(24, "8:00"), now, slug="nachbarstadt")
    assert clerk.get("/agenda/nachbarstadt/").status_code == 403
    assert clerk.get(f"{HERE}/appointments/{theirs.reference}/").status_code == 404
    clerk.get(DAY)
    assert clerk.post(f"{HERE}/find?day=2026-11-24", typed=theirs.reference).status_code == 404


def test_without_signing_in_there_is_only_the_way_to_sign_in(office: Office, app: Flask) -> None:
    assert office.slug in HERE
    browser = Browser(app)
    browser.get(DAY)
    assert browser.path == "/staff/sign-in"


def test_a_booking_code_leads_to_its_appointment_however_it_is_typed(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(26, "8:00"), now)
    clerk.get(DAY)
    clerk.post(f"{HERE}/find?day=2026-11-24", typed=f" {one.reference[:4].lower()} - {one.reference[4:]} ")
    assert clerk.path == f"{HERE}/appointments/{one.reference}/"


def test_a_name_or_a_date_of_birth_finds_within_the_day(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    booked(database, config, at(24, "8:00"), now, AMIN)
    one = booked(database, config, at(24, "9:00"), now, OLENA)
    clerk.get(f"{DAY}&names=0")
    written = ("kowal", "KOWALENKO Olena", "27.3.1991", "1991-03-27", "olena 27 3 1991")
    by_sound = ("Kovalenko", "Коваленко", "elena 27/03/1991", "Kowalneko")
    for typed in (*written, *by_sound):
        clerk.post(f"{HERE}/find?day=2026-11-24", typed=typed)
        assert "Olena Kowalenko" in clerk.text
        assert "Amin" not in clerk.text
        assert "olena" not in clerk.page.request.url.lower(), "what was typed stays out of addresses"
    assert [each.data for each in events_of(database, "appointment.seen")] == [{"appointments": [one.id]}]


def test_name_and_birth_together_find_the_person_on_other_days(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    booked(database, config, at(26, "9:00"), now, OLENA)
    clerk.get(DAY)
    clerk.post(f"{HERE}/find?day=2026-11-24", typed="kowalenko olena")
    assert "Nothing found" in clerk.text
    clerk.post(f"{HERE}/find?day=2026-11-24", typed="Kowalenko, Olena 27.03.1991")
    assert "Thu 26 Nov, 09:00" in clerk.text


def test_the_desk_and_the_agenda_lead_to_each_other(clerk: Browser) -> None:
    clerk.get("/desk/")
    clerk.get(links(clerk, "Appointments")[0])
    assert clerk.path == f"{HERE}/"
    assert links(clerk, "All counters")
    assert clerk.get("/agenda/").request.path == f"{HERE}/"


def test_the_week_shows_the_seats_of_each_team_share_and_day(
    database: Database, config: Config, sign_in: SignIn, now: datetime
) -> None:
    booked(database, config, at(24, "8:00"), now, team="main")
    browser = sign_in(Role.ADMINISTRATOR)
    browser.get(f"{HERE}/week?day=2026-11-26")
    assert "Seats from Mon 23 Nov to Sun 29 Nov" in browser.text
    main = browser.text.split("Team Aufenthalt")[1].split("Team Studium")[0]
    assert "Online 0 h of 8 h 0.5 h of 8 h 0 h of 8 h 0 h of 8 h 0 h of 8 h 0.5 h of 40 h" in main
    assert "Phone 0 h of 4 h" in main
    assert "Sat" not in browser.text.split("Team Aufenthalt")[0].split("Seats ")[-1]


def test_what_cannot_be_put_on_record_is_not_shown(
    database: Database, config: Config, app: Flask, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    with database.write() as session:
        session.execute(text("DROP TABLE event_count"))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert clerk.get(f"{HERE}/appointments/{one.reference}/").status_code >= 500
    assert "Olena" not in clerk.text
