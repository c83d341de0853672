"""Proof that a mail address or a mobile number is somebody's own: a code is sent there, and typed in.

Nothing is stored meanwhile. What the page is about travels in a sealed ticket, a hidden field of its form; the code
is worked out from the ticket's number and the address, as it is for appointments. What is to be kept is written once
the code was right. A ticket can come twice (somebody presses twice), so what is written then has to bear that.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from frontoffice import limits
from frontoffice import vault as vaults
from frontoffice.booking import blocking, captcha
from frontoffice.booking import proving as codes
from frontoffice.booking.refusals import NotAccepted, ProofMissing
from frontoffice.config import Fairness
from frontoffice.db import Database
from frontoffice.errors import N_, Conflict, Invalid, TooMany
from frontoffice.messages import addresses, outbox
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Office
from frontoffice.vault import InvalidToken, Vault

# Instead of what booking says, which is about appointments.
CALL_US = N_("We cannot do this online. Please call us or come to the front desk.")
WITHOUT_PROOF = N_(
    "Without JavaScript we can send only a few codes in an hour for one internet connection. "
    "Please switch JavaScript on in your browser, try again in %(minutes)s min, or call us."
)

GOOD_FOR = timedelta(minutes=30)
HOUR = timedelta(hours=1)
TRIES = 5  # codes that can be tried for one ticket
TRIES_OF_NETWORK = 120  # within an hour; a shelter, a library or a mobile carrier is one network
CODES_TO_CONTACT = 4  # within an hour: nobody's phone is a bell for others
CODES_OF_NETWORK = 40
LONGEST_TICKET = 8192  # characters


class WrongCode(Invalid):
    """Not the code that was sent last."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(
            "code",
            N_("This code is not right. Please look at our last message again, or let us send a new one."),
        )


class TicketOver(Conflict):
    """The ticket is too old, or none of ours."""

    code = "ticket_over"
    sentence = N_("Too much time has passed. Please start again, we will send you a new code.")


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody is reached: a mail address, or a mobile number (E.164)."""

    medium: Medium
    to: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a ticket says: whom a code was sent to, in which language, and what for (`about`, as JSON carries it).

    `number` is the ticket's own, good as an idempotency key.
    """

    number: str
    office_id: int
    reach: Reach
    language: str
    about: Any
    until: datetime


def reach(typed: str, field: str = "contact") -> Reach:
    """A mail address or a mobile number, whichever was typed into the one field. Raises Invalid for that field."""
    if not typed.strip():
        raise Invalid(field, N_("Please enter a mail address or a mobile number."))
    try:
        if "@" in typed:
            return Reach(Medium.MAIL, addresses.mail_address(typed))
        return Reach(Medium.SMS, addresses.phone_number(typed))
    except Invalid as problem:
        raise Invalid(field, problem.sentence, **problem.params) from None


def count(
    session: Session,
    to: Reach,
    now: datetime,
    *,
    network: str,
    address: str | None,
    proof: str | None,
    rules: Fairness,
) -> None:
    """Count a code that somebody asks for, before it is sent, in a transaction of its own that must be committed.

    `address` is `request.remote_addr`, `network` is `access.network()`, `proof` the solved captcha (empty: none).
    Raises NotAccepted (blocked network), ProofRefused, ProofMissing and TooMany.
    """
    if blocking.is_network_blocked(session, address, now):
        raise NotAccepted(CALL_US)
    limits.hit(session, "contact code of network", network, CODES_OF_NETWORK, HOUR, now)
    if rules.captcha == "on" and proof:
        captcha.check(session, proof, now)
    elif rules.captcha == "on":
        try:
            limits.hit(
                session, "contact code unproven", network, rules.holds_without_proof, captcha.GOOD_FOR, now
            )
        except TooMany as refusal:
            raise ProofMissing(WITHOUT_PROOF, **refusal.params) from None
    who = outbox.recipient_digests(vaults.of(session), to.medium, to.to)[0]
    limits.hit(session, "contact code to one", who, CODES_TO_CONTACT, HOUR, now)


def ask(
    session: Session, office: Office, to: Reach, what_for: str, about: Any, language: str, now: datetime
) -> str:
    """Send a code; gives the ticket that the form for the code carries. Called once `count` is committed.

    `what_for` names the purpose ("watch"): a ticket proves nothing for another one.
    """
    vault = vaults.of(session)
    number, until = secrets.token_hex(12), now + GOOD_FOR
    outbox.enqueue(
        session,
        kind="contact_code",
        medium=to.medium,
        to=to.to,
        language=language,
        office_id=office.id,
        subject=f"code:{number}",
        dedupe_key=f"code:{number}:{to.medium}",
        parameters={
            "office_name": office.name,
            "code": codes.code(vault, number, to.to),
            "until_at": until.isoformat(),
            "time_zone": office.time_zone,
        },
        now=now,
        expires_at=until,
        priority=1,
    )
    ticket = {
        "for": what_for,
        "number": number,
        "office": office.id,
        "medium": to.medium.value,
        "to": to.to,
        "language": language,
        "about": about,
        "until": until.timestamp(),
    }
    return vault.seal(ticket).decode()


def look(vault: Vault, ticket: str, what_for: str, now: datetime) -> Asked:
    """What a ticket says, whatever was typed. Raises TicketOver."""
    if len(ticket) > LONGEST_TICKET:
        raise TicketOver
    try:
        kept = vault.open(ticket.encode())
    except (InvalidToken, ValueError):
        raise TicketOver from None
    # Whatever else we have sealed is no ticket.
    if not isinstance(kept, dict) or kept.get("for") != what_for or kept["until"] <= now.timestamp():
        raise TicketOver
    return Asked(
        number=kept["number"],
        office_id=kept["office"],
        reach=Reach(Medium(kept["medium"]), kept["to"]),
        language=kept["language"],
        about=kept["about"],
        until=datetime.fromtimestamp(kept["until"], tz=UTC),
    )


def prove(
    database: Database, ticket: str, typed: str, what_for: str, now: datetime, *, network: str
) -> Asked:
    """What a ticket says, if `typed` is its code. The attempt is counted before it is made.

    Raises TicketOver, WrongCode, and TooMany after five attempts.
    """
    asked = look(database.vault, ticket, what_for, now)
    with database.write() as session:
        limits.hit(session, "contact code tried", asked.number, TRIES, HOUR, now)
    with database.write() as session:
        limits.hit(session, "contact code tried by", network, TRIES_OF_NETWORK, HOUR, now)
    if not codes.is_code(database.vault, asked.number, asked.reach.to, typed):
        raise WrongCode
    return asked
