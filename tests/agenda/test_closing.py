"""Closing days: with a preview, at one press, without losing anything; and the block list of team leads."""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select

from frontoffice.agenda import closing
from frontoffice.agenda.closing import Wish
from frontoffice.booking import blocking
from frontoffice.booking.models import Blocked, BlockedKind, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import Invalid
from frontoffice.offices.models import Closure, Office
from frontoffice.staff.models import Role
from tests.agenda.conftest import SignIn
from tests.agenda.parts import (
    HERE,
    all_appointments,
    booked,
    events_of,
    hidden,
    pressable,
    schedule_id,
    somebody,
)
from tests.booking.steps import at, differences
from tests.line.browsing import Browser
from tests.line.parts import account
from tests.sample import RENEWAL, sample_office

WEDNESDAY = {"day": "2026-11-25", "schedule": "", "opens": "", "closes": "", "reason": "Staff meeting"}


def closures(database: Database) -> list[Closure]:
    with database.read() as session:
        return list(session.scalars(select(Closure).order_by(Closure.id)))


def close(browser: Browser, **changed: str) -> None:
    """Send the form as it stands on the page."""
    seen = hidden(browser, "seen")
    browser.post(f"{HERE}/closures", **{**WEDNESDAY, **changed, "seen": seen[0] if seen else ""})


def test_a_day_is_closed_after_the_page_has_said_what_is_in_the_way_and_nothing_is_lost(
    database: Database, config: Config, lead: Browser, now: datetime
) -> None:
    for number, clock in enumerate(("8:00", "9:00", "11:30")):
        booked(database, config, at(25, clock), now, somebody(number))
    booked(database, config, at(26, "8:00"), now, somebody(9))
    lead.get(f"{HERE}/?day=2026-11-25")
    lead.get(f"{HERE}/closures?day=2026-11-25")
    assert "3 appointments on Wednesday, 25 November 2026 would no longer fit." in lead.text
    assert closures(database) == []
    close(lead)
    assert "It is closed." in lead.text
    assert lead.path == f"{HERE}/conflicts"
    assert len(hidden(lead, "listed")) == 3
    assert [each.state for each in all_appointments(database)] == [State.CONFIRMED] * 4
    [event] = events_of(database, "day.closed")
    assert event.data["clashes"] == 3
    assert differences(database) == []
    lead.get(f"{HERE}/book?service={RENEWAL}&people=1&from=2026-11-25")
    assert pressable(lead, "start")[0] == at(26, "8:00").isoformat(), "nothing free on the closed day"


def test_without_having_seen_the_number_nothing_is_closed(
    database: Database, config: Config, lead: Browser, now: datetime
) -> None:
    booked(database, config, at(25, "8:00"), now)
    lead.get(f"{HERE}/closures?day=2026-11-26")
    assert "No appointment on Thursday, 26 November 2026 is in the way." in lead.text
    close(lead)  # the day was changed on the page
    assert "1 appointment on Wednesday, 25 November 2026 would no longer fit." in lead.text
    assert closures(database) == []
    close(lead)
    assert len(closures(database)) == 1


def test_closing_twice_is_closing_once_and_opening_again_makes_everything_fit(
    database: Database, config: Config, lead: Browser, now: datetime
) -> None:
    booked(database, config, at(25, "8:00"), now)
    for _ in range(2):
        lead.get(f"{HERE}/closures?day=2026-11-25")
        close(lead)
    [closure] = closures(database)
    lead.get(f"{HERE}/closures")
    assert "Wednesday, 25 November 2026 whole day The whole office Staff meeting" in lead.text
    assert "Fri 25 Dec: Erster Weihnachtstag" in lead.text
    for _ in range(2):
        lead.post(f"{HERE}/closures/{closure.id}/reopen")
        assert "It is open again." in lead.text
    assert closures(database) == []
    assert len(events_of(database, "day.reopened")) == 1
    lead.get(f"{HERE}/conflicts")
    assert "All appointments fit." in lead.text
    assert differences(database) == []


def test_a_part_of_a_day_of_one_team(
    database: Database, config: Config, lead: Browser, office: Office, now: datetime
) -> None:
    for number, (clock, team) in enumerate(
        (("8:30", "main"), ("9:30", "main"), ("9:30", "study"), ("10:30", "main"))
    ):
        booked(database, config, at(25, clock), now, somebody(number), team=team)
    team = str(schedule_id(office, "main"))
    lead.get(f"{HERE}/closures?day=2026-11-25&schedule={team}&opens=09:00&closes=10:00")
    assert "1 appointment on Wednesday" in lead.text
    close(lead, schedule=team, opens="09:00", closes="10:00")
    assert len(hidden(lead, "listed")) == 1
    lead.get(f"{HERE}/?day=2026-11-25")
    assert "Team Aufenthalt is closed from 09:00 to 10:00: Staff meeting" in lead.text


