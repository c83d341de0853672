"""The page of statistics: who may see it, what it says, and the files behind it."""

import csv
import io
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from frontoffice.db import Database
from frontoffice.insight import keeping, promise, tables
from frontoffice.insight.models import BrokenPromise, Figure, PromiseDay
from frontoffice.insight.span import Span
from frontoffice.insight.sums import Sums
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from tests.insight.conftest import SignIn, staff_token
from tests.insight.parts import add_ticket, service
from tests.line.browsing import Browser
from tests.sample import PICK_UP, RENEWAL, sample_office

PAGE = "/staff/statistics/"
MONDAY = date(2026, 11, 23)


@pytest.fixture
def counted(database: Database, office: Office, tuesday: datetime) -> None:
    """Twelve visits on Monday: ten pick up a card after 1, 2, … minutes, one renews, one has not said why."""
    monday = tuesday - timedelta(days=1)
    with database.write() as session:
        place = session.get_one(Office, office.id)
        renewal, pick_up = service(session, RENEWAL).id, service(session, PICK_UP).id
        for number in range(1, 11):
            add_ticket(session, place, number, monday, MONDAY, service_id=pick_up, waited=number, served=5)
        add_ticket(session, place, 11, monday, MONDAY, service_id=renewal, waited=200, served=50)
        add_ticket(session, place, 12, monday + timedelta(hours=2), MONDAY)
    with database.write() as session:
        keeping.work_out(session, session.get_one(Office, office.id), MONDAY, tuesday)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.FRONT_DESK, False),
        (Role.CASEWORKER, False),
        (Role.TEAM_LEAD, True),
        (Role.ADMINISTRATOR, True),
        (Role.AUDITOR, True),
    ],
)
def test_who_may_see_it(sign_in: SignIn, counted: None, role: Role, may: bool) -> None:
    browser = sign_in(role)
    for path in (PAGE, f"{PAGE}course.csv"):
        assert browser.get(path).status_code == (200 if may else 403)
    assert ("Statistics" in browser.get("/staff/statistics/").text) is may


def test_nobody_sees_another_office(database: Database, sign_in: SignIn, counted: None) -> None:
    with database.write() as session:
        sample_office(session, "anderswo")
    assert sign_in(Role.TEAM_LEAD).get(f"{PAGE}?office=anderswo").status_code == 403
    assert sign_in(Role.ADMINISTRATOR, None).get(f"{PAGE}?office=anderswo").status_code == 200
    assert sign_in(Role.TEAM_LEAD).get(f"{PAGE}?office=nowhere").status_code == 404


def test_who_is_not_signed_in_is_asked_to(app: Flask, counted: None) -> None:
    browser = Browser(app)
    browser.get(PAGE)
    assert browser.path == "/staff/sign-in"


def test_it_says_in_words_what_matters(sign_in: SignIn, counted: None) -> None:
    browser = sign_in(Role.TEAM_LEAD)
    browser.get(f"{PAGE}?span=week")
    assert "12 people came." in browser.text
    # Of 1 to 10 and 200 minutes: the sixth, and the tenth.
    assert "Half of them waited less than 7 minutes, nine of ten less than 11 minutes." in browser.text
    browser.get(f"{PAGE}?span=week&service={RENEWAL}")
    assert "1 person came." in browser.text
    assert (
        "Too few were called to say how long people waited." in browser.text
    )  # it would be one person's wait


def test_small_numbers_are_not_crossed(sign_in: SignIn, counted: None) -> None:
    rows = read(sign_in(Role.AUDITOR), "channels", "span=week")
    assert rows[0][:2] == ["Concern", "Online"]
    by_name = {row[0]: row[1:] for row in rows[1:]}
    assert by_name["Renew residence permit"][-1] == "few"
    assert "10" not in by_name["Renew residence permit"]
    hours = read(sign_in(Role.AUDITOR), "hours", f"span=week&service={PICK_UP}")
    assert hours == [["Hour", "Visits"], ["08:00 to 09:00", "10"]]


def read(browser: Browser, key: str, query: str) -> list[list[str]]:
    answer = browser.get(f"{PAGE}{key}.csv?{query}")
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert f"musterstadt-{key}-" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), delimiter=";"))


@pytest.mark.parametrize(("came", "told"), [(8, ""), (9, 10)])
def test_day_by_day_no_shows_are_told_only_of_ten_appointments_and_more(
    app: Flask, came: int, told: object
) -> None:
    counts = Counter({(Figure.APPOINTMENTS, 1, "came 0"): came, (Figure.APPOINTMENTS, 1, "missed 0"): 1})
    with app.test_request_context():
        [row] = tables.course([Span(MONDAY, MONDAY + timedelta(days=1))], [Sums(counts)]).rows
    assert row[-1] == told


