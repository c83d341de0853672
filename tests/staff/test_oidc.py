"""Sign-in through the organisation, against a real OpenID provider on loopback."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.offices.models import Office
from frontoffice.staff import accounts, signing_in
from frontoffice.staff.models import Account, Role
from frontoffice.staff.signing_in import WrongCredentials
from tests.conftest import application
from tests.sample import sample_office
from tests.staff import oidc
from tests.staff.oidc import OpenIdProvider

PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    with oidc.provider() as found:
        yield found


@pytest.fixture
def provider(running: OpenIdProvider) -> OpenIdProvider:
    running.change = None
    running.asked.clear()
    return running


@pytest.fixture
def office(database: Database) -> Office:
    with database.write() as session:
        return sample_office(session, "mitte")


@pytest.fixture
def config(config: Config, provider: OpenIdProvider) -> Config:
    return with_oidc(config, provider)


def with_oidc(config: Config, provider: OpenIdProvider, **more: Any) -> Config:
    settings = {
        "name": "Landesamt",
        "issuer": provider.issuer,
        "client_id": "frontoffice",
        "client_secret": oidc.CLIENT["client_secret"],
        "roles": {"fo-lead": "team_lead", "fo-desk": "front_desk"},
        "office_claim": "office",
        "offices": {"mitte": "mitte", "all": "*"},
        "create": True,
        **more,
    }
    values = config.model_dump()
    values["staff"] = {**values["staff"], "oidc": settings}
    return Config.model_validate(values)


def who(database: Database, username: str) -> Account | None:
    with database.read() as session:
        return accounts.find(session, username)


def test_who_signs_in_there_gets_an_account_with_role_and_offices(
    client: FlaskClient, database: Database, office: Office, provider: OpenIdProvider
) -> None:
    answer = oidc.sign_in(client, "lena")
    assert (answer.status_code, answer.location) == (303, "/staff/account/"), answer.text
    page = client.get("/staff/account/")
    assert "Lena Leitung" in page.text
    lena = who(database, "lena")
    assert lena is not None
    assert (lena.role, lena.office_ids, lena.everywhere) == (Role.TEAM_LEAD, {office.id}, False)
    assert (lena.issuer, lena.subject, lena.password_hash) == (provider.issuer, "lena", None)
    again = oidc.sign_in(client, "lena")
    assert again.status_code == 303
    with database.read() as session:
        assert len(session.scalars(select(Account)).unique().all()) == 1
        kinds = session.scalars(select(Event.kind).order_by(Event.id)).all()
    assert kinds == ["account.added", "account.linked", "sign_in.done", "sign_in.done"]


def test_a_claim_may_be_a_list_and_give_every_office(
    client: FlaskClient, database: Database, office: Office
) -> None:
    assert oidc.sign_in(client, "kim").status_code == 303
    kim = who(database, "kim")
    assert kim is not None
    assert (kim.role, kim.everywhere) == (Role.FRONT_DESK, True)


@pytest.mark.parametrize(("login", "sentence"), [("nora", "gives you no role"), ("ole", "names no office")])
def test_who_has_no_role_or_office_here_is_told_so(
    client: FlaskClient, database: Database, office: Office, login: str, sentence: str
) -> None:
    client.set_cookie("language", "en")
    answer = oidc.sign_in(client, login)
    assert (answer.status_code, sentence in answer.text) == (403, True)
    assert client.get("/staff/account/").status_code == 303
    assert who(database, login) is None


def _other_nonce(claims: dict[str, Any], key: RSAKey) -> str:
    return oidc.signed({**claims, "nonce": "of somebody else"}, key)


def _no_nonce(claims: dict[str, Any], key: RSAKey) -> str:
    return oidc.signed({name: value for name, value in claims.items() if name != "nonce"}, key)


def _other_audience(claims: dict[str, Any], key: RSAKey) -> str:
    return oidc.signed({**claims, "aud": "another-program"}, key)


def _other_issuer(claims: dict[str, Any], key: RSAKey) -> str:
    return oidc.signed({**claims, "iss": "https://evil.example"}, key)


def _expired(claims: dict[str, Any], key: RSAKey) -> str:
    return oidc.signed({**claims, "iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}, key)


def _other_key(claims: dict[str, Any], key: RSAKey) -> str:
    return oidc.signed(claims, RSAKey.generate_key(2048, {"kid": key.kid}))


def _nobody(claims: dict[str, Any], key: RSAKey) -> str:
    return oidc.signed({name: value for name, value in claims.items() if name != "sub"}, key)


@pytest.mark.parametrize(
    "change", [_other_nonce, _no_nonce, _other_audience, _other_issuer, _expired, _other_key, _nobody]
)
def test_a_token_that_was_changed_on_its_way_signs_nobody_in(
    client: FlaskClient, database: Database, office: Office, provider: OpenIdProvider, change: Any
) -> None:
    provider.change = change
    answer = oidc.sign_in(client, "lena")
    assert answer.status_code == 403
    assert client.get("/staff/account/").status_code == 303
    assert who(database, "lena") is None
    with database.read() as session:
        assert session.scalars(select(Event.kind)).all() == ["sign_in.failed"]


def test_clocks_may_differ_by_a_minute(client: FlaskClient, office: Office, provider: OpenIdProvider) -> None:
    provider.change = lambda claims, key: oidc.signed({**claims, "exp": int(time.time()) - 60}, key)
    assert oidc.sign_in(client, "lena").status_code == 303


def test_a_way_back_counts_once_and_only_for_the_browser_that_went_there(
    app: Flask, client: FlaskClient, office: Office
) -> None:
    back = oidc.way_back(client, "lena")
    assert app.test_client().get(back).status_code == 403, "another browser has no such state"
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 403, "the state is used"
    # The same code with a state of its own: the provider itself refuses it.
    fresh = oidc.way_back(client, "lena")
    code = back.partition("code=")[2].partition("&")[0]
    replayed = fresh.replace(fresh.partition("code=")[2].partition("&")[0], code)
    assert client.get(replayed).status_code == 403


def test_a_refusal_of_the_provider_is_no_sign_in(client: FlaskClient, office: Office) -> None:
    client.get("/staff/oidc/")
    assert client.get("/staff/oidc/back?error=access_denied&state=x").status_code == 403


def test_who_comes_back_with_errors_again_and_again_fills_no_record(
    config: Config, database: Database, office: Office, provider: OpenIdProvider
) -> None:
    config = with_oidc(config, provider)
    config = config.model_copy(
        update={"staff": config.staff.model_copy(update={"attempts_per_quarter_hour": 3})}
    )
    browser = application(config, database).test_client()
    most = 3 * signing_in.ATTEMPTS_OF_A_NETWORK
    assert {browser.get("/staff/oidc/back?error=x").status_code for _ in range(most + 3)} == {403}
    with database.read() as session:
        kinds = session.scalars(select(Event.kind)).all()
    assert kinds == ["sign_in.failed"] * most


def test_where_a_second_factor_is_required_the_token_has_to_say_so(
    config: Config, database: Database, office: Office, provider: OpenIdProvider
) -> None:
    config = with_oidc(config, provider, required_acr=["mfa", "passkey"])
    client = application(config, database).test_client()
    client.set_cookie("language", "en")
    assert "acr_values=mfa+passkey" in client.get("/staff/oidc/").location.replace("%20", "+")
    for said in ({}, {"acr": "password"}, {"acr": ["mfa"]}):
        provider.change = lambda claims, key, said=said: oidc.signed({**claims, **said}, key)
        refused = oidc.sign_in(client, "lena")
        assert (refused.status_code, "without the second factor" in refused.text) == (403, True)
        assert who(database, "lena") is None
    provider.change = lambda claims, key: oidc.signed({**claims, "acr": "passkey"}, key)
    assert oidc.sign_in(client, "lena").status_code == 303


def test_nobody_is_sent_to_another_site_after_it(client: FlaskClient, office: Office) -> None:
    begun = client.get("/staff/oidc/?next=https://evil.example/")
    assert begun.status_code == 302
    with client.session_transaction() as browser:
        kept = {name: browser[name] for name in browser}
    back = oidc.way_back(client, "lena")
    with client.session_transaction() as browser:
        browser["oidc_next"] = kept["oidc_next"]
    assert client.get(back).location == "/"


def test_it_asks_with_pkce_state_and_nonce(client: FlaskClient, office: Office) -> None:
    asked = client.get("/staff/oidc/").location
    for part in ("code_challenge=", "code_challenge_method=S256", "state=", "nonce=", "response_type=code"):
        assert part in asked


def test_a_session_before_it_is_worth_nothing_after_it(
    app: Flask, client: FlaskClient, office: Office
) -> None:
    client.get("/staff/sign-in")
    back = oidc.way_back(client, "lena")
    before = client.get_cookie("session")
    assert before is not None
    assert client.get(back).status_code == 303
    thief = app.test_client()
    thief.set_cookie("session", before.value)
    assert thief.get("/staff/account/").status_code == 303


def test_an_account_that_was_prepared_is_linked_and_one_in_use_is_not(
    config: Config, database: Database, office: Office, provider: OpenIdProvider
) -> None:
    client = application(with_oidc(config, provider, create=False), database).test_client()
    assert oidc.sign_in(client, "lena").status_code == 403, "nobody has prepared an account"
    now = datetime.now(UTC)
    with database.write() as session:
        accounts.add(session, "lena", "Lena", PASSWORD, Role.CASEWORKER, office, now)
        accounts.add(session, "kim", "Kim", None, Role.CASEWORKER, office, now)
    assert oidc.sign_in(client, "lena").status_code == 403, "that account has an owner already"
    assert oidc.sign_in(client, "kim").status_code == 303
    kim = who(database, "kim")
    assert kim is not None
    assert (kim.subject, kim.role, kim.everywhere) == ("kim", Role.FRONT_DESK, True)


def test_who_is_locked_here_does_not_get_in_by_that_door(
    client: FlaskClient, database: Database, office: Office
) -> None:
    oidc.sign_in(client, "lena")
    with database.write() as session:
        found = accounts.find(session, "lena")
        assert found is not None
        found.active = False
    assert client.get("/staff/account/").status_code == 303
    assert oidc.sign_in(client, "lena").status_code == 403


def test_a_linked_account_has_no_password_here_unless_that_is_wanted(
    client: FlaskClient, database: Database, office: Office
) -> None:
    oidc.sign_in(client, "lena")
    with database.write() as session:
        found = accounts.find(session, "lena")
        assert found is not None
        signing_in.change_password(session, found, None, PASSWORD, datetime.now(UTC))
    with database.read() as session:
        with pytest.raises(WrongCredentials):
            signing_in.prove(session, "lena", PASSWORD, of_linked=False)
        assert signing_in.prove(session, "lena", PASSWORD).account_id == found.id


def test_signing_out_shows_the_way_out_there_too(
    app: Flask, client: FlaskClient, office: Office, provider: OpenIdProvider
) -> None:
    oidc.sign_in(client, "lena")
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        answer = client.post("/staff/sign-out")
    finally:
        app.config["WTF_CSRF_ENABLED"] = True
    assert answer.location == "/staff/oidc/signed-out"
    away = client.get("/staff/oidc/sign-out").location
    assert away.startswith(f"{provider.issuer}/session/end?")
    assert "client_id=frontoffice" in away


def test_a_provider_that_cannot_be_reached_is_said(
    config: Config, database: Database, provider: OpenIdProvider
) -> None:
    client = application(with_oidc(config, provider, issuer="http://127.0.0.1:9"), database).test_client()
    assert client.get("/staff/oidc/").status_code == 502


def test_no_token_is_logged(
    client: FlaskClient, office: Office, provider: OpenIdProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    provider.change = _other_nonce
    oidc.sign_in(client, "lena")
    said = "".join(capfd.readouterr())
    assert "oidc.failed" in said
    assert "eyJ" not in said
    assert "code=" not in said
