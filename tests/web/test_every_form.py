"""Every form of every page that can be reached gets what nobody would type: no answer is ever a failure of ours.

The same goes into the addresses. What looks like a template is never worked out, and no path leads out of its folder.
"""

import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode

import pytest
import time_machine
from flask import Flask, Request, request, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from frontoffice import clock, worker
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.demo import sample
from frontoffice.demo.people import NAMES
from frontoffice.limits import Tally
from frontoffice.messages import channels
from frontoffice.messages.dispatch import Delivery
from frontoffice.messages.timing import Timing
from frontoffice.staff.models import Role, StaffSession
from frontoffice.vault import Vault, fingerprint
from frontoffice.web import access
from frontoffice.web.app import create_app
from tests.conftest import KEY, written_log
from tests.line.parts import account, token
from tests.web import full_house
from tests.web.forms import Form, Key, Walk, here, rule_of
from tests.web.nasty import MARKED, NASTY, WORKED_OUT


@pytest.fixture(scope="module")
def log() -> Iterator[io.StringIO]:
    """Everything that is logged from the setting up of the sample office on, at its most talkative."""
    with written_log() as written:
        yield written


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, log: io.StringIO
) -> Iterator[tuple[Flask, Database, Config]]:
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
        full_house.fill(database, config, clock.now())
        timing = Timing.of(config.messages)
        delivery = Delivery(database, channels.providers(config.messages, timing), config.messages, timing)
        for job in worker.JOBS:  # so that the inbox is full of links
            worker.tick(job, worker.Context(config, database, delivery, stopping=lambda: False))
        full_house.go_wrong(database, clock.now())
        app = create_app(config, database)
        app.request_class = HeardRequest
        yield app, database, config
    database.close()


def visitor(app: Flask, database: Database, role: Role | None) -> FlaskClient:
    """A browser, of a member of staff where a role is given."""
    client = app.test_client()
    client.set_cookie("language", "en")
    with client.session_transaction() as browser:
        browser["csrf_token"] = "0" * 40
        if role is not None:
            with database.write() as session:
                who = account(session, name_of(role), role)
                for _ in range(2):  # one can be ended
                    browser[access.COOKIE_KEY] = token(session, who, clock.now())
    return client


def filled(form: Form) -> st.SearchStrategy[list[tuple[str, str]]]:
    """The form as it stood there, with some fields filled in by somebody who means no good."""
    if not form.names:
        return st.just([])  # a button
    nasty = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
    changed = st.dictionaries(st.sampled_from(form.names), st.one_of(st.none(), nasty), max_size=4)
    return changed.map(lambda new: _with(form, new))


def _with(form: Form, new: dict[str, str | None]) -> list[tuple[str, str]]:
    kept = {name: value for name, value in _as_usual(form) if name not in new}
    return [*kept.items(), *((name, value) for name, value in new.items() if value is not None)]


def signed_in_again(database: Database, form: Form) -> None:
    """Whatever the forms before have ended: the session that was in the browser lasts, and opens what it opened."""
    if not (secret := form.session.get(access.COOKIE_KEY)):
        return
    with database.write() as session:
        signed_in = select(StaffSession).where(StaffSession.token_fingerprint == fingerprint(secret))
        found = session.scalars(signed_in).unique().one()
        role = next(each for each in Role if found.account.username == name_of(each))
        found.ended_at, found.account.active, found.account.role = None, True, role
        found.account.everywhere = True


def name_of(role: Role) -> str:
    """The user name of the member of staff who walks with this role."""
    return f"tester-{role.value.replace('_', '-')}"


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


