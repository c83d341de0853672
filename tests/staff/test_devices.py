"""Devices: their series letters, pairing by a one-time code, and the end of a credential."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.errors import Invalid
from frontoffice.events import Event
from frontoffice.offices.models import Office
from frontoffice.staff import device_reports, devices
from frontoffice.staff.device_reports import Told
from frontoffice.staff.devices import WrongCode
from frontoffice.staff.models import Device, DeviceKind, PrinterState
from tests.sample import sample_office


def add(
    database: Database, office: Office, name: str, now: datetime, kind: DeviceKind = DeviceKind.KIOSK
) -> tuple[Device, str]:
    with database.write() as session:
        return devices.add(session, session.get_one(Office, office.id), name, kind, now)


def pair(database: Database, code: str, now: datetime) -> str:
    with database.write() as session:
        return devices.pair(session, code, now)[1]


def name_of(database: Database, credential: str) -> str | None:
    with database.read() as session:
        device = devices.device_of(session, credential)
        return device.name if device else None


def test_each_kiosk_of_an_office_gets_a_letter_of_its_own(
    database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
    letters = [add(database, office, f"Kiosk {number}", now)[0].series for number in range(3)]
    assert letters == ["A", "B", "C"]
    assert add(database, other, "Kiosk 0", now)[0].series == "A"


def test_a_display_has_no_series_because_it_gives_no_numbers(
    database: Database, office: Office, now: datetime
) -> None:
    assert add(database, office, "Screen", now, DeviceKind.DISPLAY)[0].series is None


def test_the_letters_of_staff_and_those_like_digits_are_never_given_and_at_the_end_it_is_said(
    database: Database, office: Office, now: datetime
) -> None:
    given = [add(database, office, f"Kiosk {number}", now)[0] for number in range(23)]
    assert {device.series for device in given} == set("ABCDEFGHJKLMNPQRTUVWXYZ")
    with pytest.raises(devices.NoSeriesLeft):
        add(database, office, "One more", now)
    with database.write() as session:
        devices.revoke(session, given[4].id, now)
    with pytest.raises(devices.NoSeriesLeft):
        add(database, office, "One more", now + timedelta(hours=1))
    assert add(database, office, "One more", now + timedelta(days=2))[0].series == given[4].series


def test_two_devices_of_an_office_have_different_names(
    database: Database, office: Office, now: datetime
) -> None:
    add(database, office, "Left", now)
    with pytest.raises(devices.NameTaken):
        add(database, office, " Left ", now)
    with pytest.raises(Invalid):
        add(database, office, "a\x00b", now)


def test_a_code_is_exchanged_for_a_credential_once(database: Database, office: Office, now: datetime) -> None:
    _device, code = add(database, office, "Left", now)
    credential = pair(database, code.lower().replace("-", " "), now)
    assert name_of(database, credential) == "Left"
    with pytest.raises(WrongCode):
        pair(database, code, now)
    assert name_of(database, credential) == "Left", "the second attempt took nothing from the first"


def test_a_code_is_worth_nothing_after_its_minutes(database: Database, office: Office, now: datetime) -> None:
    _device, code = add(database, office, "Left", now)
    with pytest.raises(WrongCode):
        pair(database, code, now + timedelta(minutes=devices.CODE_MINUTES))


def test_neither_code_nor_credential_is_stored_in_clear(
    database: Database, office: Office, now: datetime
) -> None:
    device, code = add(database, office, "Left", now)
    assert code not in (device.code_fingerprint or "")
    credential = pair(database, code, now)
    with database.read() as session:
        stored = session.get_one(Device, device.id)
    assert stored.code_fingerprint is None
    assert name_of(database, stored.credential_fingerprint or "") is None
    assert credential != stored.credential_fingerprint


def test_pairing_anew_ends_the_credential_before(database: Database, office: Office, now: datetime) -> None:
    device, code = add(database, office, "Left", now)
    old = pair(database, code, now)
    with database.write() as session:
        again = devices.issue_code(session, session.get_one(Device, device.id), now, actor="account:1")
        made = select(Event.actor, Event.subject).where(Event.kind == "device.code_made")
        assert [tuple(each) for each in session.execute(made)] == [("account:1", f"device:{device.id}")]
    new = pair(database, again, now)
    assert name_of(database, old) is None
    assert name_of(database, new) == "Left"


def test_each_pairing_has_a_letter_of_its_own_so_that_no_number_is_on_paper_twice(
    database: Database, office: Office, now: datetime
) -> None:
    """The disk may be lost, with numbers on it that the office never heard of."""
    device, code = add(database, office, "Left", now)
    _other, other_code = add(database, office, "Right", now)

    def series_after(code: str, moment: datetime) -> str | None:
        pair(database, code, moment)
        with database.read() as session:
            return session.get_one(Device, device.id).series

    def new_code(moment: datetime) -> str:
        with database.write() as session:
            return devices.issue_code(session, session.get_one(Device, device.id), moment)

    assert series_after(code, now) == "A", "nothing was on paper before"
    pair(database, other_code, now)
    assert series_after(new_code(now), now) == "C"
    assert series_after(new_code(now), now) == "D"
    assert add(database, office, "Third", now)[0].series == "E", "A and C rest"
    later = now + devices.SERIES_RESTS
    assert series_after(new_code(later), later) == "A"


def test_staff_are_told_what_is_wrong_with_devices(database: Database, office: Office, now: datetime) -> None:
    minute = timedelta(minutes=1)
    with database.write() as session:
        for name, told in (
            ("fine", Told(PrinterState.OK, waiting=4, clock_ahead=90)),
            ("no printer", Told(PrinterState.OFF)),
            ("paper", Told(PrinterState.OUT_OF_PAPER, stuck=1)),
            ("cable", Told(PrinterState.UNREACHABLE, interrupted=1, clock_ahead=-3600)),
        ):
            device, _code = devices.add(
                session, session.get_one(Office, office.id), name, DeviceKind.KIOSK, now
            )
            device_reports.tell(session, device.id, told, now)

    def noticed(ago: timedelta) -> list[tuple[str, str]]:
        with database.read() as session:
            found = device_reports.notices(session, office.id, now + ago)
        return [(each.device, each.trouble.value) for each in found]

    assert noticed(4 * minute) == [
        ("cable", "printer"),
        ("cable", "interrupted"),
        ("cable", "clock"),
        ("paper", "out_of_paper"),
        ("paper", "stuck"),
    ]
    assert noticed(5 * minute) == [(name, "silent") for name in ("cable", "fine", "no printer", "paper")]
    assert noticed(timedelta(hours=14)) == [], "switched off in the evening"


def test_a_revoked_device_is_unknown_at_once_and_cannot_come_back(
    database: Database, office: Office, now: datetime
) -> None:
    device, code = add(database, office, "Left", now)
    credential = pair(database, code, now)
    with database.write() as session:
        pending = devices.issue_code(session, session.get_one(Device, device.id), now)
        devices.revoke(session, device.id, now)
        devices.revoke(session, device.id, now)
    assert name_of(database, credential) is None
    with pytest.raises(WrongCode):
        pair(database, pending, now)


def test_what_happens_to_devices_is_on_record_without_secrets(
    database: Database, office: Office, now: datetime
) -> None:
    device, code = add(database, office, "Left", now)
    pair(database, code, now)
    with database.write() as session:
        devices.revoke(session, device.id, now, actor="account:1")
    with database.read() as session:
        found = session.scalars(select(Event).order_by(Event.number)).all()
    assert [(event.kind, event.actor, event.subject, event.data) for event in found] == [
        ("device.added", "operator", f"device:{device.id}", {}),
        ("device.paired", f"device:{device.id}", f"device:{device.id}", {}),
        ("device.revoked", "account:1", f"device:{device.id}", {}),
    ]


def test_being_alive_is_noted_once_a_minute(database: Database, office: Office, now: datetime) -> None:
    device, code = add(database, office, "Left", now)
    pair(database, code, now)
    with database.read() as session:
        paired = session.get_one(Device, device.id)
    assert not devices.is_due_to_be_seen(paired, now + timedelta(seconds=59))
    assert devices.is_due_to_be_seen(paired, now + timedelta(seconds=60))