def test_the_preview_says_just_what_closing_then_finds(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    for number, clock in enumerate(("8:00", "8:30", "9:00", "9:30", "10:00", "10:30")):
        booked(database, config, at(25, clock), now, somebody(number))
    wishes = [
        Wish(date(2026, 11, 25), None, opens, closes)
        for opens, closes in (
            (time(8, 15), time(9)),
            (time(8, 30), time(10, 5)),
            (time(10), time()),
            (None, None),
        )
    ]
    with database.write() as session:
        lead = account(session, "somelead", Role.TEAM_LEAD)
    for wish in wishes:
        with database.write() as session:
            here = session.get_one(Office, office.id)
            expected = closing.preview(session, here, wish, now)
            assert len(closing.close(session, here, wish, "Strike", lead, now)) == expected
        with database.write() as session:
            here = session.get_one(Office, office.id)
            closure = session.scalars(select(Closure)).one()
            closing.reopen(session, here, closure.id, lead, now)
    assert expected == 6


def test_what_cannot_be_closed_is_said(database: Database, lead: Browser) -> None:
    for changed, sentence in (
        ({"day": "soon"}, "Please enter the day as a date."),
        ({"day": "2026-11-20"}, "This day is over."),
        ({"day": "2062-11-25"}, "This day is very far ahead."),
        ({"opens": "11:00", "closes": "09:00"}, "The end has to be later than the beginning."),
        ({"opens": "09:01"}, "Please enter the times in steps of five minutes"),
        ({"reason": " "}, "Please say why"),
        ({"schedule": "999999"}, "Please choose one of the teams"),
    ):
        lead.get(f"{HERE}/closures")
        close(lead, **changed)
        assert lead.page.status_code == 422
        assert sentence in lead.text
    assert closures(database) == []


def test_only_team_leads_close_days_and_see_the_block_list(database: Database, sign_in: SignIn) -> None:
    for role in (Role.FRONT_DESK, Role.CASEWORKER, Role.ADMINISTRATOR):
        browser = sign_in(role)
        for path in ("closures", "blocks"):
            assert browser.get(f"{HERE}/{path}").status_code == 403
        browser.get(f"{HERE}/week")
        assert "Closures" not in browser.text
        assert browser.post(f"{HERE}/closures", **WEDNESDAY).status_code == 403
    assert closures(database) == []


def test_a_closure_of_another_office_is_not_opened_from_here(
    database: Database, lead: Browser, now: datetime
) -> None:
    with database.write() as session:
        other = sample_office(session, "nachbarstadt")
        session.add(Closure(office_id=other.id, day=date(2026, 11, 25), reason="Strike"))
    [theirs] = closures(database)
    lead.get(f"{HERE}/closures")
    assert lead.post(f"{HERE}/closures/{theirs.id}/reopen").status_code == 404
    assert len(closures(database)) == 1


def test_a_team_lead_blocks_somebody_for_a_while_and_takes_it_back(
    database: Database, lead: Browser, now: datetime
) -> None:
    lead.get(f"{HERE}/blocks")
    assert "Nobody is blocked." in lead.text
    lead.post(
        f"{HERE}/blocks",
        kind="mail",
        value="Trader@Example.org",
        reason="Sells appointments",
        until="2026-12-31",
    )
    assert "It is on the list." in lead.text
    assert "Sells appointments Monday, 23 November 2026" in lead.text
    assert "trader" not in lead.text.lower()
    with database.read() as session:
        found = blocking.found(session, BlockedKind.MAIL, "trader+1@example.org", now)
        assert found is not None
        assert found.until == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
        assert found.blocked_by.startswith("account:")
    for _ in range(2):
        lead.post(f"{HERE}/blocks/{found.id}/lift")
        assert "It is off the list." in lead.text
    with database.read() as session:
        assert session.scalars(select(Blocked)).all() == []
    assert [each.kind for each in events_of(database, "block.set")] == ["block.set"]
    assert len(events_of(database, "block.lifted")) == 1
    assert {
        each.office_id for kind in ("block.set", "block.lifted") for each in events_of(database, kind)
    } == {None}, "the list is one for all offices"
    seen = [(each.office_id, each.subject) for each in events_of(database, "block.seen")]
    assert seen == [(None, "blocks")], "an empty list says nothing of anybody, and one view is noted once"


def test_what_cannot_be_blocked_is_said(database: Database, lead: Browser) -> None:
    for changed, sentence in (
        ({"value": "nonsense"}, "mail address"),
        ({"reason": ""}, "Please say why, so that others can decide later"),
        ({"until": "2026-11-01"}, "This moment has passed already."),
        ({"until": "tomorrow"}, "Please enter the day as a date."),
        ({"until": "9999-12-31"}, "Please enter the day as a date."),
        ({"kind": "shoe"}, "Please choose what is to be blocked."),
    ):
        lead.get(f"{HERE}/blocks")
        fields = {"kind": "mail", "value": "trader@example.org", "reason": "Sells", "until": ""}
        lead.post(f"{HERE}/blocks", **{**fields, **changed})
        assert lead.page.status_code == 422
        assert sentence in lead.text.split("Please check what you entered")[1]
    with database.read() as session:
        assert session.scalars(select(Blocked)).all() == []


def test_times_that_are_none_are_refused() -> None:
    with pytest.raises(Invalid):
        closing.read("2026-11-25", "quarter past nine", "", None, date(2026, 11, 23))
    assert closing.read("2026-11-25", "", "12:00", None, date(2026, 11, 23)).closes == time(12)
