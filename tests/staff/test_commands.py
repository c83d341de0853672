"""Accounts on the command line: added, and helped back in where no administrator can any more."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from frontoffice.cli import main
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.staff import signing_in
from frontoffice.staff.models import Account, Role
from tests.conftest import KEY
from tests.line.browsing import Browser
from tests.line.parts import PASSWORD, account, token
from tests.staff.test_second_factor import set_up

NEW = "four words at random: ferry"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def settings(config: Config, tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(
        f'[site]\nbase_url = "http://localhost"\nsecret_keys = ["{KEY}"]\n[database]\nurl = "{config.database.url}"\n',
        encoding="utf-8",
    )
    return path


def run(settings: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(settings), "staff", *arguments])


def recorded(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(each.kind, each.actor) for each in session.scalars(select(Event).order_by(Event.id))]


def test_a_password_that_somebody_else_typed_is_changed_at_the_first_sign_in(
    app: Flask, database: Database, settings: Path, office: object
) -> None:
    for name, more in (("ada", ()), ("miriam", ()), ("nina", ("--own",))):
        run(settings, "add", name, "--name", name.title(), "--password", PASSWORD, *more)
    with database.read() as session:
        changing = {each.username: each.must_change_password for each in session.scalars(select(Account))}
    assert changing == {"ada": False, "miriam": True, "nina": False}, "the first account is one's own"
    assert recorded(database) == [("account.added", "cli")] * 3
    browser = Browser(app)
    browser.sign_in("miriam")
    assert "new password" in browser.text.lower()
    assert browser.get("/desk/").request.path == "/staff/sign-in", "it opens nothing else"
    browser.sign_in("miriam")
    assert browser.post("/staff/sign-in/password", password=PASSWORD, again=PASSWORD).status_code == 422
    browser.post("/staff/sign-in/password", password=NEW, again=NEW)
    assert browser.get("/desk/").request.path == "/desk/"
    other = Browser(app)
    assert other.sign_in("miriam", PASSWORD).status_code == 401
    other.sign_in("miriam", NEW)
    assert other.path != "/staff/sign-in"


def test_a_lost_administrator_gets_in_again_by_a_printed_link(
    app: Flask, database: Database, settings: Path, office: object, now: datetime
) -> None:
    with database.write() as session:
        ada = account(session, "ada", Role.ADMINISTRATOR)
        held = token(session, ada, now)
    set_up(database, ada, now)
    printed = run(settings, "reset-password", "Ada").output.strip()
    assert run(settings, "reset-second-factor", "ada").exit_code == 0
    with database.read() as session:
        assert signing_in.account_of(session, held, now) is None, "what was signed in is over"
        assert session.scalars(select(Account)).unique().one().totp is None
    assert recorded(database)[-2:] == [("account.link_made", "cli"), ("account.totp_reset", "cli")]
    address = urlsplit(printed)
    assert address.netloc == "localhost"
    browser = Browser(app)
    assert browser.sign_in("ada", PASSWORD).status_code == 401
    browser.get(address.path)
    browser.post(address.path, password=NEW, again=NEW)
    browser.sign_in("ada", NEW)
    assert "Set up the second factor" in browser.text
    assert Browser(app).get(address.path).status_code == 404, "it works once"


@pytest.mark.parametrize("command", ["reset-password", "reset-second-factor"])
def test_whom_there_is_not_is_said_and_nothing_happens(
    database: Database, settings: Path, command: str
) -> None:
    with database.write() as session:
        account(session, "gone").active = False
    for name in ("nobody", "gone"):
        answer = run(settings, command, name)
        assert answer.exit_code == 1
        assert f"There is no account “{name}” that may sign in." in answer.output
    assert recorded(database) == []
