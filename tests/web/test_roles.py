"""Who may do what: every route is tried by every role, and what the document says is what happens."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import pytest
import schemathesis
import time_machine
from flask import Flask, url_for
from hypothesis import HealthCheck, Phase, find, settings
from schemathesis import GenerationMode
from schemathesis.schemas import BaseSchema
from werkzeug.test import TestResponse

from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff import accounts
from frontoffice.staff.models import Role
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.needs import Door, Kind, Unnamed, check, doors, needs
from tests.line.parts import CREDENTIAL, account, kiosk, token
from tests.partners.parts import add_partner
from tests.sample import sample_office
from tests.web.doors import DOCUMENT, may_enter, written
from tests.web.test_access import BODIES

OF_AN_OFFICE = {"slug", "office", "office_slug", "counter"}
ONE = settings(
    max_examples=1,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)
# These end at the sign-in page on purpose, or answer 401 to a wrong password.
AT_THE_DOOR = {
    "staff_pages.sign_in",
    "staff_pages.sign_in_now",
    "staff_pages.enter_code",
    "staff_pages.enrol",
    "staff_pages.set_password",
    "staff_pages.sign_out",
    "staff_api.sign_in",
}
TOKENS = {Kind.DEVICE, Kind.PARTNER, Kind.SYSTEM, Kind.PROVIDER, Kind.MONITORING}


class Caller(NamedTuple):
    """Who tries: what they are called in messages, their token, and their role if they are staff."""

    name: str
    token: str | None = None
    role: Role | None = None


@pytest.fixture(autouse=True)
def at_the_time(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=True):
        yield


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough: no database decides who may do what."""
    return sqlite_url


@pytest.fixture
def description(app: Flask) -> BaseSchema:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


@pytest.fixture
def open_app(app: Flask) -> Iterator[Flask]:
    """The application without protection against forms of other sites, which would answer before anybody is asked."""
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    app.config["WTF_CSRF_ENABLED"] = True


def test_the_document_says_what_the_program_does(app: Flask) -> None:
    assert DOCUMENT.read_text(encoding="utf-8").endswith(written(app)), "Please run `make roles`."


def test_every_route_lets_in_whom_the_table_names_and_nobody_else(
    open_app: Flask, database: Database, office: Office, now: datetime, description: BaseSchema
) -> None:
    with database.write() as session:
        kiosk(session, office)
    device = Caller("a device", CREDENTIAL.format(series="A"))
    partner = Caller("a partner", add_partner(database).token)
    wrong = []
    for door in doors(open_app):
        asked = _asked(door, description)
        machines = (device, partner) if door.needs & TOKENS else ()
        for caller in (Caller("nobody"), *machines, *(Caller(role.value, role=role) for role in Role)):
            answer = _try(open_app, door, office, _signed_in(database, office, caller, now), asked)
            if said := _is_wrong(door, caller, answer):
                wrong.append(f"{door.method} {door.rule.rule} by {caller.name}: {said}")
    assert not wrong, "\n".join(wrong)


def test_nobody_does_at_another_office_what_their_role_may_do_at_their_own(
    open_app: Flask, database: Database, office: Office, now: datetime, description: BaseSchema
) -> None:
    with database.write() as session:
        elsewhere = sample_office(session, "nebenstadt")
    wrong, tried = [], 0
    for door in doors(open_app):
        if not OF_AN_OFFICE & door.rule.arguments or not any(
            isinstance(each, Permission) for each in door.needs
        ):
            continue
        role = next(role for role in (Role.TEAM_LEAD, *Role) if may_enter(role, door.needs))
        stranger = _signed_in(database, elsewhere, Caller("a stranger", role=role), now)
        answer = _try(open_app, door, office, stranger, _asked(door, description))
        tried += 1
        if answer.status_code != 403:
            wrong.append(
                f"{door.method} {door.rule.rule} by a {role} of another office: {answer.status_code}"
            )
    assert not wrong, "\n".join(wrong)
    assert tried > 60


def test_no_page_takes_a_form_of_another_site(
    app: Flask, database: Database, office: Office, now: datetime
) -> None:
    lead = _signed_in(database, office, Caller("lead", role=Role.TEAM_LEAD), now)
    tried = 0
    for door in doors(app):
        if door.method in ("GET", "HEAD") or door.rule.rule.startswith("/api/"):
            continue
        if door.rule.endpoint.startswith("message_callbacks."):
            continue  # other machines call these, and prove with a signature or a secret who they are
        answer = _try(app, door, office, lead, {})
        tried += 1
        assert answer.status_code == 400, (door.method, door.rule.rule)
        assert "open for too long" in answer.text, door.rule.rule
    assert tried > 50


def test_a_route_that_names_nothing_keeps_the_program_from_starting(app: Flask) -> None:
    mute = Flask("mute")
    mute.add_url_rule("/mute", "mute", lambda: "")
    with pytest.raises(Unnamed, match="GET /mute does not say what it needs.*@needs"):
        check(mute)


