"""Devices act at once, in processes: a journal handed in under two pairings, several devices paired anew."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.line import checks, journal, phone
from frontoffice.line.journal import Entry, Kind
from frontoffice.line.models import Ticket
from frontoffice.offices.models import Office
from frontoffice.staff import device_reports, devices
from frontoffice.staff.models import Device, DeviceKind
from tests.line.parts import EARLY, kiosk
from tests.races.crew import Crew
from tests.sample import PICK_UP

ROUNDS = 5


def deliver(
    session: Session, _config: Config, device: int, entries: Sequence[Entry], now: datetime
) -> list[str | None]:
    results = journal.take(
        session, session.get_one(Device, device), entries, early=EARLY, now=now, apart=False
    )
    return [results[each.id].ticket for each in entries]


def revoke(session: Session, _config: Config, device: int, now: datetime) -> str:
    devices.revoke(session, device, now)
    return "revoked"


def pair(session: Session, _config: Config, code: str, now: datetime) -> str | None:
    return devices.pair(session, code, now)[0].series


def speak(session: Session, _config: Config, device: int, run: str, now: datetime) -> bool:
    return device_reports.note_run(session, device, run, now)


def drawn(now: datetime, number: int) -> Entry:
    """A number that is out, under the letter of the first pairing."""
    return Entry(
        str(uuid.uuid4()), Kind.WALK_IN, now, now.date(), number, "en", None, PICK_UP, True, series="A"
    )


def test_a_journal_handed_in_under_two_pairings_at_once_is_taken_once(
    crew: Crew, config: Config, database: Database, office: Office, now: datetime
) -> None:
    journals, rounds = [], []
    for number in range(ROUNDS):
        with database.write() as session:
            here = session.get_one(Office, office.id)
            old, new = kiosk(session, here, "A"), kiosk(session, here, "BCDEF"[number])
        entries = [drawn(now, 10 * number + each) for each in range(1, 4)]
        journals.append(entries)
        crew.race(
            config,
            [
                [
                    (deliver, old.id, entries, now),
                    (deliver, new.id, entries, now),
                    (revoke, old.id, now),
                    (deliver, new.id, entries, now),
                ]
            ],
        )
        with database.write() as session:
            gone = session.get_one(Device, old.id)
            gone.series, gone.name = None, f"gone {number}"
        rounds.append(new.id)
    with database.read() as session:
        found = {each.link_fingerprint: each for each in session.scalars(select(Ticket))}
        assert list(checks.differences(session)) == []
    wanted = {phone.fingerprint(phone.token_of_entry(each.id)) for entries in journals for each in entries}
    assert set(found) == wanted
    # Whoever has another number than the one on the paper is known to staff.
    for entries in journals:
        for each in entries:
            ticket = found[phone.fingerprint(phone.token_of_entry(each.id))]
            assert (ticket.paper or ticket.code) == f"A{each.number:03d}"


def test_devices_paired_anew_at_once_get_different_letters(
    crew: Crew, config: Config, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        added = [devices.add(session, here, f"Kiosk {n}", DeviceKind.KIOSK, now)[0].id for n in range(4)]
    for _round in range(3):
        with database.write() as session:
            for each in added:
                session.get_one(Device, each).paired_at = now
            codes = [devices.issue_code(session, session.get_one(Device, each), now) for each in added]
        [letters] = crew.race(config, [[(pair, code, now) for code in codes]])
        assert len(set(letters)) == 4, letters
        assert all(len(letter) == 1 for letter in letters), letters


def test_two_devices_that_speak_at_once_with_one_credential_end_in_one_clear_state(
    crew: Crew, config: Config, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        device = kiosk(session, session.get_one(Office, office.id)).id
    later = now + 2 * device_reports.RUN_ENDS_WITHIN
    outcomes = crew.race(
        config,
        [
            [(speak, device, "one", now), (speak, device, "two", now)],
            [(speak, device, "one", later), (speak, device, "two", later)],
            [(speak, device, "one", later), (speak, device, "two", later)],
        ],
    )
    assert outcomes[2] == [True, True], outcomes
