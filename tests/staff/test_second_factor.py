"""The second factor: set up, asked for, used once, and what stands in for it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pyotp
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import TooMany
from frontoffice.events import Event
from frontoffice.offices.models import Office
from frontoffice.staff import second_factor, signing_in
from frontoffice.staff.models import Account, RecoveryCode, Role, StaffSession, Step
from tests.line.browsing import Browser
from tests.line.parts import PASSWORD, account


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def miriam(database: Database) -> Account:
    with database.write() as session:
        return account(session)


def set_up(database: Database, who: Account, now: datetime) -> tuple[pyotp.TOTP, list[str]]:
    """Switch the second factor on for an account; gives its app, and its recovery codes."""
    with database.write() as session:
        found = session.get_one(Account, who.id)
        app = pyotp.TOTP(second_factor.prepare(session, found))
        return app, second_factor.confirm(
            session, found, app.at(now - timedelta(seconds=60)), now - timedelta(seconds=60)
        )


def use(database: Database, who: Account, code: str, now: datetime) -> bool:
    with database.write() as session:
        return second_factor.use(session, session.get_one(Account, who.id), code, now)


def test_a_code_counts_once_and_an_older_one_not_after_it(
    database: Database, miriam: Account, now: datetime
) -> None:
    app, _codes = set_up(database, miriam, now)
    assert use(database, miriam, app.at(now), now)
    assert not use(database, miriam, app.at(now), now)
    assert not use(database, miriam, app.at(now - timedelta(seconds=30)), now)
    assert use(database, miriam, app.at(now + timedelta(seconds=30)), now)


@pytest.mark.parametrize(("ahead", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_telephones_clock_may_be_half_a_minute_wrong(
    database: Database, miriam: Account, now: datetime, ahead: int, counts: bool
) -> None:
    with database.write() as session:
        app = pyotp.TOTP(second_factor.prepare(session, session.get_one(Account, miriam.id)))
        session.get_one(Account, miriam.id).totp = session.get_one(Account, miriam.id).totp_new
    assert use(database, miriam, app.at(now + timedelta(seconds=30 * ahead)), now) is counts


def test_a_recovery_code_lets_in_once_and_is_not_stored(
    database: Database, miriam: Account, now: datetime
) -> None:
    _app, codes = set_up(database, miriam, now)
    assert len(set(codes)) == 10
    with database.read() as session:
        stored = session.scalars(select(RecoveryCode.fingerprint)).all()
    assert not set(stored) & {each.replace("-", "") for each in codes}
    assert use(database, miriam, codes[3].upper(), now)
    assert not use(database, miriam, codes[3], now)
    assert use(database, miriam, codes[4].replace("-", " "), now)


def test_the_secret_is_sealed(database: Database, miriam: Account, now: datetime) -> None:
    app, _codes = set_up(database, miriam, now)
    with database.read() as session:
        assert app.secret.encode() not in (session.get_one(Account, miriam.id).totp or b"")


def test_who_has_a_second_factor_enters_its_code_after_the_password(
    app: Flask, database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    phone, _codes = set_up(database, miriam, now)
    browser = Browser(app)
    browser.get("/desk/?office=musterstadt")
    browser.post("/staff/sign-in", username="miriam", password=PASSWORD, next="/desk/?office=x")
    assert "Please enter the code" in browser.text
    assert browser.get("/desk/").request.path == "/staff/sign-in", "the password alone opens nothing"
    assert browser.post("/staff/sign-in/code", code="000000").status_code == 401
    before = session_cookie(browser)
    browser.post("/staff/sign-in/code", code=phone.at(now), next="/desk/")
    assert browser.path == "/desk/"
    assert session_cookie(browser) != before
    with database.read() as session:
        kinds = session.scalars(select(Event.kind).order_by(Event.id)).all()
    assert kinds[-2:] == ["sign_in.failed", "sign_in.done"]


def test_five_wrong_codes_end_the_sign_in(
    app: Flask, database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    phone, _codes = set_up(database, miriam, now)
    browser = Browser(app)
    browser.sign_in()
    for _ in range(signing_in.MOST_WRONG_CODES):
        browser.post("/staff/sign-in/code", code="000000")
    browser.get("/staff/sign-in")
    assert browser.post("/staff/sign-in/code", code=phone.at(now)).request.path == "/staff/sign-in"
    assert browser.get("/desk/").request.path == "/staff/sign-in"


def test_codes_cannot_be_guessed_by_signing_in_again_and_again(
    database: Database, miriam: Account, now: datetime
) -> None:
    set_up(database, miriam, now)
    proof = signing_in.Proof(miriam.id, miriam.password_hash or "", None)
    tried = 0
    with pytest.raises(TooMany):
        for _ in range(20):
            with database.write() as session:
                token, _end = signing_in.begin(session, proof, now, 10, step=Step.CODE)
            with database.write() as session:
                half = signing_in.session_of(session, token, now)
                assert half is not None
                assert not signing_in.enter_code(session, half, "000000", 10, now)
            tried += 1
    assert tried == 10


def test_an_administrator_sets_it_up_before_anything_else(
    app: Flask, database: Database, now: datetime
) -> None:
    with database.write() as session:
        account(session, "dana", Role.ADMINISTRATOR)
    browser = Browser(app)
    browser.sign_in("dana")
    assert "Set up the second factor" in browser.text
    assert browser.get("/staff/accounts/").request.path == "/staff/sign-in"
    secret = re.search(r"second-factor__secret[^>]*>([A-Z2-7 ]+)<", browser.page.text)
    assert secret is not None
    phone = pyotp.TOTP(secret[1].replace(" ", ""))
    assert browser.post("/staff/sign-in/second-factor", code="123456").status_code == 422
    browser.post("/staff/sign-in/second-factor", code=phone.at(now))
    assert len(re.findall(r"<code>([a-z2-7]{4}-){3}[a-z2-7]{4}</code>", browser.page.text)) == 10
    assert browser.get("/staff/accounts/").request.path == "/staff/accounts/"


def test_a_sign_in_begun_before_it_was_set_up_sets_up_no_other(
    app: Flask, database: Database, now: datetime
) -> None:
    with database.write() as session:
        dana = account(session, "dana", Role.ADMINISTRATOR)
    others, owner = Browser(app), Browser(app)
    others.sign_in("dana")
    owner.sign_in("dana")
    with database.read() as session:
        sealed = session.get_one(Account, dana.id).totp_new
        phone = pyotp.TOTP(database.vault.open(sealed or ""))
    owner.post("/staff/sign-in/second-factor", code=phone.at(now))
    with database.write() as session:
        theirs = session.get_one(Account, dana.id)
        assert [each.step for each in _live(session)] == [None], "every other sign-in has ended"
        kept = theirs.totp
        # Even one that was overlooked:
        session.execute(update(StaffSession).values(ended_at=None))
        theirs.totp_new = sealed
    others.post("/staff/sign-in/second-factor", code=phone.at(now))
    assert "shown only now" not in others.text
    assert "Set up the second factor" not in others.get("/staff/sign-in").text
    with database.read() as session:
        assert session.get_one(Account, dana.id).totp == kept


def test_with_a_new_phone_every_other_sign_in_ends(
    app: Flask, database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    other, here = Browser(app), Browser(app)
    other.sign_in()
    here.sign_in()
    here.get("/staff/account/second-factor")
    with database.read() as session:
        phone = pyotp.TOTP(database.vault.open(session.get_one(Account, miriam.id).totp_new or ""))
    here.post("/staff/account/second-factor", code=phone.at(now))
    assert here.get("/desk/").request.path == "/desk/"
    assert other.get("/desk/").request.path == "/staff/sign-in"


def _live(session: Session) -> list[StaffSession]:
    return list(session.scalars(select(StaffSession).where(StaffSession.ended_at.is_(None))))


def test_which_roles_need_one_is_configured(app: Flask, config: Config, database: Database) -> None:
    assert config.staff.totp_required == ("administrator",)
    with database.write() as session:
        dana = account(session, "dana", Role.ADMINISTRATOR)
        aylin = account(session, "aylin", Role.TEAM_LEAD)
    assert signing_in.step_of(dana, {Role.ADMINISTRATOR}) is Step.ENROL
    assert signing_in.step_of(aylin, {Role.ADMINISTRATOR}) is None
    assert signing_in.step_of(aylin, set(Role)) is Step.ENROL


def test_a_program_sends_the_code_with_the_password(
    app: Flask, database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    phone, codes = set_up(database, miriam, now)
    client = app.test_client()

    def sign_in(**more: str) -> tuple[int, str]:
        answer = client.post(
            "/api/v1/staff/sessions", json={"username": "miriam", "password": PASSWORD, **more}
        )
        assert answer.json is not None
        return answer.status_code, answer.json.get("code") or answer.json["token"]

    assert sign_in() == (401, "code_needed")
    assert sign_in(code="000000") == (401, "code_needed")
    status, token = sign_in(code=phone.at(now))
    assert status == 201
    assert sign_in(code=phone.at(now)) == (401, "code_needed"), "a code counts once"
    assert sign_in(code=codes[0])[0] == 201
    answer = client.get(
        f"/api/v1/offices/{office.slug}/counters", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200
    with database.read() as session:
        halves = session.scalars(select(StaffSession).where(StaffSession.step.is_not(None))).all()
    assert all(each.ended_at for each in halves)


def test_one_renews_codes_and_switches_it_off_only_with_a_code(
    app: Flask,
    database: Database,
    office: Office,
    miriam: Account,
    now: datetime,
    clock: time_machine.Traveller,
) -> None:
    phone, _codes = set_up(database, miriam, now)
    browser = Browser(app)
    browser.sign_in()
    browser.post("/staff/sign-in/code", code=phone.at(now))
    browser.get("/staff/account/")
    browser.post("/staff/account/second-factor/off", code="000000")
    assert "This code is not right" in browser.text
    clock.move_to(now + timedelta(minutes=1))
    browser.post("/staff/account/second-factor/codes", code=phone.at(now + timedelta(minutes=1)))
    assert "They are shown only now" in browser.text
    browser.get("/staff/account/")
    clock.move_to(now + timedelta(minutes=2))
    browser.post("/staff/account/second-factor/off", code=phone.at(now + timedelta(minutes=2)))
    assert "no second factor any more" in browser.text
    with database.read() as session:
        assert session.get_one(Account, miriam.id).totp is None


def session_cookie(browser: Browser) -> str:
    found = browser.client.get_cookie("session")
    return found.value if found else ""
