"""What a provider's answer means for the message: the tables, nothing else.

Twilio's codes: https://www.twilio.com/docs/api/errors. It has no idempotency key, so sending again is right
only where the answer says that the message was not taken; everything that leaves this open is UNKNOWN.
"""

from enum import StrEnum

from frontoffice.messages.models import MessageState


class Meaning(StrEnum):
    """What to do after a message was not accepted for certain."""

    LATER = "later"  # not taken: wait and try again until it expires
    RETRY = "retry"  # not delivered, for a reason that often passes: one or two later attempts
    UNKNOWN = "unknown"  # may have been taken: find out before anything else
    DEAD = "dead"  # will never work for this message: by mail, where there is an address
    SUPPRESS = "suppress"  # the recipient does not want it, or cannot take it: remember that; by mail
    STOP = "stop"  # nothing is wrong with the message, but with the medium: stop it and tell a person


RETRIES = 2

TWILIO_CODES: dict[int, Meaning] = {
    20429: Meaning.LATER,  # too many requests
    21211: Meaning.DEAD,  # not a valid number
    21614: Meaning.DEAD,  # not a mobile number
    21635: Meaning.DEAD,  # a landline
    # A country that is not enabled says something about this recipient only. If it stopped the medium,
    # anybody could silence it for everyone by giving a number abroad.
    21408: Meaning.DEAD,
    21610: Meaning.SUPPRESS,  # replied STOP to our sender
    20003: Meaning.STOP,  # credentials
    20404: Meaning.STOP,  # no such account
    21212: Meaning.STOP,  # our sender is not valid
    21603: Meaning.STOP,  # no sender given
    21606: Meaning.STOP,  # our sender cannot send SMS
    21611: Meaning.STOP,  # our sender's queue at the provider is full
    21659: Meaning.STOP,  # our sender does not belong to the provider
    21660: Meaning.STOP,  # our sender belongs to another account
    30001: Meaning.RETRY,  # queue overflow
    30002: Meaning.STOP,  # account suspended
    30003: Meaning.RETRY,  # phone switched off or out of reach
    30004: Meaning.DEAD,  # blocked
    30005: Meaning.DEAD,  # unknown phone
    30006: Meaning.DEAD,  # landline, or a network that cannot be reached
    30007: Meaning.DEAD,  # filtered by the network
    30008: Meaning.RETRY,  # unknown error on the way
    30500: Meaning.RETRY,  # the provider's own fault
}

# What a provider says about a message that it has taken. The words are Twilio's; others' are put into them.
STATES: dict[str, MessageState] = {
    "accepted": MessageState.SENT,
    "scheduled": MessageState.SENT,
    "queued": MessageState.SENT,
    "sending": MessageState.SENT,
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "undelivered": MessageState.UNDELIVERED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.FAILED,
}

# How far a message has come: what is told late, twice or in the wrong order must not put it back.
RANKS: dict[str, int] = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "undelivered": 4,
    "failed": 4,
    "canceled": 4,
    "delivered": 5,
    "read": 6,
}


class Stage(StrEnum):
    """How far a conversation with a mail server had come."""

    GREETING = "greeting"  # connecting, encryption, signing in
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


def of_twilio(status: int, code: int | None) -> Meaning:
    """What an HTTP answer other than 2xx means; `code` is Twilio's own, where the answer carried one."""
    if status == 429:
        return Meaning.LATER
    if status >= 500 or status == 408:
        return Meaning.UNKNOWN
    if code in TWILIO_CODES:
        return TWILIO_CODES[code]
    if status in (401, 403, 404) or status < 400:
        return Meaning.STOP  # wrong credentials, wrong account, or something else answers at that address
    return Meaning.DEAD


def of_delivery(code: int | None) -> Meaning:
    """What to do about an SMS that Twilio took and could not deliver: an unknown reason means by mail."""
    meaning = TWILIO_CODES.get(code, Meaning.DEAD) if code is not None else Meaning.DEAD
    return Meaning.RETRY if meaning is Meaning.LATER else meaning


def of_smtp(stage: Stage, code: int) -> Meaning:
    """What a mail server's reply code (RFC 5321, 4.2) means at a stage of the conversation."""
    if 400 <= code < 500:
        return Meaning.LATER
    if stage in (Stage.GREETING, Stage.SENDER):
        return Meaning.STOP  # it does not talk to us at all
    return Meaning.DEAD
