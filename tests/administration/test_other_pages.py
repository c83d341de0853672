"""Holidays, closures, counters, channels, the file: reachable for administrators, and nothing lost or revealed."""

import io
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages.models import Message
from frontoffice.offices.models import Closure, Counter, Office
from tests.administration.conftest import HERE, changes
from tests.administration.fields import filled_in
from tests.agenda.parts import booked, events_of, hidden, somebody
from tests.booking.steps import at
from tests.line.browsing import Browser
from tests.sample import RENEWAL

CHRISTMAS = "2026-12-25"
PAGES = (
    "office",
    "texts",
    "times",
    "days",
    f"services/{RENEWAL}/",
    "services/new",
    "schedules/main/",
    "schedules/main/rules/0",
    "schedules/main/rules/new",
    "schedules/new",
    "counters/0/",
    "counters/new",
    "file",
)


def stored(database: Database) -> Office:
    with database.read() as session:
        return session.scalars(select(Office)).one()


def test_an_administrator_reaches_every_page(administrator: Browser) -> None:
    for page in ("", "services/", "schedules/", "counters/", "channels", *PAGES):
        assert administrator.get(f"{HERE}/{page}").status_code == 200, page
    administrator.get("/line/")
    assert f'href="{HERE}/"' in administrator.get(f"{HERE}/").text


def test_the_office_opens_on_a_holiday_and_closes_again_with_a_look_ahead(
    database: Database, config: Config, administrator: Browser, now
) -> None:
    administrator.get(f"{HERE}/days")
    assert "Fri 25 Dec: Erster Weihnachtstag – open" in administrator.text
    administrator.post(f"{HERE}/days?year=2026", **filled_form(administrator) | {f"open-{CHRISTMAS}": "y"})
    assert stored(database).open_on == [CHRISTMAS]
    booked(database, config, at(25, "8:00").replace(month=12), now, somebody(1))
    administrator.get(f"{HERE}/days")
    typed = filled_form(administrator)
    del typed[f"open-{CHRISTMAS}"]
    administrator.post(f"{HERE}/days?year=2026", **typed)
    assert "1 appointment would no longer fit" in administrator.text
    assert stored(database).open_on == [CHRISTMAS]
    administrator.post(f"{HERE}/days?year=2026", **filled_form(administrator))
    assert stored(database).open_on == []
    assert administrator.path == f"{HERE}/days", "whose they are, the administrator does not see"
    assert "they stand in the list" in administrator.text or "it stands in the list" in administrator.text


def filled_form(browser: Browser) -> dict[str, str | list[str]]:
    return filled_in(browser, 0)  # before the one for closures


def test_a_day_is_closed_and_opened_by_an_administrator(
    database: Database, config: Config, administrator: Browser, now
) -> None:
    booked(database, config, at(25, "8:00"), now, somebody(1))
    administrator.get(f"{HERE}/days?day=2026-11-25")
    assert "1 appointment on Wednesday, 25 November 2026 would no longer fit." in administrator.text
    [seen] = [each for each in hidden(administrator, "seen") if each.startswith("2026")]
    typed = {"day": "2026-11-25", "schedule": "", "opens": "", "closes": "", "reason": "Strike"}
    administrator.post(f"{HERE}/days/closures", **typed)
    with database.read() as session:
        assert session.scalars(select(Closure)).all() == []
    administrator.post(f"{HERE}/days/closures", **typed, seen=seen)
    assert "It is closed." in administrator.text
    with database.read() as session:
        [closure] = session.scalars(select(Closure))
        assert (closure.day, closure.reason) == (date(2026, 11, 25), "Strike")
    assert administrator.post(f"{HERE}/days/closures", **typed | {"day": "soon"}).status_code == 422
    administrator.post(f"{HERE}/days/closures/{closure.id}/reopen")
    with database.read() as session:
        assert session.scalars(select(Closure)).all() == []


