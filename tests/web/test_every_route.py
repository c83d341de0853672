"""What holds for every route, whoever asks and whatever comes out: headers, cookies, caching, and where paths end."""

import io
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from flask import Flask, url_for
from werkzeug.test import TestResponse

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.partners import registering
from frontoffice.partners.models import PartnerKind, Scope
from frontoffice.partners.registering import Terms
from frontoffice.staff.models import Role
from frontoffice.web import access, entering
from frontoffice.web.app import SECURITY_HEADERS, create_app
from frontoffice.web.needs import Door, doors
from tests.line.parts import PASSWORD, account, token
from tests.test_housekeeping import MONDAY

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|\son\w+=|\sstyle=|javascript:|<style",
    re.IGNORECASE,
)
KEPT = {"assets.static", "screen_pages.worker"}  # the same for everybody
ESCAPES = [
    "/static/../../etc/passwd",
    "/static/..%2f..%2f..%2fetc%2fpasswd",
    "/static/%2e%2e/%2e%2e/pyproject.toml",
    "/static/....//....//pyproject.toml",
    "/static//etc/passwd",
    "/static/..\\..\\pyproject.toml",
    "/static/css/..%00.css",
    "/static/css/\x00",
    "/draws/..%2f..%2fconfig.toml/record.json",
    "/language/..%2f..%2fetc",
    "/screen/..%2f..%2f/",
    "/a/../../etc/passwd",
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough: no database decides about headers."""
    return sqlite_url


@pytest.fixture(params=["http", "https"])
def app(request: pytest.FixtureRequest, config: Config, database: Database) -> Flask:
    """The application at an address of either kind."""
    site = config.site.model_copy(update={"base_url": f"{request.param}://office.example"})
    told = config.messages.model_dump() | {"metrics": {"token": "a token that is long enough for this"}}
    messages = type(config.messages).model_validate(told)
    return create_app(config.model_copy(update={"site": site, "messages": messages}), database)


def answers(app: Flask, database: Database, office: Office) -> Iterator[tuple[Door, TestResponse]]:
    """What every route answers to nobody and to a team lead."""
    with database.write() as session:
        signed_in = token(session, account(session, "lead", Role.TEAM_LEAD), MONDAY)
    https = "https" in app.config["SESSION_COOKIE_NAME"] or app.config["SESSION_COOKIE_SECURE"]
    base = "https://office.example" if https else "http://office.example"
    known = {
        "slug": office.slug,
        "office_slug": office.slug,
        "office": office.slug,
        "counter": 1,
        "code": "en",
    }
    for staff in (False, True):
        for door in doors(app):
            if door.rule.endpoint == "live.follow":
                continue  # a stream; test_live looks at its headers
            client = app.test_client()
            with client.session_transaction(base_url=base) as browser:
                browser["csrf_token"] = "0" * 40
                if staff:
                    browser[access.COOKIE_KEY] = signed_in
            with app.test_request_context(base_url=base):
                values = {name: known.get(name, _made_up(door, name)) for name in door.rule.arguments}
                path = url_for(door.rule.endpoint, **values)
            yield door, client.open(path, method=door.method, base_url=base)


def _made_up(door: Door, name: str) -> object:
    converter = door.rule._converters[name]
    if converter.__class__.__name__ == "AnyConverter":
        return next(iter(converter.items))
    if converter.__class__.__name__ == "IntegerConverter":
        return 1
    length = re.search(r"\{(\d+)", converter.regex)
    return "css/site.css" if door.rule.endpoint == "assets.static" else "a" * int(length[1] if length else 24)


def test_every_answer_has_every_header_and_every_cookie_its_flags(
    app: Flask, database: Database, office: Office
) -> None:
    https = app.config["SESSION_COOKIE_SECURE"]
    wrong: list[str] = []
    seen = 0
    for door, answer in answers(app, database, office):
        seen += 1
        where = f"{door.method} {door.rule.rule} ({answer.status_code})"
        wrong += [f"{where}: no {name}" for name in SECURITY_HEADERS if name not in answer.headers]
        if ("Strict-Transport-Security" in answer.headers) != https:
            wrong.append(f"{where}: HSTS")
        policy = answer.headers.get("Content-Security-Policy", "")
        if "unsafe" in policy or "frame-ancestors 'none'" not in policy:
            wrong.append(f"{where}: {policy}")
        if answer.status_code >= 500:
            wrong.append(f"{where}: failed")
        if door.rule.endpoint not in KEPT and "no-store" not in answer.headers["Cache-Control"]:
            wrong.append(f"{where}: {answer.headers['Cache-Control']}")
        if "Server" in answer.headers or "X-Powered-By" in answer.headers:
            wrong.append(f"{where}: tells what it runs on")
        wrong += [f"{where}: {said}" for said in _wrong_cookies(answer, https=https)]
        if answer.mimetype == "text/html" and (found := INLINE.search(answer.text)):
            wrong.append(f"{where}: inline {found[0]}")
        answer.close()
    assert seen > 400
    assert not wrong, "\n".join(wrong[:40])


def _wrong_cookies(answer: TestResponse, *, https: bool) -> Iterator[str]:
    for line in answer.headers.getlist("Set-Cookie"):
        for name, cookie in SimpleCookie(line).items():
            if not cookie["httponly"] or cookie["samesite"] not in ("Lax", "Strict"):
                yield f"cookie {line}"
            path = "/staff" if name == entering.BROWSER_COOKIE else "/"
            if bool(cookie["secure"]) != https or cookie["domain"] or cookie["path"] != path:
                yield f"cookie {line}"
            if "session" in name and name.startswith("__Host-") != https:
                yield f"cookie {line}"


def test_the_cookies_of_signing_in_have_their_flags_too(
    app: Flask, database: Database, office: Office
) -> None:
    https = app.config["SESSION_COOKIE_SECURE"]
    with database.write() as session:
        account(session, "lead", Role.TEAM_LEAD)
    client = app.test_client()
    address = f"{'https' if https else 'http'}://office.example/staff/sign-in"
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(address).text)
    assert csrf
    sent = {"csrf_token": csrf[1], "username": "lead", "password": PASSWORD}
    answer = client.post(address, data=sent, headers={"Referer": address})
    assert answer.status_code == 303
    names = {name for line in answer.headers.getlist("Set-Cookie") for name in SimpleCookie(line)}
    assert names == {app.config["SESSION_COOKIE_NAME"], entering.BROWSER_COOKIE}
    assert list(_wrong_cookies(answer, https=https)) == []


@pytest.mark.parametrize("path", ESCAPES)
def test_no_path_leads_out_of_its_folder(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert answer.status_code in (303, 308, 400, 404)
    assert "root:" not in answer.text
    assert "[project]" not in answer.text


ADDRESSES = [
    "/{{ 7*7 }}",
    "/book/{{7*7}}/",
    "/?q={{7*7}}",
    "/draws/{{config}}/",
    "/staff/sign-in?next={{7*7}}",
]


@pytest.mark.parametrize("path", ADDRESSES)
def test_no_address_is_taken_for_a_template(app: Flask, path: str) -> None:
    text = app.test_client().get(path).text
    assert not re.search(r"\b49\b", text)
    assert "SECRET_KEY" not in text


def test_error_pages_have_the_headers_too(app: Flask) -> None:
    app.add_url_rule("/bug", "bug", lambda: 1 / 0)
    client = app.test_client()
    large = client.post("/appointments/", data={"a": "x" * 600_000})
    fields = {str(number): "" for number in range(1100)}
    many = client.post("/appointments/", data=fields, content_type="multipart/form-data")
    answers = [client.get("/bug"), client.get("/nowhere"), client.put("/"), large, many]
    assert [answer.status_code for answer in answers] == [500, 404, 405, 413, 413]
    for answer in answers:
        assert set(SECURITY_HEADERS) <= set(answer.headers.keys())


LISTS = [
    b"\x00" * 1000,
    b"\xff\xfe" + "Zoë;1.1.1990".encode("utf-16-le"),
    bytes(range(256)) * 100,
    b"name;born;mail\n" * 30_000,
    b";" * 400_000,
    b'"' + b"x" * 400_000,
    b"=cmd|' /C calc'!A0;1.1.1990;a@b.example;;de\n",
]


@pytest.mark.parametrize("content", LISTS, ids=range(len(LISTS)))
def test_the_one_file_that_can_be_sent_is_read_and_never_kept(
    config: Config, database: Database, office: Office, content: bytes
) -> None:
    """A partner's list of people (see docs/security.md): read in memory, refused where it is none or too long."""
    app = create_app(config, database)
    with database.write() as session:
        place = session.get_one(Office, office.id)
        partner = registering.add(session, "Works", PartnerKind.EMPLOYER, Terms((Scope.BOOK,)), MONDAY)
        registering.grant(session, partner, place, MONDAY)
        link = registering.issue_link(session, partner, MONDAY)
    client = app.test_client()
    page = client.get(f"/partner/{link}/")
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert csrf
    sent = {"csrf_token": csrf[1], "file": (io.BytesIO(content), "../../etc/cron.d/list.csv")}
    answer = client.post(
        f"/partner/{link}/?office={office.slug}", data=sent, content_type="multipart/form-data"
    )
    assert answer.status_code < 500
    assert answer.status_code != 400, "the form itself was refused"
