"""What can stand in the way of a booking, in words for the visitor."""

from frontoffice.errors import N_, Conflict, Invalid


class NotOffered(Invalid):
    """Appointments for the service do not start at that time, or not so soon, or not so far ahead."""

    code = "not_offered"

    def __init__(self) -> None:
        super().__init__(
            "start", N_("There is no appointment at this time. Please choose one of the times shown.")
        )


class NotOnline(Invalid):
    """The service exists, but cannot be booked online."""

    code = "not_online"

    def __init__(self) -> None:
        super().__init__(
            "service", N_("This service cannot be booked online. Please call us, or come to the front desk.")
        )


class JustTaken(Conflict):
    """Somebody else was quicker."""

    code = "just_taken"
    sentence = N_("Somebody else has just taken this time. Please choose another one.")


class HoldExpired(Conflict):
    """A hold ran out, and its time is no longer free."""

    code = "hold_expired"
    sentence = N_(
        "We could not keep this time for you any longer, and somebody else has taken it. "
        "Please choose another time. We are sorry."
    )


class AlreadyBooked(Conflict):
    """A hold became an appointment with other details before."""

    code = "already_booked"
    sentence = N_(
        "This time is already booked with other details. "
        "The link in your confirmation leads to the page of the appointment."
    )


class KeyReused(Conflict):
    """An idempotency key was used for something else before."""

    code = "key_reused"
    sentence = N_("This key was used with other values before. Please use a new key for every new request.")


class NotCancellable(Conflict):
    """The appointment is over, or the person is already there."""

    code = "not_cancellable"
    sentence = N_("This appointment can no longer be cancelled here. Please ask at the front desk.")
