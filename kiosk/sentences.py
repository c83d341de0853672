"""What a screen says when staff have to help, or know something; and what became of the paper."""

from dataclasses import dataclass

from kiosk.device import DeviceState, Trouble
from kiosk.entries import PrintState
from kiosk.office_setup import OfficeSetup
from kiosk.texts import N_, _, ngettext, time_of_day

CLOCK_OFF_MINUTES = 2
NO_VOICE = N_("This device cannot read this language aloud. The people at the desk will help you.")


@dataclass(frozen=True)
class Notice:
    """A screen that says something went otherwise."""

    title: str
    sentence: str
    for_staff: str = ""

    def translated(self) -> "Notice":
        """In the visitor's language."""
        return Notice(_(self.title), _(self.sentence), self.for_staff and _(self.for_staff))


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
    "doubled": Notice(
        N_("This device cannot give out numbers now"),
        N_("Please go to the desk. The people there will help you."),
        for_staff=N_(
            "For staff: another device uses the same credential. Please pair this one anew with a one-time "
            "code of its own; this screen then goes on by itself."
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


PAPER: dict[PrintState, str] = {
    "queued": N_("Your ticket is being printed …"),
    "printing": N_("Your ticket is being printed …"),
    "printed": N_("Please take your ticket from the printer."),
    "failed": N_("Your ticket could not be printed. Please remember your number or take a photo of it."),
    "unknown": N_("If no ticket came out: please remember your number or take a photo of it."),
}

PRINTER = {
    "out_of_paper": N_("the printer has no paper"),
    "unreachable": N_("the printer does not answer"),
}


def paper(state: PrintState, printer: str) -> str:
    """What became of the ticket on paper, or why there is none; empty where the visitor has the choice."""
    if state == "none":
        return "" if printer == "ok" else _("Please remember your number or take a photo of it.")
    return _(PAPER[state])


def trouble(kind: Trouble) -> Notice:
    """The screen while the device cannot serve anybody."""
    return TROUBLES[kind].translated()


def failure(status: int) -> Notice:
    """The screen for a request that could not be answered, by its HTTP status."""
    return FAILURES.get(status, OTHER_FAILURE).translated()


def state_line(state: DeviceState, setup: OfficeSetup | None) -> str:
    """One small line for staff: the link to the office, the printer, and what waits for delivery."""
    link = state.link
    match link.state:
        case "connected":
            parts = [_("Connected")]
        case "offline" if setup and link.since:
            parts = [_("Offline since %(time)s", time=time_of_day(link.since, setup.time_zone))]
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
    if state.printer in PRINTER:
        parts.append(_(PRINTER[state.printer]))
    minutes = round(abs(link.clock_ahead.total_seconds()) / 60)
    if minutes >= CLOCK_OFF_MINUTES:
        parts.append(ngettext("clock is off by %(num)d minute", "clock is off by %(num)d minutes", minutes))
    return " · ".join(parts)
