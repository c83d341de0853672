"""Alarms and calls for help: who calls, who is coming, and that it is over.

They are events and nothing else: whoever looks at a desk of the office sees those of the last minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.errors import N_, Conflict
from frontoffice.events import Event
from frontoffice.line import seat
from frontoffice.offices.models import Counter
from frontoffice.staff.models import Account

ALARM = "counter.alarm"
HELP = "counter.help"
COMING = "counter.answered"
OVER = "counter.settled"
SHOWN = {HELP: timedelta(minutes=10), ALARM: timedelta(minutes=30)}  # unless somebody says that it is over


class IsOver(Conflict):
    """Somebody has helped already, or it is long ago."""

    code = "is_over"
    sentence = N_("That call is over already. Thank you.")


@dataclass(frozen=True)
class Cry:
    """An alarm or a call for help: from which counter, for whom (empty: for all), and who is coming."""

    number: int
    is_alarm: bool
    counter: str
    room: str
    at: datetime
    asked: str = ""
    coming: Sequence[str] = ()


def cries(session: Session, office_id: int, now: datetime) -> Sequence[Cry]:
    """What is not over yet; alarms first, then the newest."""
    rows = session.scalars(
        select(Event)
        .where(
            Event.office_id == office_id,
            Event.at > now - max(SHOWN.values()),
            Event.kind.in_((ALARM, HELP, COMING, OVER)),
        )
        .order_by(Event.number)
    ).all()
    over = {row.data["cry"] for row in rows if row.kind == OVER}
    found = [
        Cry(
            row.number,
            row.kind == ALARM,
            row.data["counter"],
            row.data["room"],
            row.at,
            row.data.get("asked", ""),
            [each.data["counter"] for each in rows if each.kind == COMING and each.data["cry"] == row.number],
        )
        for row in rows
        if row.kind in SHOWN and row.number not in over and row.at > now - SHOWN[row.kind]
    ]
    return sorted(found, key=lambda cry: (not cry.is_alarm, -cry.number))


def answer(session: Session, counter_id: int, account: Account, now: datetime, number: int) -> None:
    """Who sits at this counter is coming; saying so again changes nothing.

    Raises NotFound, NotAllowed, CounterClosed, IsOver.
    """
    here = seat.take(session, counter_id, account)
    if here.counter not in _cry(session, here.office_id, number, now).coming:
        _tell(
            session,
            here.office_id,
            counter_id,
            account,
            now,
            COMING,
            {"cry": number, "counter": here.counter},
        )


def settle(session: Session, counter_id: int, account: Account, now: datetime, number: int) -> None:
    """It is over, says somebody at this counter. Raises NotFound, NotAllowed, IsOver."""
    counter: Counter = seat.counter_for(session, counter_id, account)
    _cry(session, counter.office_id, number, now)
    _tell(session, counter.office_id, counter_id, account, now, OVER, {"cry": number})


def _cry(session: Session, office_id: int, number: int, now: datetime) -> Cry:
    for cry in cries(session, office_id, now):
        if cry.number == number:
            return cry
    raise IsOver


def _tell(
    session: Session,
    office_id: int,
    counter_id: int,
    account: Account,
    now: datetime,
    kind: str,
    data: dict[str, object],
) -> None:
    actor, subject = f"account:{account.id}", f"counter:{counter_id}"
    events.append(session, office_id, kind, now, actor=actor, subject=subject, data=data)
