"""What a visitor has to know besides the number, in words: for the ticket's screen and for its paper."""

from dataclasses import dataclass
from datetime import datetime

from kiosk.entries import Entry
from kiosk.office_setup import OfficeSetup, Wait
from kiosk.texts import _, day_name, direction, ngettext, time_of_day
from kiosk.ticket_image import TicketSlip

SHORT_WAIT = 5  # minutes: below that a range would pretend to know more than anybody does


@dataclass(frozen=True)
class TicketFacts:
    """Empty where it is not known. `link` is the address of the phone ticket."""

    service: str
    due: str
    wait: str
    room: str
    link: str


def facts(entry: Entry, setup: OfficeSetup, language: str) -> TicketFacts:
    """The facts of an entry that has a number."""
    service = setup.service(entry.result.service or entry.act.service or "")
    due = due_at(entry)
    return TicketFacts(
        service=service.name(language) if service else "",
        due=_("Your appointment is at %(time)s.", time=time_of_day(due, setup.time_zone)) if due else "",
        wait=wait(entry.result.wait),
        room=_("Please take a seat here: %(room)s", room=entry.result.room) if entry.result.room else "",
        link=setup.ticket_address(entry.act.id),
    )


def due_at(entry: Entry) -> datetime | None:
    """The time of the appointment, if there is one and it is known."""
    return datetime.fromisoformat(entry.result.due_at) if entry.result.due_at else None


def wait(expected: Wait | None) -> str:
    """The expected wait as a sentence with a range."""
    if expected is None:
        return ""
    if expected.high <= SHORT_WAIT:
        return _("You will be called in a few minutes.")
    if expected.high <= expected.low:
        return ngettext(
            "You will probably wait about %(num)d minute.",
            "You will probably wait about %(num)d minutes.",
            expected.high,
        )
    return ngettext(
        "You will probably wait %(low)d to %(num)d minute.",
        "You will probably wait %(low)d to %(num)d minutes.",
        expected.high,
        low=max(expected.low, 0),
    )


def slip(entry: Entry, setup: OfficeSetup, language: str) -> TicketSlip:
    """The ticket as it is printed."""
    known = facts(entry, setup, language)
    seat = known.room or _("Please take a seat.")
    lines = (known.service, known.due, known.wait, seat, _("Your number appears on the screen, with a gong."))
    day = day_name(setup.day(entry.act.at), language)
    return TicketSlip(
        office=setup.office_name,
        heading=_("Your number"),
        number=entry.ticket,
        lines=tuple(line for line in lines if line),
        footer=f"{day}, {time_of_day(entry.act.at, setup.time_zone)}",
        right_to_left=direction(language) == "rtl",
        link=known.link or None,
        link_text=_("Follow your place in the line on your phone:"),
    )
