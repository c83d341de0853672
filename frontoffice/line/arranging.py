"""Arranging counters: which services they serve, which languages are spoken there, room and team."""

import re
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.errors import N_, Invalid
from frontoffice.line import seat, wishes
from frontoffice.offices.models import Counter, Service
from frontoffice.printable import is_line
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission

LONGEST_NAME = 60


def arrange(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    *,
    services: Collection[int],
    languages: Collection[str],
    room: str,
    team: str,
) -> Counter:
    """Change what a counter serves, from the next call on. Whose wish nobody can fulfil any more is for everybody.

    Raises NotFound, NotAllowed; Invalid for services that the office does not have, none at all, or long names.
    """
    counter = seat.counter_for(session, counter_id, account)
    roles.require(account, Permission.STEER_LINE)
    counter.services = _services(session, counter.office_id, services)
    counter.languages = _languages(languages)
    counter.room, counter.team = _name("room", room), _name("team", team)
    session.flush()
    wishes.drop_unfulfillable(session, counter.office_id, sheet.day_of(now, counter.office.time_zone))
    actor, subject = f"account:{account.id}", f"counter:{counter.id}"
    data = {
        "counter": counter.name,
        "services": [each.slug for each in counter.services],
        "languages": counter.languages,
        "room": counter.room,
        "team": counter.team,
    }
    events.append(session, counter.office_id, "counter.changed", now, actor=actor, subject=subject, data=data)
    return counter


def _services(session: Session, office_id: int, wanted: Collection[int]) -> list[Service]:
    if not wanted:
        raise Invalid("services", N_("Please choose at least one service."))
    most = [each for each in wanted if each < 2**31]
    query = select(Service).where(Service.office_id == office_id, Service.id.in_(most))
    found = list(session.scalars(query.order_by(Service.position)))
    if len(found) != len(set(wanted)):
        raise Invalid("services", N_("This office does not offer that service. Please choose another one."))
    return found


def _languages(wanted: Collection[str]) -> list[str]:
    if not all(re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,8})?", code, re.ASCII) for code in wanted):
        raise Invalid("languages", N_("Please choose languages from the list."))
    return list(dict.fromkeys(wanted))


def _name(field: str, typed: str) -> str:
    tidy = " ".join(typed.split())
    if len(tidy) > LONGEST_NAME or not is_line(tidy):
        raise Invalid(field, N_("Please enter a name of at most 60 characters."))
    return tidy
