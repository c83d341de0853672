"""What can stand in the way on the waiting list, in words for the visitor."""

from frontoffice.errors import N_, NP_, Conflict, Invalid


class AlreadyWaiting(Conflict):
    """The person is on the list for this service."""

    code = "already_waiting"
    sentence = N_(
        "Somebody with this name and date of birth is already on the waiting list for this concern. If it is you: "
        "the link in our message leads to your entry, and there you can change it or leave the list."
    )


class TooManyWishes(Conflict):
    """There are as many entries with this contact as there may be."""

    code = "too_many_wishes"
    sentence = NP_(
        "There is already %(most)s entry on the waiting list with this mail address or phone number. "
        "Please leave the list with it first, or call us.",
        "There are already %(most)s entries on the waiting list with this mail address or phone number. "
        "Please leave the list with one of them first, or call us.",
        "most",
    )


class NotReachable(Invalid):
    """All of the addresses that were given take no messages from us."""

    code = "not_reachable"

    def __init__(self) -> None:
        super().__init__(
            "mail",
            N_(
                "We could not send you an offer: this address or number takes no messages from us. "
                "Please enter another one."
            ),
        )


class OfferGone(Conflict):
    """The offer was taken, declined or has run out."""

    code = "offer_gone"
    sentence = N_(
        "This time is no longer kept for you: the offer has run out, or was answered before. "
        "While you are on the waiting list, you get the next time that fits."
    )


class NoLongerWaiting(Conflict):
    """The entry has ended."""

    code = "no_longer_waiting"
    sentence = N_(
        "This entry on the waiting list has ended. If you still need an earlier time, please join again."
    )


class EarlierByPhone(Conflict):
    """The concern is not offered online, so no freed time of it is ever offered."""

    code = "earlier_by_phone"
    sentence = N_(
        "For this concern we give earlier times by phone only. Your appointment stands. "
        "Please call us if you need an earlier one."
    )


class NotEarlier(Conflict):
    """The appointment for which an earlier time is asked for is over or cancelled."""

    code = "not_earlier"
    sentence = N_(
        "For this appointment there can be no earlier time: it is over, cancelled, or not confirmed yet."
    )
