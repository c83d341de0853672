"""Devices: adding a kiosk or display, pairing it by a one-time code, knowing it again, revoking it."""

import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from frontoffice import events, limits, vault
from frontoffice.errors import N_, Conflict, Invalid, NotFound
from frontoffice.offices.models import Office
from frontoffice.printable import is_line
from frontoffice.quick import Quick, made
from frontoffice.staff.models import Device, DeviceKind

STAFF_SERIES = "S"  # the series of the numbers that staff give
# Without S, and without I and O, which look like digits.
SERIES = "ABCDEFGHJKLMNPQRTUVWXYZ"
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 8
CODE_MINUTES = 15
ATTEMPTS_PER_QUARTER_HOUR = 20  # of one network; a code has 2^40 possibilities
# A series may be given away again when no ticket of today can carry it any more.
SERIES_RESTS = timedelta(days=2)
SEEN_EVERY = timedelta(minutes=1)
OPERATOR = "operator"  # whoever runs commands on the server

_COLUMNS = [column.key for column in Device.__table__.columns]
_KNOWN = Quick(
    select(Device.__table__).where(
        Device.credential_fingerprint == bindparam("fingerprint"), Device.revoked_at.is_(None)
    )
)


class NameTaken(Conflict):
    """A device of the office has that name already."""

    code = "name_taken"
    sentence = N_("There is already a device called “%(name)s” at this office. Please choose another name.")


class NoSeriesLeft(Conflict):
    """Every letter is in use."""

    code = "no_series_left"
    sentence = N_(
        "All series letters of this office are in use. Please revoke a kiosk that is no longer there."
    )


class WrongCode(NotFound):
    """The pairing code is unknown, used or too old; which one is not said."""

    code = "wrong_code"
    sentence = N_("This pairing code is not valid (any more). Please ask for a new one.")


def add(
    session: Session, office: Office, name: str, kind: DeviceKind, now: datetime, *, actor: str = OPERATOR
) -> tuple[Device, str]:
    """Add a device and return it with its one-time pairing code; a kiosk gets the next free series letter.

    Raises Invalid (name), NameTaken, NoSeriesLeft.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60 or not is_line(name):
        raise Invalid("name", N_("Please enter a name of at most 60 characters."))
    # Two devices added at once must not get the same name.
    session.execute(select(Office.id).where(Office.id == office.id).with_for_update(key_share=True))
    if (
        session.scalar(select(Device.id).where(Device.office_id == office.id, Device.name == name))
        is not None
    ):
        raise NameTaken(name=name)
    series = _free_series(session, office.id, now) if kind == DeviceKind.KIOSK else None
    device = Device(office_id=office.id, name=name, kind=kind, series=series, created_at=now)
    session.add(device)
    session.flush()
    code = _new_code(session, device, now)
    append(session, device, "device.added", now, actor)
    return device, code


def find(session: Session, office: Office, name: str) -> Device | None:
    """The office's device with this name, unless it was revoked."""
    known = (
        Device.office_id == office.id,
        Device.name == " ".join(name.split()),
        Device.revoked_at.is_(None),
    )
    return session.scalar(select(Device).where(*known))


def issue_code(session: Session, device: Device, now: datetime, *, actor: str = OPERATOR) -> str:
    """A new one-time code for the device (two groups of four), valid for CODE_MINUTES; an older one ends."""
    code = _new_code(session, device, now)
    append(session, device, "device.code_made", now, actor)
    return code


def _new_code(session: Session, device: Device, now: datetime) -> str:
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    device.code_fingerprint = vault.fingerprint(code)
    device.code_expires_at = now + timedelta(minutes=CODE_MINUTES)
    session.flush()
    return f"{code[:4]}-{code[4:]}"


def count_attempt(session: Session, network: str, now: datetime) -> None:
    """Count one attempt to pair, in a transaction of its own. Raises TooMany."""
    limits.hit(session, "pair", network, ATTEMPTS_PER_QUARTER_HOUR, timedelta(minutes=15), now)


