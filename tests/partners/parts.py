"""Small pieces that tests of partners are put together from."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from frontoffice.booking import checks
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.partners import registering
from frontoffice.partners.models import PartnerKind, Period, Scope
from frontoffice.partners.registering import Terms
from tests.sample import RENEWAL

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
OLENA = {
    "name": "Olena Kowalenko",
    "born": "1991-03-27",
    "mail": "olena@example.org",
    "phone": "+4915123456789",
}
AMIN = {"name": "Amin", "born": "1988-12-01", "phone": "+4915187654321"}
TUESDAY_NINE = "2026-11-24T08:00:00Z"  # 09:00 in Berlin
KEY = "5f0c2c1e-8f2b-4b39-9d5b-1f2f9a6b7c11"


@dataclass(frozen=True)
class Added:
    """A partner: its number, a token, the secret of the link to its page."""

    id: int
    token: str
    link: str


def add_partner(
    database: Database,
    name: str = "Werkzeugbau Muster",
    *,
    scopes: tuple[Scope, ...] = (Scope.BOOK, Scope.INVITE),
    quota: int | None = None,
    period: Period = Period.WEEK,
    most_open: int | None = None,
    slug: str = "musterstadt",
    **granted: Any,
) -> Added:
    """A partner that may book at the sample office; `granted` is as `registering.grant` takes it, by slugs."""
    with database.write() as session:
        office = session.scalars(select(Office).where(Office.slug == slug)).one()
        terms = Terms(scopes, quota, period, most_open)
        partner = registering.add(session, name, PartnerKind.EMPLOYER, terms, LONG_AGO)
        services = [each for each in office.services if each.slug in granted.get("services", ())]
        schedules = [each for each in office.schedules if each.slug in granted.get("schedules", ())]
        registering.grant(
            session,
            partner,
            office,
            LONG_AGO,
            services=services,
            schedules=schedules,
            shares=granted.get("shares", ()),
        )
        _, token = registering.issue_token(session, partner, "test", LONG_AGO)
        link = registering.issue_link(session, partner, LONG_AGO)
        return Added(partner.id, token, link)


class Program:
    """A partner's program."""

    def __init__(self, app: Flask, partner: Added) -> None:
        self.client = app.test_client()
        self.partner = partner

    def ask(self, method: str, address: str, key: str | None = None, **more: Any) -> TestResponse:
        """Send a request with the token."""
        headers = {"Authorization": f"Bearer {self.partner.token}", "Accept-Language": "en"}
        if key:
            headers["Idempotency-Key"] = key
        return self.client.open(f"/api/v1{address}", method=method, headers=headers, **more)

    def get(self, address: str, **query: str) -> TestResponse:
        """Look at something."""
        return self.ask("GET", address, **({"query_string": query} if query else {}))

    def book(self, start: str = TUESDAY_NINE, key: str | None = None, **changed: Any) -> TestResponse:
        """Book for Olena, or for whom `changed` says."""
        body = {
            "office": "musterstadt",
            "services": [{"service": RENEWAL}],
            "start": start,
            "person": OLENA,
            "language": "en",
            **changed,
        }
        return self.ask("POST", "/partner/appointments", key, json=body)

    def plan(self, people: list[dict[str, Any]], key: str | None = None, **changed: Any) -> TestResponse:
        """Ask for a plan for the next days."""
        body = {
            "office": "musterstadt",
            "services": [{"service": RENEWAL}],
            "people": people,
            "from": "2026-11-24",
            "to": "2026-11-28",
            **changed,
        }
        return self.ask("POST", "/partner/plans", key, json=body)

    def confirm(self, plan: str) -> TestResponse:
        """Confirm a plan."""
        return self.ask("POST", f"/partner/plans/{plan}/confirm")


def somebody(number: int, **changed: Any) -> dict[str, Any]:
    """One of many people."""
    names = ("Amir", "Bela", "Chidi", "Dana", "Emre", "Fatma", "Goran", "Hana", "Ines", "Jamal")
    name = f"{names[number % 10]} {names[number // 10 % 10]} {names[number // 100]}"
    born = date(1970, 1, 1) + timedelta(days=number)
    return {"name": name, "born": born.isoformat(), "mail": f"p{number}@example.org", **changed}


def problem_of(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem, which has to be one of that status and code."""
    problem: dict[str, Any] = answer.get_json(force=True)
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), problem
    assert problem["detail"]
    return problem


def differences(database: Database) -> list[str]:
    """What the doctor would report."""
    with database.read(snapshot=True) as session:
        return list(checks.differences(session))
