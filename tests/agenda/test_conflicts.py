"""What no longer fits: nothing vanishes, each is moved or cancelled, alone or with all the others."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest

from frontoffice.agenda import conflicts
from frontoffice.booking import planning
from frontoffice.booking.models import State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Closure, Office
from frontoffice.staff.models import Role
from tests.agenda.conftest import SignIn
from tests.agenda.parts import (
    HERE,
    all_appointments,
    appointment,
    booked,
    events_of,
    hidden,
    messages,
    pressable,
    said,
    schedule_id,
    somebody,
)
from tests.booking.steps import OLENA, at, differences
from tests.line.browsing import Browser

BERLIN = "Europe/Berlin"

Close = Callable[..., None]


@pytest.fixture
def close(database: Database, office: Office, now: datetime) -> Close:
    """Close a day of November for the whole office or one team."""

    def closing(
        day: int, team: str | None = None, opens: time | None = None, closes: time | None = None
    ) -> None:
        with database.write() as session:
            session.add(
                Closure(
                    office_id=office.id,
                    schedule_id=schedule_id(office, team) if team else None,
                    day=date(2026, 11, day),
                    opens=opens,
                    closes=closes,
                    reason="Strike",
                )
            )
            session.flush()
            planning.plan(session, session.get_one(Office, office.id), date(2026, 11, day), 1, now)

    return closing


def settle(browser: Browser, address: str = f"{HERE}/conflicts", **pressed: str) -> None:
    """Press a button of the list."""
    listed = hidden(browser, "listed")
    token = hidden(browser, "csrf_token")[0]
    browser.page = browser.client.post(
        address, data={"listed": listed, "csrf_token": token, **pressed}, follow_redirects=True
    )


def test_an_empty_list_says_so(clerk: Browser) -> None:
    clerk.get(f"{HERE}/conflicts")
    assert "All appointments fit." in clerk.text


def test_each_is_listed_with_the_next_free_times_and_moved_by_one_press(
    database: Database, config: Config, clerk: Browser, close: Close, now: datetime
) -> None:
    one = booked(database, config, at(25, "9:00"), now, team="main")
    close(25)
    clerk.get(f"{HERE}/conflicts")
    assert "Wed 25 Nov, 09:00" in clerk.text
    assert "Olena Kowalenko" in clerk.text
    assert events_of(database, "appointment.seen")[0].data == {"appointments": [one.id]}
    offered = pressable(clerk, "move")
    wanted = [at(26, clock).isoformat() for clock in ("8:00", "8:30", "9:00")]
    assert offered == [f"{one.reference}.0.{start}" for start in wanted]
    settle(clerk, move=offered[1], note="There is a strike.")
    assert "The appointment is moved." in clerk.text
    assert "All appointments fit." in clerk.text
    assert appointment(database, one.reference).start == at(26, "8:30")
    assert {said(database, each)["note"] for each in messages(database, "moved")} == {"There is a strike."}
    assert differences(database) == []


def test_a_press_twice_moves_once_and_a_stale_one_not_at_all(
    database: Database, config: Config, clerk: Browser, close: Close, now: datetime
) -> None:
    one = booked(database, config, at(25, "9:00"), now, team="main")
    close(25)
    clerk.get(f"{HERE}/conflicts")
    first, second, _ = pressable(clerk, "move")
    token = hidden(clerk, "csrf_token")[0]
    for pressed in (first, first, second):
        data = {"move": pressed, "csrf_token": token}
        clerk.page = clerk.client.post(f"{HERE}/conflicts", data=data, follow_redirects=True)
    assert "has just been changed by somebody else" in clerk.text
    assert appointment(database, one.reference).start == at(26, "8:00")
    assert len(events_of(database, "appointment.moved")) == 1


def test_at_the_same_time_another_team_takes_over_and_nobody_has_to_be_told(
    database: Database, config: Config, sign_in: SignIn, office: Office, close: Close, now: datetime
) -> None:
    one = booked(database, config, at(25, "9:00"), now, team="main")
    close(25, "main")
    browser = sign_in(Role.CASEWORKER)
    browser.get(f"{HERE}/conflicts")
    assert "Same time, other team" in browser.text
    settle(browser, move=pressable(browser, "move")[0])
    found = appointment(database, one.reference)
    assert (found.start, found.sheet.schedule_id) == (at(25, "9:00"), schedule_id(office, "study"))
    assert messages(database, "moved") == []
    assert all(each.cancelled_at is None for each in messages(database, "booked"))
    assert [each.subject for each in events_of(database, "appointment.reseated")] == [f"appointment:{one.id}"]
    assert "All appointments fit." in browser.text
    assert differences(database) == []


def test_all_move_within_their_week_and_what_finds_no_time_stays_on_the_list(
    database: Database, config: Config, sign_in: SignIn, close: Close, now: datetime
) -> None:
    # On Friday the online and phone seats of both teams are full but for two.
    fullness = [at(27, "8:00") + timedelta(minutes=30 * number) for number in range(8)]
    for number, start in enumerate(fullness * 4):
        if number < 30:
            booked(database, config, start, now, somebody(number))
    on_thursday = [
        booked(database, config, at(26, clock), now, somebody(40 + number), team="main")
        for number, clock in enumerate(("8:00", "9:00", "10:00"))
    ]
    close(23)
    close(24)
    close(25)
    close(26)
    browser = sign_in(Role.CASEWORKER)
    browser.get(f"{HERE}/conflicts")
    settle(browser, all="move", note="We are closed.")
    assert "2 appointments are moved." in browser.text
    assert "1 appointment stays on the list." in browser.text
    after = [appointment(database, each.reference) for each in on_thursday]
    assert [each.start.day for each in after] == [27, 27, 26]
    assert all(each.state is State.CONFIRMED for each in after)
    assert "Thu 26 Nov, 10:00" in browser.text
    assert "Mon 30 Nov, 08:00" in browser.text, "the next week is offered for those that stay"
    assert differences(database) == []


def test_cancelling_all_is_asked_about_first_and_spares_what_fits_again(
    database: Database, config: Config, lead: Browser, close: Close, office: Office, now: datetime
) -> None:
    one = booked(database, config, at(25, "9:00"), now, team="main")
    other = booked(database, config, at(26, "9:00"), now, somebody(1), team="main")
    close(25)
    close(26)
    lead.get(f"{HERE}/conflicts/cancel-all")
    assert "2 appointments that no longer fit are cancelled" in lead.text
    assert all(each.state is State.CONFIRMED for each in all_appointments(database))
    with database.write() as session:
        closure = next(each for each in session.query(Closure) if each.day.day == 26)
        session.delete(closure)
        session.flush()
        planning.plan(session, session.get_one(Office, office.id), date(2026, 11, 26), 1, now)
    settle(lead, f"{HERE}/conflicts/cancel-all", note="Strike.")
    assert "1 appointment is cancelled." in lead.text
    assert "1 appointment stays on the list." in lead.text
    assert appointment(database, one.reference).state is State.CANCELLED
    assert appointment(database, other.reference).state is State.CONFIRMED
    assert differences(database) == []


def test_only_those_that_do_not_fit_are_listed_when_seats_become_fewer(
    database: Database, config: Config, clerk: Browser, office: Office, now: datetime
) -> None:
    first = booked(database, config, at(25, "9:00"), now, somebody(1), team="study")
    with database.write() as session:
        here = session.get_one(Office, office.id)
        for rule in here.schedules[0].opening_hours:
            rule.seats_online = 1
    kept = booked(database, config, at(25, "9:00"), now, somebody(2), team="main")
    last = booked(database, config, at(25, "9:00"), now, somebody(3), team="main")
    with database.write() as session:
        planning.plan(session, session.get_one(Office, office.id), date(2026, 11, 23), 20, now)
    clerk.get(f"{HERE}/conflicts")
    shown = {each.partition(".")[0] for each in hidden(clerk, "listed")}
    assert shown == {last.reference}
    assert not shown & {first.reference, kept.reference}


@pytest.mark.parametrize(
    ("free", "wanted"),
    [
        (("25 9:00", "26 8:00"), ("25 9:00", "26 8:00")),  # its own time with another team
        (("24 8:00", "25 10:00", "26 8:00"), ("25 10:00", "26 8:00", "24 8:00")),  # later ones first
        (("30 8:00", "24 8:00"), ("24 8:00", "30 8:00")),  # its own week first
        (("23 9:00",), ()),  # so soon that the person may not hear of it
    ],
)
def test_the_best_time_comes_first(free: tuple[str, ...], wanted: tuple[str, ...], now: datetime) -> None:
    def moments(words: tuple[str, ...]) -> list[datetime]:
        return [at(int(day), clock) for day, clock in (each.split() for each in words)]

    assert conflicts.in_order(moments(free), at(25, "9:00"), BERLIN, now) == moments(wanted)


def test_the_day_and_todays_page_point_to_the_list(
    database: Database, config: Config, clerk: Browser, close: Close, now: datetime
) -> None:
    booked(database, config, at(25, "9:00"), now, OLENA)
    close(25)
    clerk.get(f"{HERE}/?day=2026-11-25")
    assert "The office is closed : Strike" in clerk.text or "The office is closed: Strike" in clerk.text
    assert "1 appointment of this day no longer fits." in clerk.text
    assert "No longer fits" in clerk.text
    clerk.get(f"{HERE}/")
    assert "On other days 1 appointment no longer fits." in clerk.text
