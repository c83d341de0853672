"""What holds for every page: headers, errors, languages, the guard against foreign forms."""

import gzip
import re

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from wtforms import Form, StringField

from frontoffice import languages
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.paths import STATIC
from frontoffice.web.app import create_app


def test_pages_carry_a_policy_without_inline_script(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_pages_are_not_kept_by_shared_computers(client: FlaskClient) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_assets_may_be_kept_for_ever_when_their_address_names_the_content(client: FlaskClient) -> None:
    assert "immutable" in client.get("/static/css/site.css?v=abc").headers["Cache-Control"]
    assert "immutable" not in client.get("/static/css/site.css").headers["Cache-Control"]


def test_fonts_name_their_content_and_may_be_kept_for_ever(client: FlaskClient) -> None:
    font = next((STATIC / "fonts").glob("*.woff2")).name
    assert "immutable" in client.get(f"/static/fonts/{font}").headers["Cache-Control"]


def test_text_goes_compressed_to_browsers_that_take_it(client: FlaskClient) -> None:
    plain = client.get("/static/css/site.css")
    packed = client.get("/static/css/site.css", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.mimetype == plain.mimetype == "text/css"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "name", ["../../pyproject.toml", "..%2f..%2fpyproject.toml", "css", "css/nowhere.css"]
)
def test_nothing_but_built_assets_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_an_unknown_page_is_a_page_that_says_what_to_do(client: FlaskClient) -> None:
    answer = client.get("/nowhere", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "start again from the first page" in answer.text


def test_an_unknown_address_of_the_api_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nowhere")
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (
        404,
        "application/problem+json",
        "not_found",
    )


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    answer = client.put("/api/v1/offices")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_bug_shows_no_stack_trace(config: Config, database: Database) -> None:
    app = create_app(config, database)
    app.add_url_rule("/bug", "bug", lambda: 1 / 0)
    answer = app.test_client().get("/bug")
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert "Traceback" not in answer.text


def test_the_browser_chooses_the_language_until_the_visitor_does(client: FlaskClient) -> None:
    assert '<html lang="en"' in client.get("/", headers={"Accept-Language": "pl, en;q=0.5"}).text
    assert '<html lang="de"' in client.get("/", headers={"Accept-Language": "pl"}).text
    answer = client.get("/language/en?next=/nowhere")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/nowhere")
    assert '<html lang="en"' in client.get("/", headers={"Accept-Language": "de"}).text


@pytest.mark.parametrize(
    ("wished", "code"),
    [
        ("uk-UA,en;q=0.5", "uk"),
        ("fa-AF", "fa"),
        ("prs-AF", "fa"),
        ("de-AT,en;q=0.3", "de"),
        ("ar-SY,de-DE;q=0.9,de;q=0.8", "ar"),
        ("de-simple", "de-simple"),
        ("pl-PL,fr-CA;q=0.7,en;q=0.3", "fr"),
    ],
)
def test_a_browser_may_name_the_country_with_the_language(
    config: Config, database: Database, wished: str, code: str
) -> None:
    site = config.site.model_copy(update={"languages": languages.SUPPORTED})
    client = create_app(config.model_copy(update={"site": site}), database).test_client()
    assert f'<html lang="{code}"' in client.get("/", headers={"Accept-Language": wished}).text


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "evil",
        "",
        "//[",
        "/x\r\nA: b",
        "/\t/evil",
    ],
)
def test_the_language_switch_leads_nowhere_else(client: FlaskClient, elsewhere: str) -> None:
    assert client.get("/language/en", query_string={"next": elsewhere}).headers["Location"] == "/"


def test_an_unknown_language_is_not_found(client: FlaskClient) -> None:
    assert client.get("/language/xx").status_code == 404


def test_a_form_from_elsewhere_is_refused_with_advice(client: FlaskClient) -> None:
    answer = client.post("/staff/sign-in", data={}, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert "send the form again" in answer.text


def test_a_request_that_is_far_too_large_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/v1/holds", data=b"x" * 600_000, content_type="application/json")
    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"


def test_the_cookie_is_kept_from_scripts_and_plain_connections(config: Config, database: Database) -> None:
    secure = config.model_copy(
        update={"site": config.site.model_copy(update={"base_url": "https://x.example"})}
    )
    app: Flask = create_app(secure, database)
    assert app.config["SESSION_COOKIE_SECURE"]
    cookie = app.test_client().get("/language/en").headers["Set-Cookie"]
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax"))


def test_what_is_typed_runs_as_its_own_letters_do(app: Flask) -> None:
    class Person(Form):
        name = StringField("Name")
        mail = StringField("Mail")
        code = StringField("Code")

    page = (
        '{% from "macros/forms.html" import text %}{{ text(form.name) }}{{ text(form.mail, type="email") }}'
        '{{ text(form.code, attributes={"dir": "ltr"}) }}'
    )
    with app.test_request_context("/"):
        shown = render_template_string(page, form=Person())
    assert re.findall(r'<input [^>]*name="(\w+)"[^>]* dir="(\w+)"', shown) == [
        ("name", "auto"),
        ("mail", "ltr"),
        ("code", "ltr"),
    ]
    assert shown.count(" dir=") == 3
