"""Changing the key: what is sealed is sealed anew with the current one, and keyed hashes where that is possible.

Run it while everything runs, after the new key stands first in every process's configuration. It can be stopped and
run again. A row that somebody changes meanwhile is left to them: they seal with the current key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import frontoffice.schema  # noqa: F401 (which knows every table)
from frontoffice import vault as vaults
from frontoffice.booking import fairness
from frontoffice.booking.models import Appointment
from frontoffice.booking.person import Person
from frontoffice.db import Base, Database
from frontoffice.documents import card_keys, watch_import
from frontoffice.documents.card_models import CardNotice, CardOrder
from frontoffice.documents.contact import Contact
from frontoffice.documents.models import ExpiryWatch
from frontoffice.draw.models import DrawRequest
from frontoffice.messages import outbox
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message, Mute, Suppression
from frontoffice.vault import InvalidToken, Vault
from frontoffice.waitlist.models import WaitlistEntry

AT_ONCE = 200
# Bytes that are no secret: the ticks of a day.
PLAIN = {("day_sheet", name) for name in ("capacity", "taken", "free", "gates")}


@dataclass
class Rotated:
    """What was done: fields sealed anew by table and column, those that no key opens, hashes made anew."""

    resealed: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    rehashed: int = 0


def rotate(database: Database) -> Rotated:
    """Seal with the current key, and hash with it, whatever was with an older one; in many small transactions."""
    done = Rotated()
    for table, column in sealed_columns():
        for rows in _parts(database, table, column):
            with database.write() as session:
                _reseal(session, table, column, rows, done)
    for holder in (Appointment, WaitlistEntry, DrawRequest):
        table = Base.metadata.tables[holder.__tablename__]
        for rows in _parts(database, table, table.c.person):
            with database.write() as session:
                _rehash_people(session, table, rows, done)
    cards = Base.metadata.tables[CardOrder.__tablename__]
    for rows in _parts(database, cards, cards.c.sealed):
        with database.write() as session:
            _rehash_cards(session, [number for number, _ in rows], done)
    watches = Base.metadata.tables[ExpiryWatch.__tablename__]
    for rows in _parts(database, watches, watches.c.contact):
        with database.write() as session:
            _rehash_watches(session, watches, rows, done)
    messages = Base.metadata.tables[Message.__tablename__]
    left: list[tuple[int, bytes]] = []
    for rows in _parts(database, messages, messages.c.envelope):
        with database.write() as session:
            left += _rehash_recipients(session, messages, rows, done)
    if left:  # most of what was in flight is there by now
        with database.write() as session:
            _rehash_recipients(session, messages, left, done)
    return done


def sealed_columns() -> list[tuple[Table, Column[Any]]]:
    """Every column of the database whose contents are sealed."""
    return [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and (table.name, column.name) not in PLAIN
    ]


Rows = Sequence[tuple[int, bytes]]


def _parts(database: Database, table: Table, column: Column[Any]) -> Iterator[Rows]:
    """The rows that have something there, by key and with it, some at a time."""
    [key] = table.primary_key.columns
    last = -1
    while True:
        with database.read() as session:
            rows = session.execute(
                select(key, column).where(key > last, column.is_not(None)).order_by(key).limit(AT_ONCE)
            ).all()
        if not rows:
            return
        yield [(number, value) for number, value in rows]
        last = rows[-1][0]


def _reseal(session: Session, table: Table, column: Column[Any], rows: Rows, done: Rotated) -> None:
    vault = vaults.of(session)
    [key] = table.primary_key.columns
    name = f"{table.name}.{column.name}"
    for number, sealed in rows:
        if vault.is_current(sealed):
            continue
        try:
            anew = vault.reseal(sealed)
        except InvalidToken:
            done.unreadable += 1
            continue
        session.execute(update(table).where(key == number, column == sealed).values({column.name: anew}))
        done.resealed[name] = done.resealed.get(name, 0) + 1


def _rehash_people(session: Session, table: Table, rows: Rows, done: Rotated) -> None:
    """The hashes by which somebody's appointments, wishes and requests are found."""
    vault = vaults.of(session)
    for number, sealed in rows:
        try:
            person = Person.from_sealed(vault.open(sealed))
        except InvalidToken:
            continue
        known = fairness.known(vault, person)
        for name, digests in (
            ("person_digest", known.persons),
            ("mail_digest", known.mails),
            ("phone_digest", known.phones),
        ):
            done.rehashed += _replace(session, table, table.c.id == number, name, digests)
        for medium, address in ((Medium.MAIL, person.mail), (Medium.SMS, person.phone)):
            if address:
                _carry_over(session, vault, medium, address, done)


