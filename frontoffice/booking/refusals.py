"""What can stand in the way of a booking, in words for the visitor."""

from frontoffice.errors import N_, NP_, Conflict, Invalid, TooMany


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


class TooManyPeople(Invalid):
    """One appointment of the service is for fewer people."""

    code = "too_many_people"

    def __init__(self, most: int) -> None:
        super().__init__(
            "people",
            N_(
                "One appointment for this service is for a party of at most %(most)s. "
                "Please make a second appointment for the others, or call us."
            ),
            most=most,
        )


class NotTogether(Invalid):
    """These services are not one visit."""

    code = "not_together"

    def __init__(self) -> None:
        super().__init__(
            "service",
            N_(
                "These services do not fit into one appointment. "
                "Please choose fewer services or fewer people, or make several appointments."
            ),
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


class AlreadyComing(Conflict):
    """The person has as many coming appointments for the service as one person may have."""

    code = "already_coming"
    sentence = N_(
        "Somebody with this name and date of birth already has an appointment for this concern. If it is yours: "
        "the link in your confirmation leads to it, and there you can move or cancel it. If it is not yours, or you "
        "cannot find the confirmation, please call us or come to the front desk."
    )

    @classmethod
    def on(cls, day: str, time: str) -> "AlreadyComing":
        """With day and time, for somebody who has shown to be the same."""
        return cls(
            N_(
                "You already have an appointment for this concern on %(day)s at %(time)s. The link in your "
                "confirmation leads to it: there you can move or cancel it. If you cannot find the confirmation, "
                "please call us or come to the front desk."
            ),
            day=day,
            time=time,
        )


class TooManyForMail(Conflict):
    """There are as many coming appointments with this mail address as there may be."""

    code = "too_many_for_mail"
    sentence = NP_(
        "There is already %(most)s coming appointment with this mail address, and more cannot be booked online "
        "with it. Please use another mail address, or call us: we also make appointments for groups and families.",
        "There are already %(most)s coming appointments with this mail address, and more cannot be booked online "
        "with it. Please use another mail address, or call us: we also make appointments for groups and families.",
        "most",
    )


class TooManyForPhone(Conflict):
    """There are as many coming appointments with this phone number as there may be."""

    code = "too_many_for_phone"
    sentence = NP_(
        "There is already %(most)s coming appointment with this phone number, and more cannot be booked online "
        "with it. Please use another number, or call us: we also make appointments for groups and families.",
        "There are already %(most)s coming appointments with this phone number, and more cannot be booked online "
        "with it. Please use another number, or call us: we also make appointments for groups and families.",
        "most",
    )


class NotAccepted(Conflict):
    """Somebody on the block list, who is not told so."""

    code = "not_accepted"
    sentence = N_(
        "We cannot make this appointment online. Please call us or come to the front desk: "
        "there we will find an appointment with you."
    )


class TooManyFromNetwork(TooMany):
    """Too much came from one network within an hour."""

    code = "too_many_from_network"
    sentence = N_(
        "Very many appointments have been asked for from your internet connection, perhaps by others who share it. "
        "Please try again in %(minutes)s min, use another connection (such as your mobile phone’s), or call us."
    )


class ProofRefused(Invalid):
    """The proof of work is wrong, too old, or was used before."""

    code = "proof_refused"

    def __init__(self) -> None:
        super().__init__(
            "captcha",
            N_(
                "The check that keeps programs out has expired or did not work. "
                "Please try again: a new check is made by itself. If it fails again, please call us."
            ),
        )


class ProofMissing(TooMany):
    """Without a proof of work a network may hold only a few times within an hour."""

    code = "proof_missing"
    sentence = N_(
        "Without JavaScript we can keep only a few times in an hour for one internet connection. "
        "Please switch JavaScript on in your browser, try again in %(minutes)s min, or call us."
    )


class NotMovable(Conflict):
    """The appointment is over or cancelled, or the person is already there."""

    code = "not_movable"
    sentence = N_(
        "This appointment can no longer be moved here. Please book a new one, or ask at the front desk."
    )


class TooManyMoves(Conflict):
    """A visitor moved the appointment as often as the configuration allows."""

    code = "too_many_moves"
    sentence = N_(
        "You have moved this appointment already (%(most)s×), and it cannot be moved again online. "
        "It still stands. If you cannot come, please call us or cancel it."
    )


class ChangedMeanwhile(Conflict):
    """Somebody else changed the appointment while this was being done."""

    code = "changed_meanwhile"
    sentence = N_(
        "This appointment has just been changed by somebody else, and what you asked for was not done. "
        "Please look at it again, and then decide anew."
    )


class ConfirmedTooLate(Conflict):
    """The appointment lapsed, or was cancelled, before it was confirmed."""

    code = "confirmed_too_late"
    sentence = N_(
        "This appointment was not confirmed in time, so others can have it again. "
        "Please book a new one. We are sorry."
    )


class MailNeeded(Invalid):
    """The office lets people confirm by mail, and no address was given."""

    code = "mail_needed"

    def __init__(self) -> None:
        super().__init__(
            "mail",
            N_(
                "Please enter a mail address: this office sends a link there, with which you confirm the appointment."
            ),
        )


class PhoneNeeded(Invalid):
    """The office lets people confirm by SMS, and no number was given."""

    code = "phone_needed"

    def __init__(self) -> None:
        super().__init__(
            "phone",
            N_(
                "Please enter a mobile number: this office sends a code there, with which you confirm the appointment."
            ),
        )


class NotChangeable(Conflict):
    """The contact of an appointment that is over or cancelled is not changed any more."""

    code = "not_changeable"
    sentence = N_("This appointment can no longer be changed here. Please ask at the front desk.")