ROLES = (None, Role.TEAM_LEAD, Role.ADMINISTRATOR, Role.AUDITOR)
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
# To what no page has a form, by the test that sends nasty things there instead.
NOT_REACHED = {
    "tests/messages/test_callbacks.py": {  # providers post there, and sign it
        "/seven/events",
        "/twilio/inbound",
        "/twilio/status/<string:message>/<string:attempt>",
    },
    "tests/messages/test_preferences.py": {  # a mail program's own button
        "/messages/<string:number>/<string:secret>/stop",
    },
}
# What asks nothing and has no form, by the test that looks at it instead.
NOT_VISITED = {
    "tests/operations/test_health.py": {"/healthz", "/readyz", "/metrics"},
    "tests/staff/test_oidc.py": {  # needs an organisation that answers
        "/staff/oidc/",
        "/staff/oidc/back",
        "/staff/oidc/sign-out",
        "/staff/oidc/signed-out",
    },
    "tests/web/test_start.py": {"/language/<code>"},
    "tests/web/test_live.py": {"/live/<office>"},
    "tests/web/test_every_route.py": {"/static/<path:name>"},
}
ROOT = Path(__file__).parents[2]
# These take away what others lead to: a walk does not press them, and they are fuzzed last.
ENDING = re.compile(
    r"cancel|withdraw|give-back|leave|/end|delete|revoke|/take|decline|lift|close$|reopen|finish|no-show|send-away|"
    r"seen|applied|sign-out|second-factor|password|hand-over|resume|retry"
)
STALE = "This page was open for too long"  # the answer where the field that protects a form is missing or old
# These lead to the sign-in page when all goes well.
SIGNED_OUT_BY = re.compile(r"/staff/(sign-out|sign-in|password/)")


class Heard(ImmutableMultiDict[str, str]):
    """The query of an address; what a page asks of it is written down in `asked`, by the page's rule."""

    asked: ClassVar[dict[str, set[str]]] = {}

    def _note(self, name: str) -> None:
        if request.method == "GET" and request.url_rule is not None:
            self.asked.setdefault(request.url_rule.rule, set()).add(name)

    def __contains__(self, name: object) -> bool:
        self._note(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> str:
        self._note(name)
        return super().__getitem__(name)

    def getlist(self, name: str, *how: Any, **more: Any) -> list[Any]:
        self._note(name)
        return super().getlist(name, *how, **more)


class HeardRequest(Request):
    """A request of which is noted what pages ask of its query; forms are read as ever."""

    @cached_property
    def args(self) -> Heard:
        return Heard(super().args)


class Found(NamedTuple):
    """What somebody has found on a walk, and with what a form is protected; a page of each rule."""

    client: FlaskClient
    forms: list[Form]
    pages: dict[str, str]
    csrf: str


@pytest.fixture(scope="module")
def found(house: tuple[Flask, Database, Config]) -> dict[Role | None, Found]:
    """All forms that each of them can reach."""
    pressed: set[Key] = set()
    return {role: _walked(*house, role, pressed) for role in ROLES}


def _walked(app: Flask, database: Database, config: Config, role: Role | None, pressed: set[Key]) -> Found:
    client = visitor(app, database, role)
    with app.test_request_context():
        session["csrf_token"] = "0" * 40
        csrf = generate_csrf()
    walk = Walk(app, client)
    if role is None:
        starts = ["/", "/demo/", "/demo/inbox", *full_house.starts_of_visitors(database, config, clock.now())]
    else:
        starts = full_house.starts_of_staff(database)
    forms = list(walk.on(starts))
    for form in forms:  # sent as they stand, they lead on: to a time that is held, a number that was given
        if form.key(app) in pressed:
            continue
        pressed.add(form.key(app))
        if form.method == "GET":
            forms.extend(walk.on([f"{form.action.partition('?')[0]}?{urlencode(_as_usual(form))}"]))
        elif not ENDING.search(form.action):
            _, text, further = send(client, form, _as_usual(form), csrf)
            links, more = walk.read(form.action, text)
            forms.extend(more)
            forms.extend(walk.on([here(form.action, further)] if further else []))
            forms.extend(walk.on([link for link in links if link not in walk.pages.values()]) if more else [])
    return Found(client, forms, walk.pages, csrf)


def _as_usual(form: Form) -> list[tuple[str, str]]:
    return [(name, value or full_house.TYPED.get(name, "")) for name, value in form.usual]


def test_the_walks_reach_every_form_but_those_that_are_named(
    house: tuple[Flask, Database, Config], found: dict[Role | None, Found]
) -> None:
    app = house[0]
    reached = {rule_of(app, form.action, "POST") for walked in found.values() for form in walked.forms}
    missed = sorted(_rules(app, "POST") - reached - DIRECTLY - set().union(*NOT_REACHED.values()))
    assert not missed, "\n".join(missed)


def test_the_walks_see_every_page_but_those_that_are_named(
    house: tuple[Flask, Database, Config], found: dict[Role | None, Found]
) -> None:
    """So that each form that is sent with its address stands on a page that was seen."""
    seen = {rule for walked in found.values() for rule in walked.pages}
    assert all((ROOT / test).is_file() for test in (*NOT_REACHED, *NOT_VISITED))
    missed = sorted(_rules(house[0], "GET") - seen - set().union(*NOT_VISITED.values()))
    assert not missed, "\n".join(missed)


def _rules(app: Flask, method: str) -> set[str]:
    return {
        rule.rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ()) and not rule.rule.startswith("/api/")
    }


