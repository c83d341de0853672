"""Offices with people in line: counters that are open, kiosks that are paired, numbers that wait."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import cast

from sqlalchemy import Table, insert, update
from sqlalchemy.orm import Session

from benchmarks import load
from frontoffice import vault
from frontoffice.booking import sheet
from frontoffice.db import Database
from frontoffice.line import staffing
from frontoffice.line.models import Ticket, TicketState
from frontoffice.offices.models import Biometrics, Counter, Office, Service
from frontoffice.staff import signing_in
from frontoffice.staff.models import Account, AccountOffice, Device, DeviceKind, Role

ZONE = "Europe/Berlin"
SERVICE = "anliegen"
SERIES = "ABCDEFGH"  # of the kiosks
WAITING_SERIES = "W"  # of those who were there before

_TICKETS = cast(Table, Ticket.__table__)


@dataclass(frozen=True, slots=True)
class Lobby:
    """One office: who sits where, and by what they are known."""

    slug: str
    office_id: int
    service_id: int
    counters: tuple[tuple[int, str], ...]  # id, and the token of who sits there
    kiosks: tuple[tuple[str, Iterator[int]], ...]  # credential, and the numbers it gives


def build(database: Database, now: datetime, slug: str, *, counters: int, kiosks: int) -> Lobby:
    """Add an office whose counters are all open."""
    with database.write() as session:
        office = _office(slug, counters)
        session.add(office)
        session.flush()
        seats = tuple(_staffed(session, office, each, now) for each in office.counters)
        devices = tuple(_paired(session, office, series, now) for series in SERIES[:kiosks])
        return Lobby(slug, office.id, office.services[0].id, seats, devices)


def fill(database: Database, lobby: Lobby, people: int, now: datetime) -> None:
    """Let nobody be at a counter, and so many wait as were there before the first call."""
    with database.write() as session:
        ours = (Ticket.office_id == lobby.office_id, Ticket.series == WAITING_SERIES)
        done = (
            update(Ticket)
            .where(Ticket.office_id == lobby.office_id, Ticket.state != TicketState.DONE)
            .values(state=TicketState.DONE)
        )
        session.execute(done.execution_options(synchronize_session=False))
        first = session.query(Ticket).where(*ours).count() + 1
        session.execute(insert(_TICKETS), [_waits(lobby, first + each, now) for each in range(people)])


def call_next(counter: int, token: str) -> bytes:
    """The request of a counter that calls."""
    return signed(load.post(f"/api/v1/counters/{counter}/call-next", b"{}"), token)


def take_number(kiosk: tuple[str, Iterator[int]], now: datetime) -> tuple[int, bytes]:
    """The number, and the request of a kiosk that has given it to somebody."""
    credential, numbers = kiosk
    number = next(numbers)
    entry = {
        "id": str(uuid.uuid4()),
        "kind": "walk_in",
        "at": now.isoformat().replace("+00:00", "Z"),
        "date": sheet.day_of(now, ZONE).isoformat(),
        "number": number,
        "language": "de",
        "code": None,
        "service": SERVICE,
        "handed_out": False,
    }
    body = json.dumps({"entries": [entry]}).encode()
    return number, signed(load.post("/api/v1/device/journal", body), credential)


def signed(request: bytes, token: str) -> bytes:
    """The request with who it is from."""
    line, _, rest = request.partition(b"\r\n")
    return b"%b\r\nAuthorization: Bearer %b\r\n%b" % (line, token.encode(), rest)


def _office(slug: str, counters: int) -> Office:
    service = Service(
        slug=SERVICE,
        position=1,
        names={"de": "Anliegen", "en": "Concern"},
        plain={"de": "Ein Anliegen.", "en": "A concern."},
        documents={"de": ["Reisepass"], "en": ["Passport"]},
        legal_basis="§ 8 AufenthG",
        minutes=10,
        biometrics=Biometrics.NO,
        online=True,
        walk_in=True,
    )
    places = [
        Counter(name=str(number), room="Wartezone", services=[service]) for number in range(1, counters + 1)
    ]
    return Office(
        slug=slug,
        name=f"Ausländerbehörde {slug}",
        street="Rathausplatz 1",
        postal_code="12345",
        city="Großstadt",
        phone="+49 30 1234567",
        mail="termine@grossstadt.example",
        land="NW",
        languages=["de", "en"],
        services=[service],
        counters=places,
    )


def _staffed(session: Session, office: Office, counter: Counter, now: datetime) -> tuple[int, str]:
    account = Account(
        username=f"{office.slug}-{counter.name}",
        name=f"Kollegin {counter.name}",
        password_hash="-",  # noqa: S106 (nobody signs in with it)
        role=Role.FRONT_DESK,
        places=[AccountOffice(office_id=office.id)],
        created_at=now,
    )
    session.add(account)
    session.flush()
    proof = signing_in.Proof(account.id, account.password_hash or "", None)
    token, _expires = signing_in.begin(session, proof, now, hours=10)
    staffing.open_counter(session, counter.id, account, now)
    return counter.id, token


def _paired(session: Session, office: Office, series: str, now: datetime) -> tuple[str, Iterator[int]]:
    credential = f"{office.slug}-{series}"
    device = Device(
        office_id=office.id,
        name=f"Kiosk {series}",
        kind=DeviceKind.KIOSK,
        series=series,
        credential_fingerprint=vault.fingerprint(credential),
        created_at=now,
    )
    session.add(device)
    session.flush()
    return credential, count(1)


def _waits(lobby: Lobby, number: int, now: datetime) -> dict[str, object]:
    return {
        "office_id": lobby.office_id,
        "day": sheet.day_of(now, ZONE),
        "series": WAITING_SERIES,
        "number": number,
        "service_id": lobby.service_id,
        "language": "de",
        "state": TicketState.WAITING,
        "arrived_at": now - timedelta(minutes=60) + timedelta(seconds=number % 3000),
        "calls": 0,
    }
