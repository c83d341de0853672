"""What a visitor is told while the office cannot be reached: the office's rules on the list of today."""

from dataclasses import dataclass
from datetime import datetime

from kiosk import numbers
from kiosk.digests import DayList, Expected
from kiosk.entries import Act, Result
from kiosk.office_setup import OfficeSetup


@dataclass(frozen=True)
class Decision:
    """`refused`, with `result.code` for the reason; else the number is handed out."""

    refused: bool
    result: Result
    matched: str | None = None


def decide(act: Act, setup: OfficeSetup, today: DayList | None, now: datetime) -> Decision:
    """Whether the visitor gets a number without the office's answer; who has one already is for the caller to see.

    A code that is not on the list gets one: it may have been booked since, and the desk finds out. For a date of
    birth that would be a number for nothing.
    """
    usable = today if today is not None and today.day == setup.day(now) else None
    if act.kind != "check_in":
        code = numbers.at(setup, now).code
        return Decision(code is not None, Result(service=act.service, code=code))
    if act.born is not None:
        return _by_birth(act, setup, usable, now)
    if usable is None or act.code is None:
        return Decision(False, Result())
    digest, expected, elsewhere = usable.of_code(act.code)
    if expected is not None:
        return _of_appointment(expected, act, setup, now)
    refused = Result(code="wrong_office", office=elsewhere) if elsewhere else Result()
    return Decision(elsewhere is not None, refused, digest)


def _by_birth(act: Act, setup: OfficeSetup, usable: DayList | None, now: datetime) -> Decision:
    if usable is None or act.born is None or act.due is None:
        return _refusal("not_now")
    found = usable.of_birth(act.born, act.due)
    if len(found) != 1:
        return _refusal("ambiguous" if found else "unknown_birth")
    return _of_appointment(found[0], act, setup, now)


def _of_appointment(expected: Expected, act: Act, setup: OfficeSetup, now: datetime) -> Decision:
    code = None
    if expected.standing == "cancelled":
        code = "cancelled"
    elif expected.standing == "here":
        code = "already_checked_in"
    elif now < expected.due_at - setup.early:
        code = "too_early"
    elif now > expected.due_at + setup.too_late and not act.late_ok:
        code = "too_late"
    result = Result(
        ticket=expected.ticket if code == "already_checked_in" else None,
        service=expected.service,
        due_at=expected.due_at.isoformat(),
        code=code,
    )
    return Decision(code is not None, result, expected.digest)


def _refusal(code: str) -> Decision:
    return Decision(True, Result(code=code))
