"""Programs that use the API, for its tests."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from frontoffice.config import Config
from frontoffice.db import Database
from tests.booking.solver import solve
from tests.conftest import application

TIME = {"office": "musterstadt", "service": "residence-permit-renewal", "start": "2026-11-24T08:00:00Z"}
OLENA = {
    "name": "Olena Kowalenko",
    "born": "1991-03-27",
    "mail": "olena@example.org",
    "phone": "+4915123456789",
}


def app_with(config: Config, database: Database, **fairness: Any) -> Flask:
    """The application with other rules of fairness."""
    rules = config.fairness.model_copy(update=fairness)
    return application(config.model_copy(update={"fairness": rules}), database)


def hold(program: FlaskClient, headers: dict[str, str] | None = None, **changed: Any) -> TestResponse:
    """Ask for a hold; what is None is left out."""
    body = {name: value for name, value in {**TIME, **changed}.items() if value is not None}
    return program.post("/api/v1/holds", json=body, headers=headers)


def book(program: FlaskClient, token: str, **changed: Any) -> TestResponse:
    """Ask for an appointment."""
    return program.post("/api/v1/appointments", json={"hold": token, **OLENA, **changed})


def proof(program: FlaskClient) -> str:
    """A solved captcha."""
    answer = program.get("/api/v1/captcha")
    assert answer.status_code == 200
    return solve(answer.json)


def problem_of(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem, which has to be one of that status and code."""
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = answer.get_json(force=True)
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["detail"]
    return problem
