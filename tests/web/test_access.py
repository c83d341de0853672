"""Who is let in: every door for staff and devices is tried without a key, with a wrong one and with somebody else's."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, Role
from frontoffice.web import access
from tests.line.browsing import Browser
from tests.line.parts import CREDENTIAL, PASSWORD, account, kiosk, token
from tests.sample import sample_office

ENTRY = {
    "id": "3f2c1f0e-9a53-4b7d-8c11-0a1b2c3d4e5f",
    "kind": "walk_in",
    "at": "2026-11-23T07:00:00Z",
    "date": "2026-11-23",
    "number": 1,
    "language": "de",
    "code": None,
    "service": "eat-pick-up",
    "handed_out": False,
}
# By the end of the path: what the operation needs to be understood at all.
BODIES: dict[str, dict[str, Any]] = {
    "journal": {"entries": [ENTRY]},
    "state": {"printer": "ok", "waiting": 0, "stuck": 0},
    "pick": {"ticket": "A001"},
    "favour": {"ticket": "A001"},
    "wish": {"ticket": "A001"},
    "back": {"ticket": "A001"},
    "leave": {"ticket": "A001"},
    "finish-as": {},
    "park": {"reason": "a form"},
    "send-away": {"reason": "a form"},
    "transfer": {"to_team": "front"},
    "help": {},
    "coming": {"cry": 1},
    "settle": {"cry": 1},
    "undo": {"step": "1-1"},
    "closing-early": {"closes_at": "2026-11-23T15:00:00Z"},
    "find": {"scanned": "C01X0006H"},
    "arrivals": {"scanned": "C01X0006H"},
    "move": {"state": "ready"},
    "hand-over": {},
    "status": {"number": "C01X0006H", "born": "1990-03-07", "language": "en"},
}
QUERIES = {name: {"first": "2026-11-01", "until": "2026-11-08"} for name in ("statistics", "promise")}


@pytest.fixture(autouse=True)
def at_the_time(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=True):
        yield


@pytest.fixture
def miriam(database: Database, office: Office) -> Account:
    with database.write() as session:
        return account(session, "miriam", office=office)


def addresses(app: Flask, office: Office, scheme: str) -> list[tuple[str, str]]:
    """Every operation of the API that says it needs this kind of key, ready to be called."""
    found = []
    for path, operations in app.api_doc["paths"].items():  # type: ignore[attr-defined]
        for method, operation in operations.items():
            if {scheme: []} in operation.get("security", []):
                ready = path.replace("{counter}", str(office.counters[0].id)).replace("{office}", office.slug)
                ready = ready.replace("{card}", "1")
                found.append((method.upper(), ready))
    return found


def pages_for_staff(app: Flask, office: Office) -> list[tuple[str, str]]:
    """Every page under /desk/, with each of its methods."""
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/desk/"):
            continue
        path = re.sub(r"<int[^>]*:counter>", str(office.counters[0].id), rule.rule)
        choices = re.search(r"<any\((.*)\):step>", path)
        for step in re.findall(r"[a-z-]+", choices[1]) if choices else ("",):
            ready = re.sub(r"<string[^>]*:code>", "A001", re.sub(r"<any.*:step>", step, path))
            found += [(method, ready) for method in (rule.methods or set()) & {"GET", "POST"}]
    return found


def call(client: FlaskClient, method: str, path: str, key: str | None = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    last = path.rpartition("/")[2]
    return client.open(
        path, method=method, headers=headers, json=BODIES.get(last), query_string=QUERIES.get(last)
    )


def test_there_are_doors_to_try(app: Flask, office: Office) -> None:
    assert len(addresses(app, office, "staff")) >= 8
    assert len(addresses(app, office, "device")) >= 2
    assert len(pages_for_staff(app, office)) >= 11


@pytest.mark.parametrize("key", [None, "wrong", "ä", "x" * 5000])
@pytest.mark.parametrize("scheme", ["staff", "device"])
def test_the_api_lets_nobody_in_without_a_key_or_with_a_wrong_one(
    app: Flask, client: FlaskClient, office: Office, scheme: str, key: str | None
) -> None:
    for method, path in addresses(app, office, scheme):
        answer = call(client, method, path, key)
        assert answer.status_code == 401, (method, path)
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_key_of_a_device_opens_nothing_for_staff_and_the_other_way_round(
    app: Flask, client: FlaskClient, database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    with database.write() as session:
        kiosk(session, office)
        staff_key = token(session, miriam, now)
    for method, path in addresses(app, office, "staff"):
        assert call(client, method, path, CREDENTIAL.format(series="A")).status_code == 401, path
    for method, path in addresses(app, office, "device"):
        assert call(client, method, path, staff_key).status_code == 401, path
        done = (404,) if path.endswith("/cards/status") else (200, 204)  # there is no such card
        assert call(client, method, path, CREDENTIAL.format(series="A")).status_code in done, path


def test_a_browser_that_is_signed_in_has_no_key_to_the_api(
    app: Flask, office: Office, miriam: Account
) -> None:
    browser = Browser(app)
    browser.sign_in()
    for method, path in addresses(app, office, "staff"):
        assert call(browser.client, method, path).status_code == 401, path


def test_every_page_of_staff_leads_to_the_sign_in_page_first(app: Flask, office: Office) -> None:
    browser = Browser(app)
    for method, path in pages_for_staff(app, office):
        browser.get("/staff/sign-in")
        page = browser.get(path) if method == "GET" else browser.post(path)
        assert (page.status_code, browser.path) == (200, "/staff/sign-in"), (method, path)


def test_after_signing_in_one_is_where_one_wanted_to_be(app: Flask, office: Office, miriam: Account) -> None:
    wanted = f"/desk/{office.counters[0].id}/"
    browser = Browser(app)
    browser.get(wanted)
    target = re.search(r'name="next" value="([^"]+)"', browser.page.text)
    assert target is not None
    browser.post("/staff/sign-in", username="miriam", password=PASSWORD, next=target[1])
    assert browser.path == wanted


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(app: Flask, miriam: Account, target: str) -> None:
    browser = Browser(app)
    browser.get("/staff/sign-in")
    token_of_form = re.search(r'name="csrf_token" value="([^"]+)"', browser.page.text)
    assert token_of_form is not None
    answer = browser.client.post(
        "/staff/sign-in",
        data={"username": "miriam", "password": PASSWORD, "next": target, "csrf_token": token_of_form[1]},
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_may_not_serve_is_told_so_on_every_door_to_a_counter(
    app: Flask, client: FlaskClient, database: Database, office: Office, now: datetime, role: Role
) -> None:
    with database.write() as session:
        key = token(session, account(session, "someone", role), now)
    for method, path in addresses(app, office, "staff"):
        if "call-next" in path or "finish" in path or "open" in path:
            assert call(client, method, path, key).status_code == 403, path
    browser = Browser(app)
    with browser.client.session_transaction() as kept:  # past the second factor that administrators need
        kept[access.COOKIE_KEY] = key
    assert browser.get("/desk/").status_code == (403 if role == Role.AUDITOR else 200)
    browser.get("/staff/account/")
    assert browser.post(f"/desk/{office.counters[0].id}/call-next").status_code == 403


def test_staff_of_another_office_are_refused_at_every_counter(
    app: Flask, client: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        stranger = account(session, "stranger", office=sample_office(session, "nebenstadt"))
        key = token(session, stranger, now)
    for method, path in addresses(app, office, "staff"):
        assert call(client, method, path, key).status_code == 403, path
    browser = Browser(app)
    browser.sign_in("stranger")
    for method, path in pages_for_staff(app, office):
        if path == "/desk/":
            continue
        browser.get("/staff/sign-in")
        page = browser.get(path) if method == "GET" else browser.post(path)
        assert page.status_code == 403, (method, path)


def test_a_form_from_a_foreign_page_does_nothing(app: Flask, office: Office, miriam: Account) -> None:
    browser = Browser(app)
    browser.sign_in()
    for method, path in [
        *pages_for_staff(app, office),
        ("POST", "/staff/sign-out"),
        ("POST", "/staff/sign-in"),
    ]:
        if method == "POST":
            assert browser.client.post(path, data={"username": "x"}).status_code == 400, path


def test_ids_and_names_that_cannot_be_are_not_found(app: Flask, office: Office, miriam: Account) -> None:
    browser = Browser(app)
    browser.sign_in()
    for path in (
        f"/desk/{10**30}/",
        "/desk/0/",
        "/desk/x/",
        "/screen/%00/",
        "/screen/nowhere/",
        "/live/%00",
        "/live/x'y",
    ):
        assert browser.get(path).status_code == 404, path