def test_no_query_makes_us_fail(
    house: tuple[Flask, Database, Config], found: dict[Role | None, Found]
) -> None:
    """What any page asks of its address: searches, filters, days, pages; as forms and links have it, and beyond.

    Before the forms are filled in, by its place in this file: some of them end the session.
    """
    failures: list[str] = []
    known: set[str] = set()
    for client, _, pages, csrf in found.values():
        for rule, page in pages.items():
            names = tuple((name, "") for name in sorted(Heard.asked.get(rule, ())))
            # By somebody who may see it: others are only led to the sign-in, or turned away.
            if names and rule not in known and client.get(page).status_code == HTTPStatus.OK:
                known.add(rule)
                form = Form(page, page, "GET", names, (), _session_of(client))
                failures += _failures(house[1], client, form, csrf)
    assert len(known) > 20
    assert not failures, "\n".join(failures)


def test_no_form_makes_us_fail(
    house: tuple[Flask, Database, Config], found: dict[Role | None, Found]
) -> None:
    """Each once, by the first who can reach it; those that end something come last."""
    app, database, _ = house
    known: set[Key] = set()
    failures: list[str] = []
    for is_ending in (False, True):
        for client, forms, _, csrf in found.values():
            for form in forms:
                if (key := form.key(app)) not in known and bool(ENDING.search(form.action)) is is_ending:
                    known.add(key)
                    failures += _failures(database, client, form, csrf)
    assert len(known) > 140
    assert not failures, "\n".join(failures)


def _session_of(client: FlaskClient) -> dict[str, Any]:
    with client.session_transaction() as browser:
        return dict(browser)


def test_the_log_of_it_all_names_nobody_and_has_no_link(
    house: tuple[Flask, Database, Config], found: dict[Role | None, Found], log: io.StringIO
) -> None:
    """After the forms were filled in, by its place in this file."""
    app = house[0]
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


def _failures(database: Database, client: FlaskClient, form: Form, csrf: str) -> list[str]:
    failures: list[str] = []
    with database.write() as writing:
        writing.execute(delete(Tally))  # or all is refused before it is read

    @settings(
        max_examples=12, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck]
    )
    @given(filled(form))
    def attempt(values: list[tuple[str, str]]) -> None:
        signed_in_again(database, form)
        status, text, further = send(client, form, values, csrf)
        if status >= 500:
            failures.append(f"{status} {form.method} {form.action} (on {form.page}): {values!r:.600}")
        if status == 400 and STALE in text:
            failures.append(f"stale: {form.action} (on {form.page})")
        if further.startswith("/staff/sign-in") and not SIGNED_OUT_BY.match(form.action):
            failures.append(f"not signed in: {form.method} {form.action} (on {form.page}): {values!r:.300}")
        if WORKED_OUT in text:
            failures.append(f"worked out: {form.action}: {values!r:.300}")

    attempt()
    return failures[:3]
