"""Watches for tests: begin some, deliver some, sweep."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import importing, integrations, watch_sweep, watching
from frontoffice.documents.contact import Contact
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.documents.importing import Complete, Report
from frontoffice.documents.models import ExpiryWatch
from frontoffice.documents.reading import Bad
from frontoffice.documents.watch_import import Watches
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Message
from frontoffice.offices.models import Office
from frontoffice.partners import registering
from frontoffice.partners.models import PartnerKind, Scope
from frontoffice.partners.registering import Terms
from tests.conftest import KEY

PHONE, MAIL = "+4915123456789", "zoe@beispiel.example"
PERMIT, PASSPORT = DocumentKind.RESIDENCE_PERMIT, DocumentKind.PASSPORT
HEADINGS = "id;kind;expires;contact;language"


def begin(
    database: Database,
    config: Config,
    ends: date,
    now: datetime,
    *,
    kind: DocumentKind = PERMIT,
    contact: Contact | None = None,
    language: str = "de",
) -> int:
    """A watch of somebody's own; its number."""
    with database.write() as session:
        office = session.scalars(select(Office).order_by(Office.id)).first()
        assert office is not None
        return watching.begin(
            session,
            office,
            kind,
            ends,
            contact or Contact(phone=PHONE),
            language,
            now,
            settings=config,
        ).id


def deliver(
    database: Database,
    config: Config,
    data: str | bytes,
    now: datetime,
    *,
    complete: Complete | None = None,
    source: str | None = None,
) -> tuple[Report, list[Bad]]:
    """Take in a delivery of watches for all offices, the sample one where a row names none."""
    bad: list[Bad] = []
    with database.read() as session:
        offices = session.scalars(select(Office).order_by(Office.id)).all()
        sender = integrations.operator(session, offices[0].slug, source)
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    target = Watches(sender, offices, config.documents)
    report = importing.take(database, stream, target, lambda: now, complete=complete, bad=bad.append)
    return report, bad


def rows(*lines: str) -> str:
    """A CSV file of watches."""
    return "\n".join((HEADINGS, *lines)) + "\n"


def sweep(database: Database, config: Config, now: datetime) -> int:
    """A whole run; how many messages it wrote."""
    written, mark = 0, None
    while True:
        with database.write() as session:
            swept = watch_sweep.sweep(session, now, settings=config, after=mark)
        written, mark = written + swept.written, swept.mark
        if mark is None:
            return written


def watches(database: Database) -> Sequence[ExpiryWatch]:
    """All of them."""
    with database.read() as session:
        return session.scalars(select(ExpiryWatch).order_by(ExpiryWatch.id)).all()


def messages(database: Database) -> Sequence[Message]:
    """The reminders in the outbox."""
    return in_outbox(database, "expiry")


def in_outbox(database: Database, kind: str) -> Sequence[Message]:
    """The messages of a kind."""
    with database.read() as session:
        return session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)).all()


def keys(database: Database) -> list[str]:
    """The keys of the reminders in the outbox."""
    return [each.dedupe_key for each in messages(database)]


def contents(database: Database, message: Message) -> dict[str, Any]:
    """What a message says."""
    envelope = unseal(database.vault, message.envelope)
    assert envelope is not None
    return {"to": envelope.to, "fallback_to": envelope.fallback_to, **envelope.parameters}


def settings(database_url: str) -> dict[str, str]:
    """The environment of a command."""
    return {
        "FRONTOFFICE_SITE__BASE_URL": "http://localhost",
        "FRONTOFFICE_SITE__SECRET_KEYS": f'["{KEY}"]',
        "FRONTOFFICE_DATABASE__URL": database_url,
    }


def token(database: Database, office: Office, now: datetime, *scopes: Scope, name: str = "System") -> str:
    """The token of a specialist system."""
    with database.write() as session:
        partner = registering.add(session, name, PartnerKind.INTEGRATION, Terms(scopes), now)
        registering.grant(session, partner, session.get_one(Office, office.id), now)
        return registering.issue_token(session, partner, "", now)[1]


def killed_and_again(
    what: str, file: Path, database_url: str, count: Callable[[], int]
) -> tuple[int, CompletedProcess[str]]:
    """Import a file, kill the command (SIGKILL) when the first rows are in, and import it again from the start.

    Gives how many rows were in at the moment of the kill, and how the second command ended.
    """
    command = [sys.executable, "-m", "frontoffice", "import", what, str(file)]
    environment = os.environ | settings(database_url)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(3000):
        if process.poll() is not None or count():
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    half = count()
    return half, subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
