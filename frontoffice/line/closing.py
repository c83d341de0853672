"""Closing early: the office says so to those who wait, on screens, phone tickets and by SMS."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.errors import N_, Invalid
from frontoffice.line import end_of_day, next_up
from frontoffice.line.models import STANDING, EarlyClosing, Ticket
from frontoffice.offices.models import Office
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission

AHEAD = timedelta(hours=12)


def close_early(
    session: Session, office: Office, account: Account, closes_at: datetime, now: datetime
) -> int:
    """Say that the office closes at that time today, or at another one than was said; gives how many get an SMS.

    The same time once more is no news. Raises NotAllowed; Invalid for a time that is over or not today.
    """
    _require(account, office)
    today = sheet.day_of(now, office.time_zone)
    if not now < closes_at <= now + AHEAD or sheet.day_of(closes_at, office.time_zone) != today:
        raise Invalid("closes_at", N_("Please choose a time later today."))
    said = _said(session, office, now)
    if said is not None and said.closes_at == closes_at:
        return 0
    if said is None:
        said = EarlyClosing(office_id=office.id, day=today)
        session.add(said)
    said.closes_at, said.told_at, said.account_id = closes_at, now, account.id
    session.flush()
    told = next_up.tell_closing(session, _standing(session, office, now), said, now)
    data = {"closes_at": closes_at.isoformat()}
    _happened(session, office, account, "office.closing_early", now, data)
    return told


def close_as_usual(session: Session, office: Office, account: Account, now: datetime) -> int:
    """Take that back, and tell those who got an SMS; gives how many. Once more changes nothing. Raises NotAllowed."""
    _require(account, office)
    said = _said(session, office, now)
    if said is None:
        return 0
    usual = end_of_day.usually_closes_at(session, office, now)
    told = next_up.tell_open(session, _standing(session, office, now), said, usual, now)
    session.delete(said)
    session.flush()
    _happened(session, office, account, "office.closing_as_usual", now, {})
    return told


def _require(account: Account, office: Office) -> None:
    roles.require(account, Permission.STEER_LINE)
    roles.require_office(account, office.id)


def _standing(session: Session, office: Office, now: datetime) -> Sequence[Ticket]:
    return session.scalars(
        select(Ticket)
        .where(
            Ticket.office_id == office.id,
            Ticket.day == sheet.day_of(now, office.time_zone),
            Ticket.state.in_(STANDING),
        )
        .order_by(Ticket.id)
    ).all()


def _said(session: Session, office: Office, now: datetime) -> EarlyClosing | None:
    # Who closes is one at a time: two rows for one day cannot be.
    session.execute(select(Office.id).where(Office.id == office.id).with_for_update(key_share=True))
    today = sheet.day_of(now, office.time_zone)
    return session.scalar(
        select(EarlyClosing).where(EarlyClosing.office_id == office.id, EarlyClosing.day == today)
    )


def _happened(
    session: Session, office: Office, account: Account, kind: str, now: datetime, data: dict[str, str]
) -> None:
    actor, subject = f"account:{account.id}", f"office:{office.id}"
    events.append(session, office.id, kind, now, actor=actor, subject=subject, data=data)
