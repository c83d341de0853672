"""Whoever gets an SMS comes to where they choose what they get: an alphanumeric sender cannot be answered."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages import outbox
from frontoffice.messages.dispatch import Delivery, deliver_due
from frontoffice.messages.models import Medium, Message
from frontoffice.messages.timing import Timing
from frontoffice.offices.models import Service
from tests.booking.conftest import planned, renewal, rules
from tests.booking.steps import at, book_it, hold_it
from tests.draw.steps import WITHIN, enter, make
from tests.messages.parts import Told
from tests.partners.parts import Program, add_partner
from tests.partners.test_invitations import invite
from tests.waitlist.steps import join

__all__ = ["planned", "renewal", "rules"]

LINK = re.compile(r"http://localhost(/\S+)")
LEADS_ON = re.compile(r'href="(/messages/[0-9a-f]+/\w+/)"')


def somebody(number: int) -> Person:
    """Somebody with a phone only."""
    return Person(f"Maria Muster {'ABCD'[number]}", date(1990, 1, 1 + number), None, f"+491512345670{number}")


def test_each_sms_leads_to_the_page_of_what_one_gets(
    app: Flask, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    partner = add_partner(database)
    with time_machine.travel(now, tick=False):
        _, token = hold_it(database, config, renewal, at(26, "8:00"), now)
        book_it(database, config, token, now, somebody(0))
        join(database, config, somebody(1), now)
        assert (
            invite(Program(app, partner), person={"phone": "0151 23456703"}, language="en").status_code == 201
        )
        _tell_in_line(database, renewal.office_id, now)
        sent = _deliver(database, config, now)
    with time_machine.travel(WITHIN, tick=False):
        enter(database, config, make(database, now), somebody(2))
        sent += _deliver(database, config, WITHIN)
        assert {kind for kind, _ in sent} == {
            *("booked", "waitlist_joined", "draw_entered", "invitation", "next", "closing_early")
        }
        client = app.test_client()
        for kind, text in sent:
            [link] = LINK.findall(text)
            page = client.get(link, follow_redirects=True)
            assert page.status_code == 200, kind
            if not page.request.path.startswith("/messages/"):
                page = client.get(LEADS_ON.findall(page.text)[0])
            assert 'name="wanted"' in page.text, kind
    assert client.get("/a/one").status_code == 404
    assert client.get("/a/K7M2PXQ4/abcdefghijklmnopqrstuvwx").location.startswith("/appointments/")


def _tell_in_line(database: Database, office: int, now: datetime) -> None:
    more = {"next": {}, "closing_early": {"closes_at": now.isoformat(), "time_zone": "Europe/Berlin"}}
    with database.write() as session:
        for number, (kind, said) in enumerate(more.items()):
            outbox.enqueue(
                session,
                kind=kind,
                medium=Medium.SMS,
                to=f"+491512345679{number}",
                language="en",
                office_id=office,
                subject="ticket:1",
                dedupe_key=f"ticket:1:{kind}:sms",
                parameters={"ticket": "A001", **said},
                now=now,
                expires_at=now + timedelta(minutes=5),
            )


def _deliver(database: Database, config: Config, now: datetime) -> Sequence[tuple[str, str]]:
    """The kinds and texts of the SMS that leave now."""
    sms = Told()
    settings = config.messages.model_copy(update={"quiet_from": 0, "quiet_until": 0})
    providers = {Medium.SMS: sms, Medium.MAIL: Told(sightings=None)}
    deliver_due(Delivery(database, providers, settings, Timing(), lambda: now, {}, config.site.base_url, {}))
    with database.read() as session:
        kinds = {
            row.dedupe_key: row.kind for row in session.execute(select(Message.dedupe_key, Message.kind))
        }
    return [(kinds[each.key], each.text) for each in sms.given]
