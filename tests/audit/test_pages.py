"""The record: auditors find who saw or changed what, at their offices, and are on it themselves."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice import events
from frontoffice.audit import pages
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, Role
from frontoffice.web.access import COOKIE_KEY
from tests.line.browsing import Browser
from tests.line.parts import account, token
from tests.sample import sample_office

RECORD = "/staff/audit/"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def clerk(database: Database, office: Office, now: datetime) -> Account:
    """Somebody who has seen an appointment and changed a service, at two offices."""
    with database.write() as session:
        elsewhere = sample_office(session, slug="elsewhere")
        clerk = account(session, "miriam")
        clerk.name = "=HYPERLINK(1)"
        who = f"account:{clerk.id}"
        for place, kind, subject, days in (
            (office.id, "appointment.seen", "appointment:17", 40),
            (office.id, "appointment.seen", "appointment:17", 1),
            (office.id, "office.changed", "office:1", 1),
            (elsewhere.id, "appointment.seen", "appointment:99", 1),
        ):
            at = now - timedelta(days=days)
            events.append(session, place, kind, at, actor=who, subject=subject)
    return clerk


def auditor(app: Flask, database: Database, now: datetime, office: Office | None = None) -> Browser:
    """An auditor's browser; of one office or of all."""
    browser = Browser(app)
    with database.write() as session:
        secret = token(session, account(session, "anna", Role.AUDITOR, office), now)
    with browser.client.session_transaction() as cookie:
        cookie[COOKIE_KEY] = secret
    return browser


def rows(browser: Browser, query: str) -> list[dict[str, str]]:
    """What the file has."""
    return list(csv.DictReader(io.StringIO(browser.get(f"{RECORD}record.csv?{query}").text)))


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("about=appointment:17", ["appointment:17"]),
        ("about=appointment:17&from=2026-09-01", ["appointment:17", "appointment:17"]),
        ("topic=office", ["office:1"]),
        ("about=appointment:99", ["appointment:99"]),
        ("about=appointment:18", []),
    ],
)
def test_an_auditor_finds_what_is_looked_for(
    app: Flask, database: Database, clerk: Account, now: datetime, query: str, subjects: list[str]
) -> None:
    browser = auditor(app, database, now)
    assert [row["subject"] for row in rows(browser, query)] == subjects
    assert browser.get(f"{RECORD}?{query}").status_code == 200
    assert all(subject in browser.text for subject in subjects)
    assert rows(browser, f"{query}&actor={clerk.id + 100}") == []


def test_of_another_office_nothing_is_shown(
    app: Flask, database: Database, office: Office, clerk: Account, now: datetime
) -> None:
    browser = auditor(app, database, now, office)
    assert {row["subject"] for row in rows(browser, "")} == {"appointment:17", "office:1"}
    browser.get(f"{RECORD}?about=appointment:99")
    assert "Details" not in browser.text, "there is no table where nothing was found"
    browser.get(f"{RECORD}?about=appointment:17")
    assert "appointment:17" in browser.text.partition(" Details ")[2]


def test_an_auditor_of_one_office_is_told_only_who_belongs_to_it_or_acted_there(
    app: Flask, database: Database, clerk: Account, office: Office, now: datetime
) -> None:
    with database.write() as session:
        elsewhere = session.scalars(select(Office).where(Office.slug == "elsewhere")).one()
        account(session, "own", office=office)
        account(session, "foreign", office=elsewhere)
        helper = account(session, "helper", office=elsewhere)
        gone = account(session, "gone", office=elsewhere)
        for who, days in ((helper, 1), (gone, 60)):
            at, actor = now - timedelta(days=days), f"account:{who.id}"
            events.append(session, office.id, "appointment.seen", at, actor=actor, subject="appointment:17")
    ours = auditor(app, database, now, office)
    ours.get(RECORD)
    assert [name in ours.page.text for name in ("Own", "Helper", "HYPERLINK", "Anna")] == [True] * 4
    assert [f"{name} Beispiel" in ours.page.text for name in ("Foreign", "Gone")] == [False, False]
    ours.get(f"{RECORD}?from={now - timedelta(days=80):%Y-%m-%d}")
    assert "Gone Beispiel" in ours.page.text
    assert "Foreign Beispiel" not in ours.page.text


