"""Requests are numbered, counted and logged, and the log says nothing about who asked."""

import io
import json
import logging
import re

import pytest
from flask.testing import FlaskClient

from frontoffice import logs
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.operations import metrics
from frontoffice.web.app import create_app
from tests.test_housekeeping import MONDAY

SECRET_LINK = "/appointments/ABCD2345/averysecretsecretinthelin/"


def behind_proxy(config: Config, **web: object) -> Config:
    return config.model_copy(update={"web": config.web.model_copy(update={"proxies": 1, **web})})


def test_the_log_line_of_a_request_has_the_rule_and_not_the_link(
    config: Config, database: Database, real_logs: io.StringIO
) -> None:
    client = create_app(config, database).test_client()
    client.get(f"{SECRET_LINK}?mail=zoe@mail.example", environ_base={"REMOTE_ADDR": "203.0.113.77"})
    (line,) = [json.loads(each) for each in real_logs.getvalue().splitlines() if '"request"' in each]
    assert line["rule"] == "/appointments/<reference>/<secret>/"
    assert set(line) == {"event", "method", "rule", "status", "ms", "request", "level", "timestamp"}
    for word in ("ABCD2345", "averysecret", "zoe", "203.0.113"):
        assert word not in json.dumps(line)


def test_a_request_keeps_the_number_that_our_own_proxy_gave_it(config: Config, database: Database) -> None:
    client = create_app(behind_proxy(config), database).test_client()
    given = client.get("/", headers={"X-Request-ID": "from-the-proxy-0001"}).headers["X-Request-ID"]
    assert given == "from-the-proxy-0001"
    for bad in ("short", 'x" onload="1234', "a" * 65, "line\u2028break-1234"):
        own = client.get("/", headers={"X-Request-ID": bad.encode().decode("latin-1")}).headers[
            "X-Request-ID"
        ]
        assert re.fullmatch("[0-9a-f]{16}", own)


def test_without_a_proxy_nobody_chooses_the_number(client: FlaskClient) -> None:
    given = client.get("/", headers={"X-Request-ID": "chosen-by-a-visitor"}).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{16}", given)


def test_a_person_can_tell_the_office_the_number_of_what_went_wrong(
    config: Config, database: Database, real_logs: io.StringIO
) -> None:
    app = create_app(config, database)
    app.add_url_rule("/bug", "bug", lambda: 1 / 0)
    answer = app.test_client().get("/bug", headers={"Accept-Language": "en"})
    number = answer.headers["X-Request-ID"]
    assert f"tell us this number: {number}" in answer.text
    failed = next(
        json.loads(line) for line in real_logs.getvalue().splitlines() if "unexpected error" in line
    )
    assert failed["request"] == number


def test_requests_are_counted_by_part_and_outcome(
    config: Config, database: Database, client: FlaskClient
) -> None:
    def told() -> dict[str, float]:
        with database.read() as session:
            lines = metrics.exposition(session, MONDAY).decode().splitlines()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
        }

    names = [
        'frontoffice_requests_total{area="start",method="read",status="2xx"}',
        'frontoffice_requests_total{area="unknown",method="read",status="4xx"}',
        'frontoffice_requests_total{area="staff_pages",method="write",status="4xx"}',
        'frontoffice_request_seconds_count{area="start"}',
    ]
    before = told()
    client.get("/")
    client.get("/nowhere")
    client.post("/staff/sign-in")
    after = told()
    assert [after[name] - before.get(name, 0) for name in names] == [1, 1, 1, 1]


def test_refusals_of_limits_are_counted(database: Database, client: FlaskClient) -> None:
    def refusals() -> float:
        with database.read() as session:
            text = metrics.exposition(session, MONDAY).decode()
        found = re.search(r'limit_refused_total\{limit="sign_in.username"\} (\S+)', text)
        return float(found[1]) if found else 0.0

    before = refusals()
    for _ in range(11):
        client.post("/api/v1/staff/sessions", json={"username": "nobody", "password": "x" * 12})
    assert refusals() - before == 1


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        ("Worker %s left with %d", ("zoe@mail.example", 3), "Worker … left with 3"),
        ("no arguments", (), "no arguments"),
        ("%(name)s", ({"name": "Zoe"},), "%(name)s"),
        ("%x", ("Zoe",), "%x"),
    ],
)
def test_what_libraries_log_is_shortened(text: str, arguments: tuple[object, ...], told: str) -> None:
    record = logging.LogRecord("library", logging.WARNING, "file.py", 1, text, arguments, None)
    assert json.loads(logs.Shortened().format(record))["event"] == told


def test_of_an_error_only_kind_and_place_are_told() -> None:
    try:
        raise ValueError("Zoe, born 1961-02-13")
    except ValueError as error:
        told = (type(error), error, error.__traceback__)
        record = logging.LogRecord("library", logging.ERROR, "file.py", 1, error, (), told)  # type: ignore[arg-type]
    text = logs.Shortened().format(record)
    assert "Zoe" not in text
    assert json.loads(text)["exception"][0]["type"] == "ValueError"