def test_every_table_is_a_file_too(sign_in: SignIn, counted: None) -> None:
    browser = sign_in(Role.TEAM_LEAD)
    page = browser.get(f"{PAGE}?span=own&first=2026-11-23&last=2026-11-23").text
    for key in ("services", "channels", "hours", "course", "missed", "ahead", "seats", "messages", "promise"):
        assert f"/staff/statistics/{key}.csv?office=musterstadt&amp;span=own&amp;first=2026-11-23" in page
        assert len(read(browser, key, "span=week")[0]) >= 3
    monday = read(browser, "course", "span=own&first=2026-11-23&last=2026-11-23")[1]
    assert monday == ["Mon 23 Nov", "12", "7", "11", ""]
    assert browser.get(f"{PAGE}people.csv").status_code == 404


def test_a_picture_has_a_name_and_its_figures_stand_beside_it(sign_in: SignIn, counted: None) -> None:
    page = sign_in(Role.TEAM_LEAD).get(f"{PAGE}?span=week").text
    assert page.count("<svg") >= 3
    assert page.count('role="img"') == page.count("<desc>") == page.count("chart__plot")
    assert 'aria-label="Visits: Day by day. Most: 12 (Mon 23 Nov). Least: 0 (Tue 24 Nov)."' in page
    assert '<th scope="row">Mon 23 Nov</th><td>12</td>' in page
    assert "style=" not in page


@pytest.mark.parametrize(
    "query",
    [
        "span=own&first=x&last=2026-02-31",
        "span=own&first=0001-01-01&last=9999-12-31",
        "span=ever",
        "service=%00",
        "first=",
    ],
)
def test_strange_wishes_are_no_trouble(sign_in: SignIn, counted: None, query: str) -> None:
    assert sign_in(Role.TEAM_LEAD).get(f"{PAGE}?{query}").status_code == 200


def test_a_broken_promise_is_told_where_the_team_lead_works(
    database: Database, sign_in: SignIn, office: Office, counted: None, tuesday: datetime
) -> None:
    lead, clerk = sign_in(Role.TEAM_LEAD), sign_in(Role.CASEWORKER)
    with database.write() as session:
        number = service(session, RENEWAL).id
        session.add(BrokenPromise(service_id=number, office_id=office.id, since=tuesday, days=None))
        session.add(
            PromiseDay(
                office_id=office.id,
                day=MONDAY,
                service_id=number,
                days=None,
                worst=None,
                promised=14,
                looked_at=tuesday,
            )
        )
    sentence = "the next free appointment is further away than promised"
    assert sentence in lead.get("/team/musterstadt/").text
    assert sentence not in clerk.get("/team/musterstadt/").text
    lead.get(f"{PAGE}?span=week")
    assert "Renew residence permit Nothing is free. Promised: within 14 days." in lead.text
    assert "On at least one day there was nothing free." in lead.text
    assert read(lead, "promise", "span=week")[1:] == [
        ["2026-11-23", "Renew residence permit", "14", "nothing free", "nothing free"]
    ]
    with database.read() as session:
        assert len(promise.broken(session, office.id)) == 1


def api(app: Flask, database: Database, path: str, role: Role = Role.AUDITOR) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {staff_token(database, role, None)}"}
    answer = app.test_client().get(f"/api/v1/offices/{path}", headers=headers)
    return answer.status_code, answer.get_json()


WEEK = "first=2026-11-23&until=2026-11-30"


def test_the_api_tells_the_same(app: Flask, database: Database, office: Office, counted: None) -> None:
    status, body = api(app, database, f"musterstadt/statistics?{WEEK}")
    assert status == 200
    assert (body["visits"], body["until"]) == (12, "2026-11-25")  # the days to come are left out
    assert body["waiting"] == {"visits": 11, "median": 7, "p90": 11}
    renewal, pick_up, _ = body["services"]
    assert renewal["waiting"] == {"visits": 1, "median": None, "p90": None}
    assert renewal["channels"]["walk_in"] is None
    assert pick_up["channels"]["walk_in"] is None or pick_up["channels"]["walk_in"] == 10
    status, body = api(app, database, f"musterstadt/promise?{WEEK}")
    assert status == 200
    assert [(each["service"], each["days"], each["is_broken"]) for each in body["now"]] == [
        (RENEWAL, None, True),
        (PICK_UP, None, True),
    ]


def test_the_api_refuses_who_may_not_and_what_makes_no_sense(
    app: Flask, database: Database, office: Office, counted: None
) -> None:
    assert api(app, database, f"musterstadt/statistics?{WEEK}", Role.CASEWORKER)[0] == 403
    for query in ("first=2026-11-23&until=2026-11-23", "first=2020-01-01&until=2026-11-23", "first=x", ""):
        for what in ("statistics", "promise"):
            assert api(app, database, f"musterstadt/{what}?{query}")[0] == 422
    assert api(app, database, f"nowhere/statistics?{WEEK}")[0] == 404
