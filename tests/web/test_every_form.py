"""Every form of every page that can be reached gets what nobody would type: no answer is ever a failure of ours.

The same goes into the addresses. What looks like a template is never worked out, and no path leads out of its folder.
"""

import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import time_machine
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from frontoffice import clock, worker
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.demo import sample
from frontoffice.demo.people import NAMES
from frontoffice.messages import channels
from frontoffice.messages.dispatch import Delivery
from frontoffice.messages.timing import Timing
from frontoffice.partners import registering
from frontoffice.partners.models import Partner
from frontoffice.staff.models import Role
from frontoffice.vault import Vault
from frontoffice.web import access
from frontoffice.web.app import create_app
from tests.conftest import KEY, written_log
from tests.line.parts import account, token
from tests.web.forms import Form, Walk, here, rule_of

WORKED_OUT = "7615384596153846"  # what the injections come to; it stands in none of them
INJECTIONS = [
    "{{ 76153845 * 100000000 + 96153846 }}",
    "${76153845 * 100000000 + 96153846}",
    "{% print(76153845 * 100000000 + 96153846) %}",
    "#{76153845 * 100000000 + 96153846}",
    "%(number)s %s %d {0.__class__} {config}",
]
MARKED = "Unverwechselbar"
NASTY = [
    *INJECTIONS,
    *(
        "",
        " ",
        "\x00",
        "a\x00b",
        "\ud7ff",
        "\ufeff",
        "\u202e",
        "\r\nSet-Cookie: a=b",
        "'\"><script>alert(1)</script>",
    ),
    *(
        "0",
        "-1",
        "1e400",
        "NaN",
        "inf",
        "99999999999999999999",
        "9223372036854775808",
        "٣",
        "²",
        "1_000",
        "0x10",
    ),
    *(
        "0000-00-00",
        "9999-12-31",
        "0001-01-01",
        "2026-02-30",
        "2026-11-23T25:00",
        "2026-11-23T08:00:00+99:99",
    ),
    *(
        "24:00",
        "08:00:00Z",
        "12:60",
        "../../../../etc/passwd",
        "..\\..\\x",
        "%2e%2e%2f",
        "/etc/passwd",
        "//evil.example",
    ),
    *("' OR 1=1 --", "a@b", "a@" + "b" * 300 + ".example", "+49", "+" + "9" * 60, "[]", "{}", "null", "true"),
    "x" * 5000,
    f"{MARKED} +4915199887766 {MARKED}@mail.example",
]


@pytest.fixture(scope="module")
def log() -> Iterator[io.StringIO]:
    """Everything that is logged from the setting up of the sample office on, at its most talkative."""
    with written_log() as written:
        yield written


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, log: io.StringIO
) -> Iterator[tuple[Flask, Database]]:
    """The sample office of the demonstration: something on every page."""
    file = tmp_path_factory.mktemp("forms") / "frontoffice.db"
    file.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{file}", Vault([KEY]))
    config = Config.model_validate(
        {
            "site": {"base_url": "http://localhost", "secret_keys": [KEY]},
            "database": {"url": f"sqlite:///{file}"},
            "demo": {"enabled": True},
            "fairness": {"captcha": "off", "holds_per_network": 10**6, "bookings_per_network": 10**6},
        }
    )
    with time_machine.travel(datetime(2026, 11, 24, 9, 0).astimezone(), tick=True):
        sample.prepare(database, config, clock.now())
        timing = Timing.of(config.messages)
        delivery = Delivery(database, channels.providers(config.messages, timing), config.messages, timing)
        for job in worker.JOBS:  # so that the inbox is full of links
            worker.tick(job, worker.Context(config, database, delivery, stopping=lambda: False))
        yield create_app(config, database), database
    database.close()


def visitor(app: Flask, database: Database, role: Role | None) -> FlaskClient:
    """A browser, of a member of staff where a role is given."""
    client = app.test_client()
    client.set_cookie("language", "en")
    with client.session_transaction() as browser:
        browser["csrf_token"] = "0" * 40
        if role is not None:
            with database.write() as session:
                name = f"tester-{role.value.replace('_', '-')}"
                browser[access.COOKIE_KEY] = token(session, account(session, name, role), clock.now())
    return client


def filled(form: Form) -> st.SearchStrategy[list[tuple[str, str]]]:
    """The form as it stood there, with some fields filled in by somebody who means no good."""
    nasty = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
    changed = st.dictionaries(st.sampled_from(form.names), st.one_of(st.none(), nasty), max_size=4)
    return changed.map(lambda new: _with(form, new))


