"""A screen of its own for each reason why a visitor gets no number, with what can be done here and now."""

from dataclasses import dataclass
from datetime import datetime

from kiosk import numbers
from kiosk.entries import Entry
from kiosk.office_setup import OfficeSetup
from kiosk.texts import N_, _, day_name, time_of_day
from kiosk.ticket_facts import due_at

# Who is early waits here if it is not longer than this many minutes.
WORTH_WAITING = 90


@dataclass(frozen=True)
class Refusal:
    """`offers` are, in this order: wait, wait_anyway, again, by_birth, by_code, walk_in, booking, desk."""

    title: str
    sentence: str
    icon: str = "warning"
    offers: tuple[str, ...] = ("desk",)
    facts: tuple[str, ...] = ()


REFUSALS = {
    "unknown_code": Refusal(
        N_("We do not find this code"),
        N_(
            "There is no appointment with this code at this office. Please compare it with your confirmation."
        ),
        offers=("again", "by_birth", "walk_in", "desk"),
    ),
    "unknown_birth": Refusal(
        N_("We do not find this appointment"),
        N_("There is no appointment today at this time for this date of birth. Please check both."),
        offers=("by_birth", "by_code", "walk_in", "desk"),
    ),
    "ambiguous": Refusal(
        N_("We need your code"),
        N_("With date of birth and time alone we cannot tell which appointment is yours."),
        offers=("by_code", "desk"),
    ),
    "too_many_tries": Refusal(
        N_("Please go to the desk"),
        N_("Appointments were looked for too often on this device. It can look for them again later."),
        offers=("by_code", "desk"),
    ),
    "not_now": Refusal(
        N_("That does not work at the moment"),
        N_("This device has no connection to the office and can only take the code of your appointment."),
        offers=("by_code", "desk"),
    ),
    "already_checked_in": Refusal(
        N_("You are already checked in"),
        N_("This appointment has its number. Please take a seat: it appears on the screen, with a gong."),
        icon="success",
        offers=("wait", "desk"),
    ),
    "too_early": Refusal(
        N_("You are too early"),
        N_("It is too early to check in for this appointment."),
        icon="info",
        offers=("wait", "walk_in", "desk"),
    ),
    "too_late": Refusal(
        N_("Your appointment is over"),
        N_("The time of your appointment has passed. You can still wait, but others come before you."),
        offers=("wait_anyway", "walk_in", "booking", "desk"),
    ),
    "wrong_day": Refusal(
        N_("Your appointment is on another day"),
        N_("This appointment is not today."),
        icon="calendar-today",
        offers=("walk_in", "desk"),
    ),
    "wrong_office": Refusal(
        N_("Your appointment is at another office"),
        N_("You are at the wrong place for this appointment."),
        icon="home",
        offers=("walk_in", "desk"),
    ),
    "cancelled": Refusal(
        N_("This appointment was cancelled"),
        N_("The time is no longer kept for you."),
        icon="close",
        offers=("walk_in", "booking", "desk"),
    ),
    "no_walk_in": Refusal(
        N_("This concern needs an appointment"),
        N_("There are no numbers for this concern today. Please book an appointment."),
        icon="calendar-today",
        offers=("booking", "walk_in", "desk"),
    ),
    "no_numbers_yet": Refusal(
        N_("No numbers are given yet"),
        N_("You can book an appointment. With an appointment you can check in here."),
        icon="info",
        offers=("booking", "desk"),
    ),
    "no_more_numbers": Refusal(
        N_("No more numbers are given today"),
        N_("You can book an appointment. With an appointment you can check in here."),
        offers=("booking", "desk"),
    ),
    "unknown_service": Refusal(
        N_("This concern is no longer offered"),
        N_("The office has changed its list of concerns. Please choose again."),
        offers=("walk_in", "desk"),
    ),
}

OTHER = Refusal(N_("Please go to the desk"), N_("This device cannot give you a number for that."))


def of(entry: Entry, setup: OfficeSetup, language: str, now: datetime) -> Refusal:
    """The screen for an entry that got no number; the office's own sentence comes before ours."""
    found = REFUSALS.get(entry.result.code or "", OTHER)
    none = numbers.words(numbers.at(setup, now), setup, now, language)
    return Refusal(
        _(found.title),
        entry.result.sentence or _(found.sentence),
        found.icon,
        tuple(offer for offer in found.offers if offer != "walk_in" or none is None),
        _facts(entry, setup, language, now)
        + (none.facts if none is not None and entry.result.code in numbers.CODES.values() else ()),
    )


def _facts(entry: Entry, setup: OfficeSetup, language: str, now: datetime) -> tuple[str, ...]:
    """What is known of the appointment and helps; the code is a secret, so who has it may see its time."""
    known = []
    due = due_at(entry)
    at = time_of_day(due, setup.time_zone) if due else ""
    match entry.result.code:
        case "wrong_office" if entry.result.office:
            known.append(_("It is at: %(office)s", office=entry.result.office))
        case "wrong_day" | "cancelled" if due:
            date = day_name(setup.day(due), language)
            known.append(_("It was made for %(date)s at %(time)s.", date=date, time=at))
        case "too_late" if due:
            known.append(_("It was at %(time)s.", time=at))
        case "too_early" if due:
            known.append(_("Your appointment is at %(time)s.", time=at))
            possible = due - setup.early
            if 0 < (possible - now).total_seconds() <= WORTH_WAITING * 60:
                from_ = time_of_day(possible, setup.time_zone)
                known.append(_("Please wait here and come back to this device from %(time)s on.", time=from_))
            else:
                from_ = time_of_day(possible, setup.time_zone)
                known.append(_("You can check in here from %(time)s on.", time=from_))
    return tuple(known)