def test_of_a_change_it_is_told_whole_what_was_before_and_after(
    app: Flask, database: Database, office: Office, now: datetime
) -> None:
    long = "Please bring your passport, and whatever else the letter says. " * 3 + "Thank you!"
    data = {
        "changes": [
            {"part": "service", "name": "renewal", "field": "minutes", "before": 20, "after": 30},
            {"part": "service", "name": "renewal", "field": "hint", "before": "", "after": long},
            {"part": "closure", "name": "2026-12-24"},
        ]
    }
    with database.write() as session:
        events.append(
            session, office.id, "office.changed", now, actor="cli", subject=f"office:{office.id}", data=data
        )
    browser = auditor(app, database, now)
    [row] = rows(browser, "topic=office")
    assert "service renewal minutes: 20 → 30, service renewal hint:  → Please" in row["details"]
    assert long in row["details"]
    browser.get(f"{RECORD}?topic=office")
    [hidden] = re.findall(r"<details>.*?</details>", browser.page.text, re.S)
    assert long in hidden
    assert "minutes: 20 → 30" in hidden.partition("</summary>")[0]


def test_who_searches_is_on_the_record_too(
    app: Flask, database: Database, clerk: Account, now: datetime
) -> None:
    browser = auditor(app, database, now)
    browser.get(f"{RECORD}?about=appointment:17")
    rows(browser, "about=appointment:17")
    with database.read() as session:
        query = select(Event).where(Event.subject == "audit:record").order_by(Event.id)
        told = [(each.kind, each.data["about"], each.data["rows"]) for each in session.scalars(query)]
    assert told == [("audit.searched", "appointment:17", 1), ("audit.exported", "appointment:17", 1)]


def test_who_reads_the_newest_or_goes_further_back_is_on_the_record_too(
    app: Flask, database: Database, clerk: Account, now: datetime, clock: time_machine.Traveller
) -> None:
    browser = auditor(app, database, now)
    for path in ("", "", "?before=4", "?before=4"):
        assert browser.get(f"{RECORD}{path}").status_code == 200
    clock.move_to(now + timedelta(minutes=16))
    browser.get(RECORD)
    with database.read() as session:
        query = select(Event).where(Event.subject == "audit:record").order_by(Event.id)
        told = [(each.kind, each.data.get("before")) for each in session.scalars(query)]
    opened, further = ("audit.opened", None), ("audit.searched", 4)
    assert told == [opened, further, further, opened]


def test_a_file_that_would_end_early_is_refused(
    app: Flask, database: Database, clerk: Account, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_IN_A_FILE", 2)
    browser = auditor(app, database, now)
    assert len(rows(browser, "topic=appointment")) == 2
    refused = browser.get(f"{RECORD}record.csv?topic=appointment&from=2026-09-01")
    assert (refused.status_code, refused.mimetype) == (422, "text/html")
    assert "Please choose fewer days." in browser.text
    with database.read() as session:
        query = select(Event.kind).where(Event.subject == "audit:record")
        assert session.scalars(query).all() == ["audit.exported"]


def test_what_is_typed_wrong_makes_no_empty_file(
    app: Flask, database: Database, clerk: Account, now: datetime
) -> None:
    browser = auditor(app, database, now)
    assert browser.get(f"{RECORD}record.csv?about=Olena%20Kowalenko").status_code == 422


def test_what_holds_for_all_offices_stands_in_the_record_of_each(
    app: Flask, database: Database, office: Office, clerk: Account, now: datetime
) -> None:
    with database.write() as session:
        for kind, subject in (("block.set", "blocked:7"), ("account.changed", "account:7")):
            events.append(session, None, kind, now, actor="account:1", subject=subject)
    found = {row["subject"] for row in rows(auditor(app, database, now, office), "")}
    assert found == {"appointment:17", "office:1", "blocked:7"}


def test_no_name_becomes_a_formula_in_the_file(
    app: Flask, database: Database, clerk: Account, now: datetime
) -> None:
    assert {row["acting"] for row in rows(auditor(app, database, now), "topic=office")} == {"'=HYPERLINK(1)"}


def test_what_nothing_is_called_is_said(
    app: Flask, database: Database, clerk: Account, now: datetime
) -> None:
    browser = auditor(app, database, now)
    assert browser.get(f"{RECORD}?about=Olena%20Kowalenko").status_code == 422
    assert "Nothing is called that." in browser.text
    with database.read() as session:
        assert session.scalars(select(Event).where(Event.kind == "audit.searched")).all() == []
