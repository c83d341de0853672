"""What somebody gets from us: the page behind a link shows it, and changes it.

The secret of the link is worked out from the number of a message, so it is stored nowhere, and lasts after the contents
are gone. The page is about the address that the message went to, and the one that it would go to instead. Only who
comes from the page of the subject itself has a link to all addresses that messages on it go to; who was replaced as a
contact has no say over the others either way.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import limits
from frontoffice import vault as vaults
from frontoffice.db import Database
from frontoffice.errors import NotFound
from frontoffice.messages import suppression
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message
from frontoffice.messages.suppression import Topic

PURPOSE = "message preferences"
OF_SUBJECT = "message preferences of a subject"
SECRETS_PER_NETWORK = 60
HOUR = timedelta(hours=1)
MOST = 50  # messages on one subject that are looked through
FAREWELL = ":old:"  # in the key of what tells somebody that another contact has taken their place


@dataclass(frozen=True, slots=True)
class Holding:
    """What a link was for: a message, and whether all that goes out on its subject belongs to it."""

    message: Message
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Way:
    """One address, and what it gets. `shown` is a part of it that its owner knows; empty once it is forgotten.

    `is_refused`: its owner has told the provider to stop, so the provider has to be told to go on, too.
    """

    medium: Medium
    digests: tuple[str, ...]
    shown: str
    is_on: bool
    is_refused: bool
    topics: dict[Topic, bool]

    @property
    def name(self) -> str:
        """How forms name it; the address is not in it."""
        return f"{self.medium}-{self.digests[0][:12]}"


def address(vault: vaults.Vault, message_id: int) -> str:
    """The path of the page for whom a message is sent to."""
    return _path(vault, PURPOSE, message_id)


def of_subject(session: Session, subject: str) -> str | None:
    """The path of the page about all that messages on a subject go to; None where there were none.

    Only for those who may see the subject itself.
    """
    to_contacts = select(Message.id).where(
        Message.subject == subject, ~Message.dedupe_key.contains(FAREWELL, autoescape=True)
    )
    number = session.scalar(to_contacts.order_by(Message.id.desc()).limit(1))
    return None if number is None else _path(vaults.of(session), OF_SUBJECT, number)


def find(session: Session, number: str, secret: str) -> Holding:
    """What a link is for. Raises NotFound, in the same way for a wrong number and a wrong secret."""
    try:
        found = int(number, 16) if len(number) <= 15 else 0
    except ValueError:
        found = 0
    vault = vaults.of(session)
    is_whole = vault.token_matches(secret, OF_SUBJECT, str(found))
    is_right = is_whole or vault.token_matches(secret, PURPOSE, str(found))
    message = session.get(Message, found) if is_right else None
    if message is None:
        raise NotFound
    return Holding(message, is_whole)


@contextmanager
def counted(database: Database, network: str, now: datetime) -> Iterator[None]:
    """Count it when the block raises NotFound; TooMany instead when that happens too often from that network."""
    try:
        yield
    except NotFound:
        with database.write() as session:
            limits.hit(session, "message secret", network, SECRETS_PER_NETWORK, HOUR, now)
        raise


def ways(session: Session, holding: Holding) -> list[Way]:
    """The addresses that the holder of a link has a say over, text messages first, and what each gets."""
    vault, message = vaults.of(session), holding.message
    found: dict[str, Way] = {}
    gone = _replaced(session, message.subject)
    latest = select(Message).where(Message.subject == message.subject).order_by(Message.id.desc()).limit(MOST)
    others = session.scalars(latest) if holding.is_whole and message.recipient not in gone else ()
    for each in [message, *others]:
        if each.recipient in gone and each.recipient != message.recipient:
            continue
        envelope = unseal(vault, each.envelope)
        if envelope is None:
            if each.recipient not in {digest for way in found.values() for digest in way.digests}:
                found.setdefault(each.recipient, _way(session, each.medium, (each.recipient,), ""))
            continue
        for medium, to in ((each.medium, envelope.to), (Medium.MAIL, envelope.fallback_to)):
            if to:
                digests = tuple(suppression.digests_of(session, medium, to))
                if not gone.isdisjoint(digests) and message.recipient not in digests:
                    continue
                # The same address may have been noted above, by its hash alone.
                for digest in digests[1:]:
                    found.pop(digest, None)
                if digests[0] not in found or not found[digests[0]].shown:
                    found[digests[0]] = _way(session, medium, digests, _shown(medium, to))
    return sorted(found.values(), key=lambda way: (way.medium is Medium.MAIL, way.shown))


def change(
    session: Session, holding: Holding, shown: Collection[str], wanted: Collection[str], now: datetime
) -> None:
    """Set what each address gets: `wanted` holds the names of the ways that are on, and "name topic" for topics.

    `shown` are the switches that the form had: whatever has come up since stays as it is.
    """
    for way in ways(session, holding):
        if way.name in shown:
            if way.name in wanted and not way.is_on:
                suppression.opt_in(session, way.digests, way.medium)
            elif way.name not in wanted and way.is_on:
                suppression.opt_out(session, way.digests[0], way.medium, suppression.BY_LINK, now)
        for topic, is_on in way.topics.items():
            switch = f"{way.name} {topic}"
            if switch not in shown:
                continue
            if is_on and switch not in wanted:
                suppression.mute(session, way.digests[0], topic, now)
            elif switch in wanted and not is_on:
                suppression.unmute(session, way.digests, topic)


def stop_topic(session: Session, holding: Holding, now: datetime) -> None:
    """End what a message was about for whom it was sent to: its topic, or all where it has none.

    A mail that stood in for an SMS went to the same person: the topic ends for the phone, too.
    """
    message = holding.message
    topic = suppression.topic_of(message.kind)
    if topic is not None and message.parent_id is not None:
        parent = session.get(Message, message.parent_id)
        if parent is not None:
            suppression.mute(session, parent.recipient, topic, now)
    if topic is None:
        suppression.opt_out(session, message.recipient, message.medium, suppression.BY_LINK, now)
    else:
        suppression.mute(session, message.recipient, topic, now)


def _path(vault: vaults.Vault, purpose: str, message_id: int) -> str:
    return f"/messages/{message_id:x}/{vault.token(purpose, str(message_id))}/"


def _replaced(session: Session, subject: str) -> set[str]:
    """The recipients who are no contact for a subject any more; one can become it again."""
    query = select(Message.recipient, Message.dedupe_key).where(
        Message.subject == subject, Message.kind == "contact_changed"
    )
    last = {row.recipient: row.dedupe_key for row in session.execute(query.order_by(Message.id))}
    return {recipient for recipient, key in last.items() if FAREWELL in key}


def _way(session: Session, medium: Medium, digests: tuple[str, ...], shown: str) -> Way:
    reason = suppression.reason(session, digests)
    off = {topic for _, topic in suppression.muted(session, digests)}
    return Way(
        medium,
        digests,
        shown,
        is_on=reason is None,
        is_refused=bool(reason and reason.startswith(suppression.BY_PROVIDER)),
        topics={topic: topic not in off for topic in Topic},
    )


def _shown(medium: Medium, to: str) -> str:
    """Enough to know one's own address by, and too little to learn another's."""
    if medium is Medium.SMS:
        return f"… {to[-3:]}"
    name, _, domain = to.rpartition("@")
    return f"{name[:1]}…@{domain}"
