"""Opening hours on pages: what a change does is shown before it is saved, and nothing booked is lost."""

from datetime import date, time

from sqlalchemy import select

from frontoffice.booking import planning
from frontoffice.booking.models import State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office, OpeningHours, Schedule
from frontoffice.staff.models import Role
from tests.administration.conftest import HERE, changes
from tests.administration.fields import filled_in
from tests.agenda.conftest import SignIn
from tests.agenda.parts import all_appointments, booked, hidden, somebody
from tests.booking.steps import at, differences
from tests.line.browsing import Browser

MAIN = f"{HERE}/schedules/main/"


def rules_of(database: Database, team: str = "main") -> list[OpeningHours]:
    with database.read() as session:
        query = select(OpeningHours).join(Schedule).where(Schedule.slug == team)
        return list(session.scalars(query.order_by(OpeningHours.weekday, OpeningHours.valid_from)))


def send(browser: Browser, path: str, **typed: str | list[str]) -> int:
    """Send the form of the page that is shown."""
    return browser.post(path, **filled_in(browser) | typed).status_code


def test_a_change_is_shown_before_it_is_saved_and_leads_to_the_conflicts(
    database: Database, config: Config, lead: Browser, now
) -> None:
    with database.write() as session:
        planning.plan_ahead(session, session.scalars(select(Office)).one(), now, config.booking)
    for number, clock in enumerate(("8:00", "11:00", "11:30")):
        booked(database, config, at(25, clock), now, somebody(number), team="main")
    lead.get(f"{MAIN}rules/0")
    send(lead, f"{MAIN}rules/0", closes="10:00")
    assert "2 appointments would no longer fit" in lead.text
    assert "Wed 25 Nov: 11:00, 11:30" in lead.text
    assert "before: 96 h" in lead.text
    assert "after: 48 h" in lead.text
    assert "Person" not in lead.text, "numbers and times, not names"
    assert {each.closes for each in rules_of(database)} == {time(12)}
    send(lead, f"{MAIN}rules/0")
    assert lead.path == "/agenda/musterstadt/conflicts"
    assert "2 appointments no longer fit." in lead.text
    assert len(hidden(lead, "listed")) == 2
    assert {each.closes for each in rules_of(database)} == {time(10)}
    assert [each.state for each in all_appointments(database)] == [State.CONFIRMED] * 3
    assert differences(database) == []
    assert changes(database) == [{"part": "schedules", "name": "main", "field": "opening_hours"}]


def test_what_is_saved_is_what_was_shown(database: Database, lead: Browser) -> None:
    lead.get(f"{MAIN}rules/0")
    send(lead, f"{MAIN}rules/0", closes="10:00")
    send(lead, f"{MAIN}rules/0", closes="11:00")  # typed after the page has spoken of 10:00
    assert "What would happen" in lead.text
    assert {each.closes for each in rules_of(database)} == {time(12)}
    send(lead, f"{MAIN}rules/0", look="1")
    assert {each.closes for each in rules_of(database)} == {time(12)}, "only looked"
    send(lead, f"{MAIN}rules/0")
    assert {each.closes for each in rules_of(database)} == {time(11)}


def test_a_rule_is_changed_from_a_day_on_and_holds_until_then(database: Database, lead: Browser) -> None:
    lead.get(f"{MAIN}rules/0")
    typed = {"since": "2026-12-01", "weekdays": ["1", "2"], "online": "3", "breaks": "9:00-9:15, 10:00–10:30"}
    send(lead, f"{MAIN}rules/0", **typed)
    assert "Please enter breaks like this" in lead.text, "an hour has two digits"
    send(lead, f"{MAIN}rules/0", breaks="09:00-09:15, 10:00–10:30")
    send(lead, f"{MAIN}rules/0")
    found = rules_of(database)
    old = [(each.weekday, each.valid_until) for each in found if each.valid_from == date(2026, 1, 1)]
    assert old == [(day, date(2026, 12, 1)) for day in range(5)]
    new = [each for each in found if each.valid_from == date(2026, 12, 1)]
    assert [(each.weekday, each.seats_online) for each in new] == [(1, 3), (2, 3)]
    assert new[0].breaks == [["09:00", "09:15"], ["10:00", "10:30"]]


