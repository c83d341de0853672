"""What a screen says when there is no plain ticket to show, and when staff have to help."""

from dataclasses import dataclass

from kiosk.device import DeviceState, Trouble
from kiosk.journal import Entry
from kiosk.office_setup import OfficeSetup
from kiosk.texts import N_, _, ngettext, time_of_day

CLOCK_OFF_MINUTES = 2


@dataclass(frozen=True)
class Notice:
    """A screen that says something went otherwise; `offers` are what the visitor can do here and now."""

    title: str
    sentence: str
    advice: str = ""
    for_staff: str = ""
    offers: tuple[str, ...] = ()

    def translated(self, sentence: str | None = None) -> "Notice":
        """In the visitor's language, with another sentence where one is given."""
        return Notice(
            _(self.title),
            sentence or _(self.sentence),
            self.advice and _(self.advice),
            self.for_staff and _(self.for_staff),
            self.offers,
        )


REFUSALS = {
    "unknown_code": Notice(
        N_("We do not find this code"),
        N_("There is no appointment with this code at this office."),
        N_(
            "Please compare the code with your confirmation. You can also take a number without an "
            "appointment, or go to the desk."
        ),
        offers=("again", "walk_in"),
    ),
    "already_checked_in": Notice(
        N_("You are already checked in"),
        N_("Somebody has already checked in with this code."),
        N_("Please take a seat. Your number appears on the screen, with a gong."),
    ),
    "too_early": Notice(
        N_("You are too early"),
        N_("It is too early to check in for this appointment."),
        N_("Please come back to this device a little later. Or go to the desk."),
    ),
    "wrong_day": Notice(
        N_("Your appointment is on another day"),
        N_("This appointment is not today."),
        N_("If you need help today, take a number without an appointment, or go to the desk."),
        offers=("walk_in",),
    ),
    "cancelled": Notice(
        N_("This appointment was cancelled"),
        N_("The time is no longer kept for you."),
        N_("You can take a number without an appointment, book a new appointment, or go to the desk."),
        offers=("walk_in", "booking"),
    ),
    "no_walk_in": Notice(
        N_("This concern needs an appointment"),
        N_("There are no numbers for this concern today."),
        N_("Please book an appointment. If it is urgent, go to the desk."),
        offers=("booking", "walk_in"),
    ),
    "unknown_service": Notice(
        N_("This concern is no longer offered"),
        N_("The office has changed its list of concerns."),
        N_("Please choose again, or go to the desk."),
        offers=("walk_in",),
    ),
}

OTHER_REFUSAL = Notice(
    N_("Please go to the desk"),
    N_("This device cannot give you a number for that."),
    N_("The people at the desk will help you."),
)

TROUBLES: dict[Trouble, Notice] = {
    "unpaired": Notice(
        N_("This device is not set up yet"),
        N_("Please go to the desk. The people there will help you."),
        for_staff=N_(
            "For staff: create a one-time code for this device and enter it here with the command "
            "“frontoffice-kiosk pair”. This screen then goes on by itself."
        ),
    ),
    "revoked": Notice(
        N_("This device is signed off"),
        N_("Please go to the desk. The people there will help you."),
        for_staff=N_(
            "For staff: the office no longer accepts this device. If it is to serve again, create a "
            "new one-time code and enter it here with the command “frontoffice-kiosk pair”."
        ),
    ),
    "no_setup": Notice(
        N_("This device is waiting for the office"),
        N_("Please go to the desk. The people there will help you."),
        for_staff=N_(
            "For staff: the device is paired but has not reached the office yet. Please check the "
            "network. This screen then goes on by itself."
        ),
    ),
}

FAILURES = {
    400: Notice(
        N_("Please start again"),
        N_("This page was open for too long, or something in it was missing. Nothing has been stored."),
    ),
    404: Notice(N_("There is nothing here"), N_("Please go back to the start.")),
    405: Notice(N_("There is nothing here"), N_("Please go back to the start.")),
    413: Notice(N_("That was too much text"), N_("Nothing has been stored. Please start again.")),
}

OTHER_FAILURE = Notice(
    N_("This device has a problem"),
    N_("Please go to the desk. The people there will help you."),
    for_staff=N_("For staff: the device could not store or read its data. Please check its disk and log."),
)


def refusal(entry: Entry) -> Notice:
    """The screen for an entry that got no number; the office's own sentence comes before ours."""
    return REFUSALS.get(entry.result.code or "", OTHER_REFUSAL).translated(entry.result.sentence)


def trouble(kind: Trouble) -> Notice:
    """The screen while the device cannot serve anybody."""
    return TROUBLES[kind].translated()


def failure(status: int) -> Notice:
    """The screen for a request that could not be answered, by its HTTP status."""
    return FAILURES.get(status, OTHER_FAILURE).translated()


def state_line(state: DeviceState, setup: OfficeSetup | None, language: str) -> str:
    """One small line for staff: the link to the office and what waits for delivery."""
    link = state.link
    match link.state:
        case "connected":
            parts = [_("Connected")]
        case "offline" if setup and link.since:
            parts = [_("Offline since %(time)s", time=time_of_day(link.since, setup.time_zone, language))]
        case "offline":
            parts = [_("Offline")]
        case "revoked":
            parts = [_("Signed off by the office")]
        case _:
            parts = [_("Connecting")]
    if state.waiting:
        parts.append(ngettext("%(num)d entry waiting", "%(num)d entries waiting", state.waiting))
    if state.stuck:
        parts.append(
            ngettext("%(num)d number not taken by office", "%(num)d numbers not taken by office", state.stuck)
        )
    minutes = round(abs(link.clock_ahead.total_seconds()) / 60)
    if minutes >= CLOCK_OFF_MINUTES:
        parts.append(ngettext("clock is off by %(num)d minute", "clock is off by %(num)d minutes", minutes))
    return " · ".join(parts)
