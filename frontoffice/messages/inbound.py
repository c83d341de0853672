"""Texts that people send back: STOP ends all SMS to them, START takes it back. Nothing else is read or kept."""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy.orm import Session

from frontoffice.messages import outbox, suppression
from frontoffice.messages.models import Medium, Receipt
from frontoffice.messages.provider import Reply

log = structlog.get_logger(__name__)

RECEIVED = "received"


class Wish(StrEnum):
    """What a text asks for."""

    STOP = "stop"
    START = "start"


# As people write them, in the languages of the texts. "Nein" is an answer to something else, "Ja" too.
_STOP = {
    "STOP", "STOPP", "ENDE", "СТОП", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "ABMELDEN", "ABBESTELLEN",
    "DUR", "ARRET", "ARRÊT", "BASTA", "توقف", "قف", "إيقاف", "ОТПИСАТЬСЯ", "ВІДПИСАТИСЯ",
}  # fmt: skip
_START = {"START", "STARTEN", "UNSTOP", "СТАРТ", "ANMELDEN", "BAŞLA", "BASLA", "ابدأ", "بدء"}
# What may stand beside the word without changing what it says.
_POLITE = {"SMS", "ALL", "ALLE", "BITTE", "PLEASE"}
_NO_WORD = re.compile(r"[^\w]+")


def wish_of(text: str) -> Wish | None:
    """What a text asks for: the word by itself, in any case, with any dots or quotes around it; None for all others.

    "Stop, I am late" is a sentence to somebody, not a wish, and must not cost its sender the reminders.
    """
    plain = unicodedata.normalize("NFKC", text[:200]).upper()
    words = [word for word in _NO_WORD.split(plain) if word and word not in _POLITE]
    if len(words) != 1:
        return None
    if words[0] in _STOP:
        return Wish.STOP
    return Wish.START if words[0] in _START else None


def take(session: Session, reply: Reply, now: datetime) -> Wish | None:
    """Do what a text asks for, once however often it is handed over; says what that was."""
    new = session.scalar(
        outbox.insert_for(session)(Receipt)
        .values(provider=reply.provider, provider_id=reply.provider_id, status=RECEIVED, received_at=now)
        .on_conflict_do_nothing(index_elements=["provider", "provider_id", "status"])
        .returning(Receipt.id)
    )
    if new is None:
        return None
    wish = _told(reply.wants) or wish_of(reply.text)
    log.info("reply.received", provider=reply.provider, wish=wish)
    digests = suppression.digests_of(session, Medium.SMS, reply.sender)
    if wish is Wish.STOP:
        suppression.opt_out(session, digests[0], Medium.SMS, suppression.BY_KEYWORD, now)
    elif wish is Wish.START:
        suppression.opt_in(session, digests, Medium.SMS)
    return wish


def _told(wants: str | None) -> Wish | None:
    """What the provider has read in the text: where it opts people out itself, we must not know otherwise."""
    return {"STOP": Wish.STOP, "START": Wish.START}.get(wants or "")