def _with(form: Form, new: dict[str, str | None]) -> list[tuple[str, str]]:
    kept = {name: value for name, value in form.fields if name not in new}
    return [*kept.items(), *((name, value) for name, value in new.items() if value is not None)]


def send(client: FlaskClient, form: Form, values: list[tuple[str, str]], csrf: str) -> tuple[int, str, str]:
    """Send the form as the browser would that was on its page."""
    with client.session_transaction() as browser:
        browser.clear()
        browser.update(form.session)
    sent: dict[str, Any] = {}
    for name, value in values:
        sent.setdefault(name, []).append(value)
    if form.method == "GET":
        answer = client.get(form.action.partition("?")[0], query_string=sent)
    else:
        answer = client.post(form.action, data=sent | {"csrf_token": csrf})
    text = answer.text if answer.mimetype.startswith("text/") else ""
    answer.close()
    return answer.status_code, text, answer.headers.get("Location", "")


ROLES = (None, Role.TEAM_LEAD, Role.ADMINISTRATOR)
# At fixed addresses, and behind a step that no walk takes: tests/web/test_fixed_forms.py.
DIRECTLY = {
    "/card/tell/",
    "/staff/account/second-factor/codes",
    "/staff/account/second-factor/off",
    "/staff/account/sessions/end",
    "/staff/sign-in/code",
    "/staff/sign-in/password",
    "/staff/sign-in/second-factor",
}
# What is not fuzzed here, because no page of the sample office leads to it; it has tests of its own.
NOT_REACHED = {
    "the walk does not bring about what they need yet: tried by the tests of their own pages only": {
        "/agenda/<slug>/watches/<int(max=9007199254740991):number>/<any(applied, end):answer>",
        "/agenda/<slug>/cards/<int(max=9007199254740991):card_id>/hand-over",
        "/agenda/<slug>/watches/add",
        "/card/of/<link>",
        "/reminders/<number>/<secret>/<any(applied, end):answer>",
        "/reminders/<number>/<secret>/",
        "/staff/account/sessions/<int(max=9007199254740991):number>/end",
        "/staff/password/<string(length=43):secret>",
    },
    "only where an account has a second factor: tests/staff": {
        "/staff/accounts/<int(max=2147483647):number>/second-factor",
    },
    "the sample office has one kiosk, and it is not to be revoked: tests/staff": {
        "/staff/devices/<slug>/<int(max=2147483647):number>/code",
        "/staff/devices/<slug>/<int(max=2147483647):number>/revoke",
    },
    "a signature is asked for first": {
        "/seven/events",
        "/twilio/inbound",
        "/twilio/status/<string:message>/<string:attempt>",
        "/messages/<string:number>/<string:secret>/stop",
    },
    "nothing has gone wrong, or has to be confirmed": {
        "/agenda/<slug>/appointments/<string(length=8):reference>/confirm",
        "/agenda/<slug>/blocks/<int(max=2147483647):blocked>/lift",
        "/agenda/<slug>/conflicts",
        "/agenda/<slug>/conflicts/cancel-all",
        "/agenda/<slug>/messages/<int(max=9007199254740991):message_id>/close",
        "/agenda/<slug>/messages/<int(max=9007199254740991):message_id>/retry",
        "/agenda/<slug>/messages/providers/<provider>/resume",
        "/appointments/<reference>/<secret>/code",
        "/appointments/<reference>/<secret>/confirm/<proof>",
        "/appointments/<reference>/<secret>/send-again",
        "/messages/<string:number>/<string:secret>/stop/yes",
        "/waitlist/<reference>/<secret>/<any(prove, take, decline):answer>",
    },
    "nobody is invited": {
        "/invitations/<string(length=24):name>/<string(length=24):secret>/",
        "/invitations/<string(length=24):name>/<string(length=24):secret>/decline",
        "/invitations/<string(length=24):name>/<string(length=24):secret>/details",
    },
    "a button without any field, one step further": {
        "/agenda/<slug>/book/<string(maxlength=64):token>/",
        "/agenda/<slug>/book/<string(maxlength=64):token>/give-back",
        "/desk/<int(max=2147483647):counter>/<any('recall','start','finish','no-show'):step>",
        "/partner/<string(minlength=16,maxlength=64):secret>/plans/<string(length=24):name>/confirm",
        "/partner/<string(minlength=16,maxlength=64):secret>/plans/<string(length=24):name>/give-back",
        "/team/<slug>/close-as-usual",
        "/ticket/<string(length=32):token>/back",
    },
}


