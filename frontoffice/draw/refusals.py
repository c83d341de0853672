"""What can stand in the way of a draw, in words for visitors and staff."""

from frontoffice.errors import N_, NP_, Conflict


class WindowClosed(Conflict):
    """Requests are not taken yet, or no longer."""

    code = "window_closed"
    sentence = N_(
        "This draw takes no requests at the moment. Its page says from when until when it does. "
        "If it is over, please look at the free times, or join the waiting list."
    )


class ProvenTooLate(Conflict):
    """The contact was not proved while the window was open, or the request was taken back."""

    code = "proven_too_late"
    sentence = N_(
        "This request takes no part: it was taken back, or not confirmed before the window closed. "
        "Please look at the free times, or join the waiting list."
    )


class AlreadyEntered(Conflict):
    """The person has a request in this draw."""

    code = "already_entered"
    sentence = N_(
        "Somebody with this name and date of birth already takes part in this draw. A second request would not raise "
        "the chances. If it was you: the link in our message leads to your request."
    )


class TooManyRequests(Conflict):
    """There are as many requests with this contact as there may be."""

    code = "too_many_requests"
    sentence = NP_(
        "There is already %(most)s request in this draw with this mail address or phone number. "
        "Please use another one, or call us.",
        "There are already %(most)s requests in this draw with this mail address or phone number. "
        "Please use another one, or call us.",
        "most",
    )


class AlreadyDrawn(Conflict):
    """The draw has been made, so neither it nor its requests can be changed."""

    code = "already_drawn"
    sentence = N_("The lots have been drawn already. If you do not need the appointment, please cancel it.")


class Overlaps(Conflict):
    """Another draw gives away the same times."""

    code = "overlaps"
    sentence = N_(
        "Another draw gives away times of the same schedule on some of these days. Please choose other days."
    )
