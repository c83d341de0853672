"""The way of a card: which state may follow which, and what each means to its holder. Pure."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from frontoffice.documents.card_models import CardState
from frontoffice.errors import N_, Conflict, Invalid

# How far a card is; an import, which may be late, never takes one back.
RANK: Mapping[CardState, int] = {
    CardState.ORDERED: 0,
    CardState.IN_PRODUCTION: 1,
    CardState.SHIPPED: 2,
    CardState.CHECKING: 3,
    CardState.READY: 4,
    CardState.IN_BOX: 4,
    CardState.POSTED: 4,
    CardState.HANDED_OVER: 5,
    CardState.RETURNED: 5,
    CardState.CONTACT: 3,
}
UNDERWAY = (CardState.ORDERED, CardState.IN_PRODUCTION, CardState.SHIPPED, CardState.CHECKING)
TO_COLLECT = (CardState.READY, CardState.IN_BOX)
THERE = (*TO_COLLECT, CardState.POSTED)  # the holder is told of these
OVER = (CardState.HANDED_OVER, CardState.POSTED, CardState.RETURNED)
BY_POST_FROM = 16  # years: direct mail goes to nobody younger


class Reason(StrEnum):
    """Why staff change a state by hand. A list, because free text would name people."""

    AS_USUAL = "as_usual"
    MISTAKE = "mistake"  # it was set by mistake
    WRONG_DATA = "wrong_data"  # the card says something wrong
    DAMAGED = "damaged"
    MISSING = "missing"
    NOT_COLLECTED = "not_collected"
    ADDRESS = "address"  # the post could not deliver it
    CASE = "case"  # the case needs something first


class Told(NamedTuple):
    """What a state means in plain words, and what the holder does now."""

    title: str
    meaning: str
    to_do: str


TOLD: Mapping[CardState, Told] = {
    CardState.ORDERED: Told(
        N_("Your card is ordered"),
        N_("We have sent the order for your card. The printer has not begun yet."),
        N_("You need not do anything now. Please keep your leaflet."),
    ),
    CardState.IN_PRODUCTION: Told(
        N_("Your card is being made"),
        N_("The printer is making your card."),
        N_("You need not do anything now. Please keep your leaflet."),
    ),
    CardState.SHIPPED: Told(
        N_("Your card is on its way to us"),
        N_("The printer has sent your card to our office."),
        N_("You need not do anything now. Please do not come yet: we still have to check the card."),
    ),
    CardState.CHECKING: Told(
        N_("Your card has arrived and is being checked"),
        N_("Your card is at our office. We look whether everything on it is right."),
        N_("You need not do anything now. Please do not come yet: it is not ready to be handed over."),
    ),
    CardState.READY: Told(
        N_("Your card is ready"),
        N_("You can pick up your card at our counter."),
        N_(
            "Please book a time to pick it up; it takes about ten minutes. Bring your passport and your old card. "
            "Somebody else can come for you with a written authorisation and their own identity card."
        ),
    ),
    CardState.IN_BOX: Told(
        N_("Your card is in the pick-up box"),
        N_("You can take your card out of the pick-up box at our office, without an appointment."),
        N_(
            "You need the code from our message, and your passport. Without the code, please ask at the front desk."
        ),
    ),
    CardState.POSTED: Told(
        N_("Your card is on its way to you by post"),
        N_("The card is sent to your address and handed only to you."),
        N_(
            "Please have your passport ready when the post comes. If nothing comes within two weeks, please call us."
        ),
    ),
    CardState.HANDED_OVER: Told(
        N_("Your card has been handed over"),
        N_("The card was given to you, or to somebody whom you have authorised."),
        N_("If you do not have it, please contact us at once."),
    ),
    CardState.RETURNED: Told(
        N_("Your card was sent back"),
        N_("Something was not right with your card, or it could not be delivered."),
        N_("Please contact us: we will tell you what happens next."),
    ),
    CardState.CONTACT: Told(
        N_("Please contact us"),
        N_("There is something about your card that we would like to settle with you."),
        N_("Please call us, write to us, or come to the front desk. Bring your passport and your leaflet."),
    ),
}


BOX_OVER = Told(
    N_("Please contact us"),
    N_("The last day for your card in the pick-up box is over."),
    N_("Please ask at the front desk. Bring your passport."),
)


def told(state: CardState, until: date | None, today: date) -> Told:
    """What is said of a card that is in a state, in the pick-up box until a day."""
    is_over = state is CardState.IN_BOX and until is not None and until < today
    return BOX_OVER if is_over else TOLD[state]


class NotPossible(Conflict):
    """This state cannot follow that one."""

    code = "not_possible"
    sentence = N_("The card is not there any more. Please look at its page again.")


def check(before: CardState, after: CardState, reason: Reason, born: str, today: date) -> None:
    """Raise Invalid or NotPossible unless staff may take a card from one state to another for that reason."""
    if before is after and before is not CardState.IN_BOX:
        raise NotPossible(N_("The card is in this state already."))
    if is_back(before, after) and reason is Reason.AS_USUAL:
        raise Invalid("reason", N_("Please say why the card is brought back."))
    if after is CardState.HANDED_OVER and before not in THERE:
        raise NotPossible(N_("Only a card that is ready can be handed over."))
    if after is CardState.POSTED and age(born, today) < BY_POST_FROM:
        raise Invalid("state", N_("Direct mail goes only to people who are 16 or older."))


def is_back(before: CardState, after: CardState) -> bool:
    """Whether that is a step back on the way."""
    return RANK[after] < RANK[before]


def age(born: str, today: date) -> int:
    """Years of age; of a date of birth of which only a part is known, the youngest that it can be."""
    year, month, day = (int(each) for each in born.split("-"))
    return today.year - year - ((today.month, today.day) < (month or 12, day or 31))