class Found(NamedTuple):
    """What somebody has found on a walk, and with what a form is protected."""

    client: FlaskClient
    forms: list[Form]
    csrf: str


@pytest.fixture(scope="module")
def found(house: tuple[Flask, Database]) -> dict[Role | None, Found]:
    """All forms that each of them can reach."""
    return {role: _walked(*house, role) for role in ROLES}


def _walked(app: Flask, database: Database, role: Role | None) -> Found:
    client = visitor(app, database, role)
    with app.test_request_context():
        session["csrf_token"] = "0" * 40
        csrf = generate_csrf()
    walk = Walk(app, client)
    forms = list(walk.on(_starts(database, role)))
    for form in forms:  # sent as they stand, they lead on: to a time that is held, a number that was given
        if form.method == "POST" and "sign-out" not in form.action:
            _, _, further = send(client, form, list(form.fields), csrf)
            forms.extend(walk.on([here(form.action, further)] if further else []))
    return Found(client, forms, csrf)


def _starts(database: Database, role: Role | None) -> list[str]:
    if role is not None:
        return ["/desk/", "/agenda/", "/staff/partners/", "/"]
    with database.write() as writing:
        partner = writing.scalars(select(Partner)).first()
        assert partner is not None
        link = registering.issue_link(writing, partner, clock.now())
    return ["/", "/demo/", "/demo/inbox", f"/partner/{link}/"]


def test_the_walks_reach_every_form_but_those_that_are_named(
    house: tuple[Flask, Database], found: dict[Role | None, Found]
) -> None:
    app, _ = house
    posts = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")
    }
    reached = {rule_of(app, form.action, "POST") for walked in found.values() for form in walked.forms}
    missed = sorted(posts - reached - DIRECTLY - set().union(*NOT_REACHED.values()))
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize("role", ROLES, ids=str)
def test_no_form_makes_us_fail(found: dict[Role | None, Found], role: Role | None) -> None:
    client, forms, csrf = found[role]
    failures: list[str] = []
    for form in sorted(forms, key=lambda form: "sign-out" in form.action):  # last: it ends the session
        if form.names:
            failures += _failures(client, form, csrf)
    assert not failures, "\n".join(failures)


def test_the_log_of_it_all_names_nobody_and_has_no_link(
    house: tuple[Flask, Database], found: dict[Role | None, Found], log: io.StringIO
) -> None:
    """After the forms were filled in, by its place in this file."""
    app, _ = house
    inbox = app.test_client().get("/demo/inbox").text
    written = log.getvalue()
    assert written.count('"event": "request"') > 500
    secrets_ = {
        value
        for walked in found.values()
        for form in walked.forms
        for path in (form.page, form.action)
        for value in _secret_parts(app, path)
    }
    people = {*re.findall(r"[\w.+-]+@[\w-]+\.example", inbox), *re.findall(r"\+49\d{8,}", inbox)}
    people |= set(NAMES)
    assert len(secrets_) > 20
    assert len(people) > 10
    told = [word for word in (MARKED, "99887766", "127.0.0.1", *secrets_, *people) if word in written]
    assert told == []


def _secret_parts(app: Flask, path: str) -> Iterator[str]:
    """What in an address only one person has: secrets, codes, names of plans and holds."""
    values: Mapping[str, Any] = {}
    for method in ("GET", "POST"):
        try:
            _, values = app.url_map.bind("localhost").match(path.partition("?")[0], method=method)
            break
        except HTTPException:
            continue
    for name in ("secret", "token", "reference", "name", "proof"):
        if isinstance(values.get(name), str):
            yield values[name]


def _failures(client: FlaskClient, form: Form, csrf: str) -> list[str]:
    failures: list[str] = []

    @settings(
        max_examples=12, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck]
    )
    @given(filled(form))
    def attempt(values: list[tuple[str, str]]) -> None:
        status, text, _ = send(client, form, values, csrf)
        if status >= 500:
            failures.append(f"{status} {form.method} {form.action} (on {form.page}): {values!r:.600}")
        if WORKED_OUT in text:
            failures.append(f"worked out: {form.action}: {values!r:.300}")

    attempt()
    return failures[:3]