def _rehash_cards(session: Session, numbers: Sequence[int], done: Rotated) -> None:
    """The hashes by which cards are found, and those of who is to be told. Locked: staff go on meanwhile."""
    vault = vaults.of(session)
    query = select(CardOrder).where(CardOrder.id.in_(numbers)).order_by(CardOrder.id).with_for_update()
    for card in session.scalars(query):
        try:
            original = card_keys.original_of(vault, card)
        except InvalidToken:
            continue
        if card_keys.is_current(vault, card, original):
            continue
        card_keys.put(vault, card, original)
        done.rehashed += 1
    for notice in session.scalars(select(CardNotice).where(CardNotice.card_id.in_(numbers))):
        try:
            medium, address = vault.open(notice.sealed)
        except InvalidToken:
            continue
        current = outbox.recipient_digests(vault, Medium(medium), address)[0]
        if notice.recipient != current:
            notice.recipient = current
            done.rehashed += 1
    session.flush()


def _rehash_watches(session: Session, table: Table, rows: Rows, done: Rotated) -> None:
    """The hashes by which a watch is found: that of its contact, and that of its id in the specialist system."""
    vault = vaults.of(session)
    for number, sealed in rows:
        try:
            contact = Contact(**vault.open(sealed))
        except InvalidToken:
            continue
        done.rehashed += _replace(
            session, table, table.c.id == number, "recipient", contact.recipients(vault)
        )
        done.rehashed += _fallback(session, vault, number, contact, sealed)
        if contact.external is not None:
            source = session.scalars(select(table.c.source).where(table.c.id == number)).one()
            digests = watch_import.digests(vault, source, contact.external)
            done.rehashed += _replace(session, table, table.c.id == number, "external", digests)
        for medium, address in ((Medium.MAIL, contact.mail), (Medium.SMS, contact.phone)):
            if address:
                _carry_over(session, vault, medium, address, done)


def _fallback(session: Session, vault: Vault, number: int, contact: Contact, sealed: bytes) -> int:
    """The hash of the mail behind a phone, also for watches that were there before it was kept."""
    current = contact.fallback(vault)
    if current is None:
        return 0
    changed = session.execute(
        update(ExpiryWatch)
        .where(
            ExpiryWatch.id == number,
            ExpiryWatch.contact == sealed,
            ExpiryWatch.fallback_recipient.is_distinct_from(current),
        )
        .values(fallback_recipient=current)
        .returning(ExpiryWatch.id)
        .execution_options(synchronize_session=False)
    )
    return len(changed.all())


def _rehash_recipients(session: Session, table: Table, rows: Rows, done: Rotated) -> list[tuple[int, bytes]]:
    """The hashes that stand for recipients, of messages and of who opted out.

    Gives the rows that keep their old one for now: another message to that phone is in flight under the current key.
    """
    left: list[tuple[int, bytes]] = []
    vault = vaults.of(session)
    for number, sealed in rows:
        envelope = unseal(vault, sealed)
        if envelope is None:
            continue
        medium = session.scalars(select(Message.medium).where(Message.id == number)).one()
        digests = outbox.recipient_digests(vault, medium, envelope.to)
        try:
            with session.begin_nested():
                done.rehashed += _replace(session, table, table.c.id == number, "recipient", digests)
        except IntegrityError:
            left.append((number, sealed))
        _carry_over(session, vault, medium, envelope.to, done)
        if envelope.fallback_to:
            _carry_over(session, vault, Medium.MAIL, envelope.fallback_to, done)
    return left


def _replace(
    session: Session, table: Table, condition: ColumnElement[bool], name: str, digests: Sequence[str]
) -> int:
    """Put the hash under the current key (the first one) in place of one under an older key."""
    if len(digests) < 2:
        return 0
    changed = session.execute(
        update(table)
        .where(condition, table.c[name].in_(digests[1:]))
        .values({name: digests[0]})
        .returning(table.c.id)
    )
    return len(changed.all())


def _carry_over(session: Session, vault: Vault, medium: Medium, address: str, done: Rotated) -> None:
    """Let opt-outs of an address count under the current key."""
    current, *older = outbox.recipient_digests(vault, medium, address)
    for noted in session.scalars(select(Suppression).where(Suppression.recipient.in_(older))):
        known = select(Suppression.id).where(
            Suppression.recipient == current, Suppression.medium == noted.medium
        )
        if session.scalar(known) is None:
            noted.recipient = current
        else:
            session.delete(noted)
        done.rehashed += 1
    for muted in session.scalars(select(Mute).where(Mute.recipient.in_(older))):
        session.delete(muted)
        session.flush()
        session.merge(Mute(recipient=current, topic=muted.topic, created_at=muted.created_at))
        done.rehashed += 1
    session.flush()