def pair(session: Session, code: str, now: datetime) -> tuple[Device, str]:
    """Exchange a code for a credential, once; a credential the device had before ends. Raises WrongCode.

    Whatever was paired before may have lost its disk, or go on somewhere else: with a letter of its own, a kiosk
    gives no number that is on paper already.
    """
    credential = secrets.token_urlsafe(32)
    paired = session.execute(
        update(Device)
        .where(
            Device.code_fingerprint == vault.fingerprint(_normalised(code)),
            Device.code_expires_at > now,
            Device.revoked_at.is_(None),
        )
        .values(
            credential_fingerprint=vault.fingerprint(credential),
            code_fingerprint=None,
            code_expires_at=None,
            seen_at=now,
        )
        .returning(Device.id)
    ).scalar_one_or_none()
    if paired is None:
        raise WrongCode
    device = session.get_one(Device, paired, populate_existing=True)
    if device.paired_at is not None and device.series is not None:
        _change_series(session, device, now)
    device.paired_at = now
    device.runs, device.doubled_at = [], None
    session.flush()
    append(session, device, "device.paired", now, f"device:{device.id}")
    return device, credential


def device_of(session: Session, credential: str) -> Device | None:
    """The device with this credential; None where it is unknown or revoked."""
    rows = _KNOWN.run(session, {"fingerprint": vault.fingerprint(credential)})
    return made(session, Device, dict(zip(_COLUMNS, rows[0], strict=True))) if rows else None


def is_due_to_be_seen(device: Device, now: datetime) -> bool:
    """Whether to note again that the device is alive: once a minute, so that asking costs no writes."""
    return device.seen_at is None or device.seen_at <= now - SEEN_EVERY


def seen(session: Session, device_id: int, now: datetime) -> None:
    """Note that the device is alive."""
    session.execute(update(Device).where(Device.id == device_id).values(seen_at=now))


def revoke(session: Session, device_id: int, now: datetime, *, actor: str = OPERATOR) -> None:
    """End the device's credential and code, for good. Raises NotFound."""
    device = session.get(Device, device_id, with_for_update=True)
    if device is None:
        raise NotFound
    if device.revoked_at is not None:
        return
    device.revoked_at = now
    device.credential_fingerprint = device.code_fingerprint = device.code_expires_at = None
    session.flush()
    append(session, device, "device.revoked", now, actor)


def series_for(session: Session, device: Device, wanted: str | None) -> str | None:
    """The letter for a number of the device: `wanted`, one that it had before, unless another kiosk has that now."""
    if wanted is None or wanted == device.series or wanted not in SERIES or device.series is None:
        return device.series
    owner = session.scalar(
        select(Device.id).where(
            Device.office_id == device.office_id, Device.series == wanted, Device.revoked_at.is_(None)
        )
    )
    return device.series if owner is not None else wanted


def _change_series(session: Session, device: Device, now: datetime) -> None:
    before = device.series
    try:
        device.series = _free_series(session, device.office_id, now)
    except NoSeriesLeft:
        return  # it goes on above the last number that the office has of the letter
    device.past_series = [*device.past_series, [before or "", now.isoformat()]][-len(SERIES) :]
    session.flush()


def _free_series(session: Session, office_id: int, now: datetime) -> str:
    # Two devices that get a letter at once must not get the same.
    session.execute(select(Office.id).where(Office.id == office_id).with_for_update(key_share=True))
    kiosks = session.scalars(
        select(Device).where(Device.office_id == office_id, Device.kind == DeviceKind.KIOSK)
    ).all()
    taken = {device.series: device for device in kiosks if device.series is not None}
    resting = {
        letter
        for device in kiosks
        for letter, until in device.past_series
        if datetime.fromisoformat(until) > now - SERIES_RESTS
    }
    for letter in SERIES:
        if letter not in taken and letter not in resting:
            return letter
    for letter in SERIES:
        revoked_at = taken[letter].revoked_at if letter in taken else None
        if letter not in resting and revoked_at is not None and revoked_at <= now - SERIES_RESTS:
            taken[letter].series = None
            session.flush()
            return letter
    raise NoSeriesLeft


def _normalised(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


def append(
    session: Session,
    device: Device,
    kind: str,
    now: datetime,
    actor: str,
    data: dict[str, str | None] | None = None,
) -> None:
    """Append an event about the device."""
    subject = f"device:{device.id}"
    events.append(session, device.office_id, kind, now, actor=actor, subject=subject, data=data)
