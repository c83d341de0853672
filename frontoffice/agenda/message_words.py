"""Words for what became of a message: states, and what a provider's code means to somebody at the desk."""

from frontoffice.errors import N_
from frontoffice.messages.failover import Stopped
from frontoffice.messages.following import Followed
from frontoffice.messages.models import MessageState

STATES = {
    MessageState.PENDING: ("info", N_("Waits to leave")),
    MessageState.SENDING: ("info", N_("Is leaving")),
    MessageState.UNKNOWN: ("warning", N_("May have left: we are finding out")),
    MessageState.SENT: ("info", N_("Sent")),
    MessageState.DELIVERED: ("success", N_("Arrived")),
    MessageState.UNDELIVERED: ("danger", N_("Did not arrive")),
    MessageState.FAILED: ("danger", N_("Did not arrive")),
    MessageState.SUPPRESSED: ("warning", N_("Not wanted by the person")),
    MessageState.EXPIRED: ("warning", N_("Not sent: too late")),
    MessageState.CANCELLED: ("info", N_("Taken back")),
    MessageState.DEAD: ("danger", N_("Could not be sent")),
}

NO_SMS = N_("This number cannot receive SMS. Please ask the person for another one.")
NOT_REACHED = N_("The phone was switched off or out of reach.")
NO_MAILBOX = N_("There is no such mailbox. Please ask the person for another address.")
OURS = N_("Something is wrong with our account at the provider. Please tell the administrator.")
NOT_CLEAR = N_("It is not known whether it left. If you send it again, it may arrive twice.")

_REASONS = {
    **dict.fromkeys(("21211", "21614", "21635", "30005", "30006"), NO_SMS),
    **dict.fromkeys(("30003", "30008"), NOT_REACHED),
    **dict.fromkeys(("30004", "30007"), N_("The network blocked the message.")),
    "21408": N_("We do not send SMS to that country."),
    "21610": N_("The person has answered STOP."),
    **dict.fromkeys(("550", "551", "553"), NO_MAILBOX),
    "552": N_("The mailbox is full."),
    **dict.fromkeys(("20003", "20404", "21212", "21603", "21606", "21659", "21660", "30002"), OURS),
    "21611": N_("The provider's queue is full. It is tried again by itself."),
    "text": N_("The text could not be written. Please tell the administrator."),
    "unreadable": N_(
        "The address can no longer be read: the key for it is missing. Please tell the administrator."
    ),
    **dict.fromkeys(("lease", "exception", "no sid", "ReadTimeout", "500", "502", "503", "504"), NOT_CLEAR),
}

# Which of its texts a kind shows, where it has several.
_VARIANTS = {
    "booking": N_("for a booking"),
    "contact": N_("for a new contact"),
    "yes": N_("not confirmed yet"),
    "missed": N_("offers were not taken"),
    "over": N_("the days are over"),
    "won": N_("won"),
    "listed": N_("on the waiting list now"),
    "lost": N_("without an appointment"),
    "early": N_("long before"),
    "soon": N_("soon"),
    "last": N_("a few days before"),
    "4": N_("called to a counter"),
}


def reason(message: Followed) -> str | None:
    """Why a message did not arrive, as a sentence to be translated; the provider's code where none is known."""
    if message.code is None or message.state in (MessageState.SENT, MessageState.DELIVERED):
        return None
    code = message.code.rpartition(" ")[2]  # a mail server's comes with how far the conversation was
    return _REASONS.get(code, message.code)


def stop_reason(stop: Stopped) -> str | None:
    """What the reason of a stop means, as a sentence to be translated; None where the code has to do."""
    return _REASONS.get(stop.reason.rpartition(" ")[2])


def variant_name(variant: str) -> str:
    """What staff call a variant of a text, to be translated; empty for the usual one."""
    return _VARIANTS.get(variant, "")