def test_counters_are_added_changed_and_no_longer_used(database: Database, administrator: Browser) -> None:
    administrator.get(f"{HERE}/counters/new")
    typed = {"name": "9a", "room": "Wartezone B", "languages": "uk, en", "services": ["eat-pick-up"]}
    administrator.post(f"{HERE}/counters/new", **filled_in(administrator) | typed)
    with database.read() as session:
        new = session.scalars(select(Counter).where(Counter.name == "9a")).one()
        assert (new.languages, [each.slug for each in new.services]) == (["uk", "en"], ["eat-pick-up"])
    administrator.get(f"{HERE}/counters/new")
    answer = administrator.post(f"{HERE}/counters/new", **filled_in(administrator) | typed)
    assert answer.status_code == 422
    administrator.get(f"{HERE}/counters/0/")
    administrator.post(f"{HERE}/counters/0/", **filled_in(administrator) | {"active": []})
    assert "Counter 1 not in use" in administrator.text
    assert {"part": "counters", "name": "1", "field": "active", "before": True, "after": False} in changes(
        database
    )


def test_a_test_message_takes_the_usual_way_and_only_its_state_is_shown(
    database: Database, config: Config, administrator: Browser, now
) -> None:
    booked(database, config, at(25, "8:00"), now, somebody(1))
    administrator.get(f"{HERE}/channels")
    administrator.post(f"{HERE}/channels/tests", medium="mail", to="it@musterstadt.example")
    assert "E-mail, 08:00: Waits to leave" in administrator.text
    with database.read() as session:
        booking, test = session.scalars(select(Message).order_by(Message.id)).all()
    assert test.kind == "test"
    assert administrator.get(f"{HERE}/channels/tests/{booking.id}").status_code == 404
    administrator.get(f"{HERE}/channels")
    assert administrator.post(f"{HERE}/channels/tests", medium="sms", to="not a number").status_code == 422
    [event] = events_of(database, "channel.tested")
    assert event.data == {"medium": "mail"}
    statuses = [
        administrator.post(f"{HERE}/channels/tests", medium="sms", to="0151 23456789").status_code
        for _ in range(9)
        if administrator.get(f"{HERE}/channels")
    ]
    assert statuses[-1] == 429
    assert statuses[:-1] == [200] * 8


def test_the_file_is_fetched_and_an_edited_one_is_taken_after_a_look(
    database: Database, administrator: Browser
) -> None:
    text = administrator.get(f"{HERE}/file/office.toml").text
    assert 'slug = "musterstadt"' in text
    edited = text.replace('name = "Team Aufenthalt"', 'name = "Team Eins"')
    administrator.get(f"{HERE}/file")
    form = filled_in(administrator) | {"text": ""}
    file = (io.BytesIO(edited.encode()), "office.toml")
    administrator.post(f"{HERE}/file", **form | {"file": file})  # type: ignore[arg-type]
    assert "schedules · main · name : Team Aufenthalt → Team Eins" in administrator.text
    assert stored(database) is not None
    assert changes(database) == []
    administrator.post(f"{HERE}/file", **filled_in(administrator))
    assert [each["field"] for each in changes(database)] == ["name"]
    administrator.get(f"{HERE}/file")
    for wrong, says in (
        ("slug = [", "not valid TOML"),
        (edited.replace('"musterstadt"', '"elsewhere"', 1), "This is the file of another office"),
        ("x" * 400_001, "This file is too large"),
    ):
        form = filled_in(administrator) | {"text": wrong}
        assert administrator.post(f"{HERE}/file", **form).status_code == 422
        assert says in administrator.text
        administrator.get(f"{HERE}/file")


NUMBERS = ("0", "-1", "99999999999999999999", "٣", "NaN")
ODD = st.text(max_size=12) | st.sampled_from([*NUMBERS, "2026-02-30", "25:00", "\x00"])


@pytest.fixture
def one_engine(database: Database) -> Database:
    """What forms take apart does not depend on the engine."""
    if not database.is_sqlite:
        pytest.skip("one engine is enough: what is typed is taken apart before it gets there")
    return database


@settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_typed_is_saved_or_refused_with_a_reason(
    one_engine: Database, administrator: Browser, data: st.DataObject
) -> None:
    page = data.draw(st.sampled_from(PAGES))
    administrator.get(f"{HERE}/{page}")
    form = filled_in(administrator, 0 if page == "days" else -1)
    names = data.draw(st.lists(st.sampled_from(sorted(form)), max_size=4, unique=True))
    odd = {name: data.draw(ODD) for name in names}
    answer = administrator.post(f"{HERE}/{page}", **form | odd)
    assert answer.status_code in (200, 409, 422), (page, odd)
