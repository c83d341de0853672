"""What staff call the states of cards, and the reasons why they change them."""

from collections.abc import Mapping

from frontoffice.documents.card_models import CardState
from frontoffice.documents.card_states import Reason
from frontoffice.errors import N_

REASONS: Mapping[Reason, str] = {
    Reason.AS_USUAL: N_("It goes on as usual"),
    Reason.MISTAKE: N_("It was set by mistake"),
    Reason.WRONG_DATA: N_("Something on the card is wrong"),
    Reason.DAMAGED: N_("The card is damaged"),
    Reason.MISSING: N_("The card cannot be found"),
    Reason.NOT_COLLECTED: N_("Nobody has collected it"),
    Reason.ADDRESS: N_("The post could not deliver it"),
    Reason.CASE: N_("The case needs something first"),
}

# What staff call them, and the mark that stands beside it.
NAMES: Mapping[CardState, tuple[str, str]] = {
    CardState.ORDERED: ("info", N_("Ordered")),
    CardState.IN_PRODUCTION: ("info", N_("In production")),
    CardState.SHIPPED: ("info", N_("On its way to us")),
    CardState.CHECKING: ("warning", N_("Arrived, being checked")),
    CardState.READY: ("success", N_("Ready at the counter")),
    CardState.IN_BOX: ("success", N_("In the pick-up box")),
    CardState.POSTED: ("success", N_("Sent by direct mail")),
    CardState.HANDED_OVER: ("success", N_("Handed over")),
    CardState.RETURNED: ("danger", N_("Sent back")),
    CardState.CONTACT: ("danger", N_("To contact us")),
}

# What the story of a card says, by the kind of event.
HAPPENED: Mapping[str, str] = {
    "card.added": N_("Noted"),
    "card.moved": N_("State changed"),
    "card.identified": N_("Details added"),
    "card.notice": N_("Somebody wants to be told"),
    "card.seen": N_("Numbers and date of birth were looked at"),
    "card.handed_over": N_("Handed over"),
}
