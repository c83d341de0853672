"""The list with which a kiosk checks people in while it is cut off: today's appointments as keyed digests, no names.

The key is the device's own and changes every day. It lies beside the list: whoever takes the device sees when somebody
is expected and for what, and can try out all codes and all dates of birth. So the digests are too short to prove
anything. About 2,000 codes fit each code's digest, and nine dates of birth of a century each other one; who suspects a
certain date finds at most that it fits. A wrong date fits one in 4,096 appointments of the time that has to be given
with it, and a wrong code one of 300 appointments once in 50,000 times. Two appointments with one digest cannot be told
apart: the device then gives a number without deciding, or asks for the code.
"""

from datetime import date, datetime, timedelta
from hmac import digest
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice import vault
from frontoffice.booking import appointing, sheet
from frontoffice.booking.models import OCCUPYING, Appointment, State
from frontoffice.line import refusals
from frontoffice.line.models import Ticket
from frontoffice.offices.models import Office, Service
from frontoffice.staff.models import Device

DAY = timedelta(days=1)
# So often it is sent although nothing has changed, because of the other offices.
ANEW_AFTER = timedelta(minutes=15)
# More than that of other offices is not sent: it serves only to send people to the right one.
MOST_ELSEWHERE = 5000
# Hex digits that are sent of each digest; the device keeps to the same.
LENGTHS = {"code": 6, "birth": 3}
STANDING = {
    State.UNCONFIRMED: "expected",
    State.CONFIRMED: "expected",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "cancelled",
}


def of_today(session: Session, device: Device, known: str | None, now: datetime) -> dict[str, Any] | None:
    """The list as the device gets it; None where `known` is the version of it that would be sent."""
    office = device.office
    day = sheet.day_of(now, office.time_zone)
    version = _version(session, office, day, now)
    if version == known:
        return None
    key = bytes.fromhex(vault.of(session).digest("day-list", f"{device.id} {day.isoformat()}"))
    return {
        "date": day.isoformat(),
        "version": version,
        "key": key.hex(),
        "appointments": _appointments(session, office, day, key),
        "elsewhere": _elsewhere(session, office, day, key),
    }


def digest_of(key: bytes, purpose: str, value: str) -> str:
    """The first hex digits of HMAC-SHA256; the device works out the same."""
    return digest(key, f"{purpose}\x00{value}".encode(), "sha256").hex()[: LENGTHS[purpose]]


def _on(day: date, office: Office) -> tuple[Any, ...]:
    begins, ends = (sheet.midnight(each, office.time_zone) for each in (day, day + DAY))
    return Appointment.start >= begins, Appointment.start < ends


def _version(session: Session, office: Office, day: date, now: datetime) -> str:
    count, changed = session.execute(
        select(func.count(Appointment.id), func.max(Appointment.changed_at)).where(
            Appointment.office_id == office.id, *_on(day, office)
        )
    ).one()
    period = int(now.timestamp() // ANEW_AFTER.total_seconds())
    # The device repeats it in an address.
    return (
        f"{day:%Y%m%d}-{LENGTHS['code']}-{count}-{int(changed.timestamp() * 1e6) if changed else 0}-{period}"
    )


def _appointments(session: Session, office: Office, day: date, key: bytes) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Appointment, Service.slug, Ticket)
        .join(Service, Appointment.service_id == Service.id)
        .outerjoin(Ticket, Ticket.appointment_id == Appointment.id)
        .where(Appointment.office_id == office.id, *_on(day, office))
        .order_by(Appointment.start, Appointment.id)
    ).all()
    zone = ZoneInfo(office.time_zone)
    return [
        {
            "code": digest_of(key, "code", appointment.reference),
            "birth": digest_of(key, "birth", _birth(session, appointment, zone)),
            "due_at": appointment.start.isoformat().replace("+00:00", "Z"),
            "service": slug,
            "standing": "here" if ticket else STANDING.get(appointment.state, "here"),
            "ticket": ticket.code if ticket else None,
        }
        for appointment, slug, ticket in rows
    ]


def _birth(session: Session, appointment: Appointment, zone: ZoneInfo) -> str:
    born = appointing.person_of(session, appointment).born
    return f"{born.isoformat()} {appointment.start.astimezone(zone):%H:%M}"


def _elsewhere(session: Session, office: Office, day: date, key: bytes) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Office, Appointment.reference)
        .join(Appointment, Appointment.office_id == Office.id)
        .where(Office.id != office.id, *_on(day, office), Appointment.state.in_(OCCUPYING))
        .order_by(Office.id)
        .limit(MOST_ELSEWHERE + 1)
    ).all()
    if len(rows) > MOST_ELSEWHERE:
        return []
    codes: dict[str, list[str]] = {}
    for other, reference in rows:
        codes.setdefault(refusals.address(other), []).append(digest_of(key, "code", reference))
    return [{"office": name, "codes": theirs} for name, theirs in codes.items()]