def test_a_route_that_checks_something_else_than_it_names_does_nothing(
    app: Flask, database: Database
) -> None:
    other = Flask("other")
    other.testing = True

    @other.get("/two-faced")
    @needs(Permission.SERVE)
    def two_faced() -> str:
        access.staff_required(None, Permission.BLOCK, datetime.now())  # type: ignore[arg-type]  # noqa: DTZ005
        return "done"

    with pytest.raises(Unnamed, match="checks BLOCK, but names SERVE"):
        other.test_client().get("/two-faced")


def _signed_in(database: Database, office: Office, caller: Caller, now: datetime) -> Caller:
    """The same with a session of its own, so that no route can spoil it for the next."""
    if caller.role is None:
        return caller
    with database.write() as session:
        name = f"{caller.role.value}-{office.slug}"
        who = accounts.find(session, name) or account(
            session, name, caller.role, session.get_one(Office, office.id)
        )
        return caller._replace(token=token(session, who, now))


def _try(app: Flask, door: Door, office: Office, caller: Caller, asked: dict[str, Any]) -> TestResponse:
    values = {
        "slug": office.slug,
        "office_slug": office.slug,
        "office": office.slug,
        "counter": office.counters[0].id,
    }
    client = app.test_client()
    client.set_cookie("language", "en")
    is_api = door.rule.rule.startswith(("/api/", "/metrics"))
    if caller.role and not is_api:
        with client.session_transaction() as browser:
            browser[access.COOKIE_KEY] = caller.token
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token and is_api else {}
    with app.test_request_context():
        made_up = {name: _made_up(door, name) for name in door.rule.arguments}
        known = {name: value for name, value in values.items() if name in door.rule.arguments}
        path = url_for(door.rule.endpoint, **(made_up | asked.get("path", {}) | known))
    return client.open(
        path, method=door.method, headers=headers, json=asked.get("body"), query_string=asked.get("query")
    )


def _made_up(door: Door, name: str) -> Any:
    """A value that fits the converter, and belongs to nothing."""
    if name == "code" and door.rule.endpoint == "start.language":
        return "en"
    converter = next(
        (
            found[1]
            for found in re.finditer(r"<(\w+)(?:\([^>]*\))?:(\w+)>", door.rule.rule)
            if found[2] == name
        ),
        "string",
    )
    if converter == "int":
        return 9_999
    if converter == "any":
        choices = re.search(rf"<any\(([^)]*)\):{name}>", door.rule.rule)
        assert choices is not None
        return re.findall(r"[\w-]+", choices[1])[0]
    length = re.search(rf"length=(\d+)\):{name}>", door.rule.rule)
    return "a" * int(length[1]) if length else "a" * 20


def _asked(door: Door, description: BaseSchema) -> dict[str, Any]:
    """What an operation of the API needs to be understood at all, so that the answer is about who asks."""
    path = re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"{\1}", door.rule.rule)
    if not path.startswith("/api/") or path.endswith("openapi.json"):
        return {}
    operation = description[path][door.method.lower()]
    if "/partner/" not in path and (prepared := BODIES.get(path.rpartition("/")[2])):
        return {"body": prepared}
    if not (operation.body or operation.query or operation.path_parameters):
        return {}
    case = find(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE), lambda _case: True, settings=ONE
    )
    return {
        "body": case.body if operation.body else None,
        "query": dict(case.query or {}),
        "path": dict(case.path_parameters or {}),
    }


def _is_wrong(door: Door, caller: Caller, answer: TestResponse) -> str | None:
    """What is wrong with the answer; None where it is as the table says."""
    status = answer.status_code
    if status >= 500:
        return f"{status}: something broke"
    if door.rule.endpoint in AT_THE_DOOR:
        return None
    refused = status in (401, 403) or (answer.location or "").startswith("/staff/sign-in")
    if Kind.LINK in door.needs:
        return None if 300 <= status < 500 else f"{status}, although the secret is made up"
    if door.needs & TOKENS and not _has_the_token(door, caller):
        return None if 400 <= status < 500 and status != 422 else f"{status} without the token"
    if _has_the_token(door, caller) or may_enter(caller.role, door.needs):
        return f"{status}, although the table lets them in" if refused else None
    return (
        None
        if (status, refused) == (_refusal(door, caller), True)
        else f"{status}, although the table keeps them out"
    )


def _has_the_token(door: Door, caller: Caller) -> bool:
    return {"a device": Kind.DEVICE, "a partner": Kind.PARTNER}.get(caller.name) in door.needs


def _refusal(door: Door, caller: Caller) -> int:
    """How it is said that one may not: who is signed in hears so, others are asked to sign in."""
    if caller.role:
        return 403
    return 401 if door.rule.rule.startswith("/api/") else 303