def test_a_rule_is_added_and_taken_away(database: Database, lead: Browser) -> None:
    lead.get(f"{MAIN}rules/new")
    typed = {"opens": "14:00", "closes": "00:00", "weekdays": ["3"], "nth": "-1", "online": "0", "phone": "2"}
    send(lead, f"{MAIN}rules/new", **typed, bookable_from_days="30", release_time="08:00")
    send(lead, f"{MAIN}rules/new")
    assert lead.path == MAIN
    assert "Thu 14:00–24:00" in lead.text
    assert "last of the month" in lead.text
    assert "bookable from 30 days before, 08:00" in lead.text
    lead.get(f"{MAIN}rules/1")
    send(lead, f"{MAIN}rules/1", remove="1")
    assert len(rules_of(database)) == 6
    send(lead, f"{MAIN}rules/1", remove="1")
    assert len(rules_of(database)) == 5


def test_mistakes_are_named_and_stale_pages_keep_what_was_typed(
    database: Database, lead: Browser, administrator: Browser
) -> None:
    lead.get(f"{MAIN}rules/0")
    form = filled_in(lead)
    for typed, says in (
        ({"closes": "07:00"}, "The end must be after the beginning."),
        ({"closes": "10:02"}, "in steps of five minutes"),
        ({"opens": "early"}, "Please enter a time such as 08:30."),
        ({"opens": ""}, "Please enter a time such as 08:30."),
        ({"weekdays": []}, "Please fill this in."),
        ({"weekdays": ["8"]}, "Please enter 6 or less."),
        ({"online": "0", "phone": ""}, "Please enter at least one seat."),
        ({"valid_from": "soon"}, "Please enter the day as a date."),
        ({"since": "soon"}, "Please enter the day as a date."),
        (
            {"every_weeks": "2", "nth": "1"},
            "Please choose either every so many weeks, or one week of the month.",
        ),
    ):
        assert lead.post(f"{MAIN}rules/0", **form | typed).status_code == 422
        assert says in lead.text
    administrator.get(MAIN)
    send(administrator, MAIN, name="Team Eins")
    assert lead.post(f"{MAIN}rules/0", **form | {"closes": "10:00"}).status_code == 409
    assert filled_in(lead)["closes"] == "10:00"
    send(lead, f"{MAIN}rules/0")
    send(lead, f"{MAIN}rules/0")
    assert {each.closes for each in rules_of(database)} == {time(10)}
    assert lead.get(f"{MAIN}rules/9").status_code == 404


def test_a_team_of_its_own(database: Database, administrator: Browser, sign_in: SignIn) -> None:
    administrator.get(f"{HERE}/schedules/new")
    typed = {"slug": "employers", "name": "Unternehmen", "services": ["eat-pick-up"], "apart": "y"}
    send(administrator, f"{HERE}/schedules/new", **typed, place="Rathaus", flow_hours="24")
    assert administrator.path == f"{HERE}/schedules/employers/"
    with database.read() as session:
        team = session.scalars(select(Schedule).where(Schedule.slug == "employers")).one()
        assert (team.name, team.pooled, team.place, team.flow_hours) == ("Unternehmen", False, "Rathaus", 24)
        assert [each.slug for each in team.services] == ["eat-pick-up"]
    assert sign_in(Role.CASEWORKER).get(MAIN).status_code == 403


def test_the_week_is_a_table_with_the_seats_of_each_day(administrator: Browser) -> None:
    administrator.get(f"{HERE}/schedules/?day=2026-11-25")
    assert "Seats from Mon 23 Nov to Sun 29 Nov" in administrator.text
    assert "Mon, Tue, Wed, Thu, Fri 08:00–12:00 : Online 2, Phone 1" in administrator.text
    assert "Online 8 h 8 h 8 h 8 h 8 h 40 h" in administrator.text
