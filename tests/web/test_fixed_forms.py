"""Forms at fixed addresses that no walk comes to: each gets what nobody would type, at the step that it belongs to."""

from datetime import datetime

import pytest
import time_machine
from flask import Flask

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff import signing_in
from frontoffice.staff.models import Role, Step
from frontoffice.staff.signing_in import Lasting
from frontoffice.web.access import COOKIE_KEY
from frontoffice.web.app import create_app
from tests.line.parts import account
from tests.staff.test_second_factor import set_up
from tests.web.nasty import NASTY, WORKED_OUT
from tests.web.test_every_form import DIRECTLY

FIELDS = {
    "/staff/sign-in/code": (Step.CODE, ("code",)),
    "/staff/sign-in/second-factor": (Step.ENROL, ("code",)),
    "/staff/sign-in/password": (Step.PASSWORD, ("password", "again")),
    "/staff/account/second-factor/codes": (None, ("code",)),
    "/staff/account/second-factor/off": (None, ("code",)),
    "/staff/account/sessions/end": (None, ("what",)),
    "/card/tell/": (None, ("card", "ticket", "to", "contact", "code")),
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough for the pages; what a database refuses to store is tried by their own tests."""
    return sqlite_url


@pytest.fixture
def app(config: Config, database: Database) -> Flask:
    """Without limits on attempts: nobody is to be turned away before the form is read."""
    staff = config.staff.model_copy(update={"attempts_per_quarter_hour": 10**6})
    made = create_app(config.model_copy(update={"staff": staff}), database)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


def test_each_has_its_fields_here() -> None:
    assert set(FIELDS) == DIRECTLY


@pytest.mark.parametrize("path", FIELDS)
def test_no_value_makes_it_fail(
    app: Flask, database: Database, office: Office, now: datetime, path: str
) -> None:
    step, names = FIELDS[path]
    with database.write() as session:
        who = account(session, "lead", Role.TEAM_LEAD)
    if step is not Step.ENROL:
        set_up(database, who, now)
    client = app.test_client()
    wrong = []
    with time_machine.travel(now, tick=False):
        for value in NASTY:
            with database.write() as session:  # five wrong codes end a sign-in
                lasting = Lasting(10, 600)
                secret, _end = signing_in.open_session(session, who.id, now, lasting, step=step)
            with client.session_transaction() as browser:
                browser[COOKIE_KEY] = secret
            answer = client.post(path, data=dict.fromkeys(names, value))
            if answer.status_code >= 500 or WORKED_OUT in answer.text:
                wrong.append(f"{answer.status_code}: {value!r:.100}")
            elif "/sign-in" in (answer.location or ""):
                wrong.append(f"not read: {value!r:.100}")
    assert not wrong, "\n".join(wrong)
