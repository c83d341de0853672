"""Why somebody cannot check in or draw a number: each reason with a sentence that says what to do instead."""

from frontoffice.booking.models import Appointment
from frontoffice.errors import N_, Conflict
from frontoffice.line.models import Ticket
from frontoffice.offices.models import Office


class Refusal(Conflict):
    """An arrival that cannot be taken, and what is known of it: service, time and language of the appointment.

    `ticket` is the number that the appointment has already, `office` where it is. Nothing here needs the session,
    which ends with the error.
    """

    def __init__(
        self,
        appointment: Appointment | None = None,
        ticket: Ticket | None = None,
        office: Office | None = None,
    ) -> None:
        super().__init__()
        # A service of another office says nothing here.
        self.service_id = appointment.service_id if appointment and office is None else None
        self.due_at = appointment.start if appointment else None
        self.language = appointment.language if appointment else None
        self.ticket = ticket.code if ticket else None
        self.office = address(office) if office else None


class UnknownCode(Refusal):
    """No appointment at this office has this code."""

    code = "unknown_code"
    sentence = N_("We do not know this code. Please check it, or take a number without appointment.")


class AlreadyCheckedIn(Refusal):
    """The appointment has its ticket."""

    code = "already_checked_in"
    sentence = N_("This appointment has already been checked in. Please wait until your number is called.")


class TooEarly(Refusal):
    """It is the right day, but too long before the time."""

    code = "too_early"
    sentence = N_("It is too early to check in. Please come back shortly before your appointment.")


class TooLate(Refusal):
    """The time is over. Who waits all the same says so, and is taken after those who are on time."""

    code = "too_late"
    sentence = N_(
        "The time of your appointment is over. You can wait for the next free place, take a number without "
        "appointment, or ask at the desk."
    )


class WrongOffice(Refusal):
    """The appointment is at another office."""

    code = "wrong_office"
    sentence = N_("Your appointment is at another office. Please go there, or ask at the desk.")


class UnknownBirth(Refusal):
    """Nobody born on that day has an appointment at that time."""

    code = "unknown_birth"
    sentence = N_(
        "We find no appointment with this date of birth and time. Please check both, or use the code of your "
        "appointment."
    )


class Ambiguous(Refusal):
    """Two people born on that day have an appointment at that time."""

    code = "ambiguous"
    sentence = N_("We find more than one appointment. Please use the code of yours, or ask at the desk.")


class TooManyTries(Refusal):
    """Dates of birth were tried too often at this device."""

    code = "too_many_tries"
    sentence = N_(
        "Dates of birth were tried too often here. Please use the code of your appointment, or ask at the desk."
    )


class WrongDay(Refusal):
    """The appointment is on another day."""

    code = "wrong_day"
    sentence = N_("Your appointment is not today. Please look at the date in your confirmation.")


class Cancelled(Refusal):
    """The appointment was cancelled, or never confirmed in time."""

    code = "cancelled"
    sentence = N_(
        "This appointment was cancelled. Please take a number without appointment, or ask at the desk."
    )


class UnknownService(Refusal):
    """The office does not offer that (any more)."""

    code = "unknown_service"
    sentence = N_("This office does not offer that service (any more). Please choose another one.")


class NoWalkIn(Refusal):
    """The service is by appointment only."""

    code = "no_walk_in"
    sentence = N_("This service is by appointment only. Please book an appointment.")


class NoNumbersYet(Refusal):
    """It is too early in the day for numbers without appointment."""

    code = "no_numbers_yet"
    sentence = N_(
        "No numbers are given yet. Please come back when the office opens, or book an appointment. With an "
        "appointment you can check in."
    )


class NoMoreNumbers(Refusal):
    """The office is closed, or closes early and stays open only for those who are there."""

    code = "no_more_numbers"
    sentence = N_(
        "No more numbers are given today. Please book an appointment, or come back on another day. With an "
        "appointment you can check in."
    )


REFUSALS: tuple[type[Refusal], ...] = (
    UnknownCode,
    AlreadyCheckedIn,
    TooEarly,
    TooLate,
    WrongOffice,
    UnknownBirth,
    Ambiguous,
    TooManyTries,
    WrongDay,
    Cancelled,
    UnknownService,
    NoWalkIn,
    NoNumbersYet,
    NoMoreNumbers,
)


def address(office: Office) -> str:
    """Name and address of an office on one line, as visitors are told it."""
    return f"{office.name}, {office.street}, {office.postal_code} {office.city}"
