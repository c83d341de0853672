"""What the specialist system delivers about cards: a row per order, known by its order number, else by its serial.

A delivery takes a card forward, never back: it may be late, and staff may have scanned the card meanwhile. Only
"please contact us" and "sent back" are taken over at any time before the card is ready.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.config import Config
from frontoffice.documents import card_keys, card_moving, card_states, card_telling, proving, serial, values
from frontoffice.documents.card_keys import Original
from frontoffice.documents.card_models import CardClosed, CardOrder, CardState
from frontoffice.documents.card_states import Reason
from frontoffice.documents.importing import Crossed, Written
from frontoffice.documents.integrations import Sender
from frontoffice.documents.proving import Reach
from frontoffice.documents.reading import Bad, Layout, Row
from frontoffice.errors import N_, DomainError, Invalid
from frontoffice.offices import keeping
from frontoffice.offices.keeping import Kept
from frontoffice.offices.models import Office
from frontoffice.vault import Vault

NAME = "card delivered"
# What a delivery can say; the rest is what happens at the counter.
STATES = {
    CardState.ORDERED: ("ordered", "bestellt", "beantragt"),
    CardState.IN_PRODUCTION: ("in_production", "in_produktion", "produktion", "in_herstellung"),
    CardState.SHIPPED: ("shipped", "versandt", "versendet", "ausgeliefert"),
    CardState.CHECKING: ("checking", "arrived", "eingegangen", "angekommen", "in_pruefung", "in_prüfung"),
    CardState.READY: ("ready", "abholbereit", "bereit"),
    CardState.POSTED: ("posted", "direktversand"),
    CardState.HANDED_OVER: ("handed_over", "ausgehaendigt", "ausgehändigt", "abgeholt"),
    CardState.RETURNED: ("returned", "zurueckgesandt", "zurückgesandt", "reklamiert"),
    CardState.CONTACT: ("contact", "bitte_melden", "klaerung", "klärung"),
}
_BY_WORD = {word: state for state, words in STATES.items() for word in words}

LAYOUT = Layout(
    "cards",
    {
        "order": ("order_number", "auftragsnummer", "bestellnummer", "auftrag"),
        "serial": ("serial_number", "seriennummer", "dokumentennummer"),
        "born": ("date_of_birth", "birth", "geburtsdatum", "geboren"),
        "state": ("status", "zustand"),
        "since": ("seit", "datum", "status_seit"),
        "contact": ("kontakt", "mail", "e_mail", "email", "phone", "telefon", "mobil"),
        "language": ("sprache",),
        "office": ("behoerde", "behörde", "amt", "dienststelle"),
    },
    frozenset({"born"}),
)


class _Refused(Exception):
    """Something of a row is not taken over, because staff have to decide."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A row, understood."""

    line: int
    office_id: int
    original: Original
    state: CardState
    since: datetime | None
    contact: Reach | None
    language: str
    order_keys: tuple[int, ...]
    serial_keys: tuple[int, ...]

    @property
    def keys(self) -> tuple[int, ...]:
        """Both."""
        return self.order_keys + self.serial_keys


class Cards:
    """The target of a delivery of cards by one sender; as `importing.Target` says."""

    layout = LAYOUT

    def __init__(self, sender: Sender, offices: Sequence[Office], settings: Config) -> None:
        self._sender, self._settings, self.source = sender, settings, sender.source
        self._offices = {each.id: each for each in offices}

    def identify(self, row: Row) -> str:
        """The order number, else the serial number; with the office, because two may have the same order number."""
        number = serial.tidy(row.values.get("order", "") or row.values.get("serial", ""))
        named = row.values.get("office", "")
        try:
            office = str(self._sender.office(named))
        except Invalid:
            office = named
        return f"{office} {number}" if number else ""

    def digest(self, vault: Vault, name: str) -> str:
        """The keyed hash that stands for the number."""
        return vault.digest(NAME, name)

    def unchanged(self, session: Session, rows: Sequence[Row]) -> set[int]:
        """None that could be told without reading it: what is known already changes nothing in `write`."""
        del session, rows
        return set()

    def read(self, vault: Vault, row: Row, now: datetime) -> Delivered:
        """The row, understood. Raises Invalid."""
        given = {name: row.values.get(name, "") for name in LAYOUT.columns}
        office = self._offices[self._sender.office(given["office"])]
        born = serial.birth_from(_iso(given["born"]), sheet.day_of(now, office.time_zone))
        order = serial.order_number(given["order"]) if given["order"] else None
        number = serial.serial_number(given["serial"], "serial") if given["serial"] else None
        language = given["language"]
        return Delivered(
            line=row.line,
            office_id=office.id,
            original=Original(born, number, order),
            state=_state(given["state"]),
            since=_since(given["since"], now, office.time_zone),
            contact=proving.reach(given["contact"]) if given["contact"] else None,
            language=language if language in self._settings.site.languages else office.languages[0],
            order_keys=tuple(card_keys.of_order(vault, office.id, order)) if order else (),
            serial_keys=tuple(card_keys.of_serial(vault, number)) if number else (),
        )

    def write(self, session: Session, records: Sequence[Delivered], now: datetime) -> Written:
        """Add cards and take known ones on.

        All are locked first, by number: who locked one after an event would wait in a circle with staff.
        """
        keys = (
            [key for each in records for key in each.order_keys],
            [key for each in records for key in each.serial_keys],
        )
        locked = session.scalars(
            select(CardOrder)
            .where(or_(CardOrder.order_alone.in_(keys[0]), CardOrder.serial_alone.in_(keys[1])))
            .order_by(CardOrder.id)
            .with_for_update(of=CardOrder)
        ).all()
        by_order, by_serial = dict[int | None, CardOrder](), dict[int | None, CardOrder]()
        for card in locked:
            by_order[card.order_alone] = by_serial[card.serial_alone] = card
        closed = _closed(session, [key for each in records if _is_usual(each.state) for key in each.keys])
        new = changed = 0
        refused: list[Bad] = []
        for each in sorted(records, key=lambda each: each.office_id):  # their events are locked in one order
            found = next((by_order[key] for key in each.order_keys if key in by_order), None)
            found = found or next((by_serial[key] for key in each.serial_keys if key in by_serial), None)
            if found is None and (closed.intersection(each.keys) or self._is_forgotten(each, now)):
                continue
            if found is None:
                found = self._add(session, each, now)
                new += 1
            elif found.office_id != each.office_id:  # it is a card of others, whatever was delivered
                refused.append(Bad(each.line, f"number: {card_moving.AlreadyKnown()}"))
                continue
            else:
                by_serial.pop(found.serial_alone, None)
                try:
                    changed += self._take_on(session, found, each, now)
                except _Refused as refusal:
                    refused.append(Bad(each.line, str(refusal)))
            # Another row may have its other number only.
            by_order[found.order_alone] = by_serial[found.serial_alone] = found
        return Written(new, changed, refused)

    def listed(self, session: Session, after: int, many: int) -> Sequence[tuple[int, str]]:
        """Nothing: what is not in a delivery of cards has not ended."""
        del session, after, many
        return []

    def end(self, session: Session, numbers: Sequence[int], begun: datetime, now: datetime) -> int:
        """Nothing, as above."""
        del session, numbers, begun, now
        return 0

    def _is_forgotten(self, each: Delivered, now: datetime) -> bool:
        """Whether it would be forgotten at once: it was over longer ago than such cards are kept."""
        days = keeping.days_at(self._offices[each.office_id], Kept.CARDS, self._settings)
        is_old = each.since is not None and each.since <= now - timedelta(days=days)
        return is_old and each.state in card_states.OVER

    def _add(self, session: Session, each: Delivered, now: datetime) -> CardOrder:
        office = session.get_one(Office, each.office_id)
        try:
            with session.begin_nested():
                card = card_moving.add(
                    session, office, each.original, each.state, now, self._sender.source, since=each.since
                )
        except (IntegrityError, card_moving.AlreadyKnown):
            raise Crossed from None
        self._note_contact(session, card, each, now)
        return card

    def _take_on(self, session: Session, card: CardOrder, each: Delivered, now: datetime) -> bool:
        """Whether anything of it is new. Raises _Refused for what is left to staff; the rest of the row is taken."""
        refused: str | None = None
        before = card_moving.original_of(session, card)
        changes: dict[str, Any] = {}
        if each.original.serial and each.original.serial != before.serial:
            changes["serial"] = each.original.serial
        if each.original.order and before.order is None:
            changes["order"] = each.original.order
        if each.original.born != before.born:
            changes["born"] = each.original.born
        try:
            with session.begin_nested():
                if changes:
                    card_moving.identify(session, card, now, self._sender.source, **changes)
        except (IntegrityError, card_moving.AlreadyKnown):
            changes, refused = {}, f"number: {card_moving.AlreadyKnown()}"
        moved = _goes_on(card.state, each.state)
        if moved:
            try:
                self._move(session, card, each, now)
            except DomainError as problem:  # handed over without having been ready, or by mail to a child
                moved, refused = False, f"state: {problem}"
        told = self._note_contact(session, card, each, now)
        if refused:
            raise _Refused(refused)
        return bool(changes) or moved or told

    def _move(self, session: Session, card: CardOrder, each: Delivered, now: datetime) -> None:
        card_moving.move(
            session,
            card,
            each.state,
            now,
            self._sender.source,
            settings=self._settings,
            reason=Reason.CASE,
            since=each.since,
        )

    def _note_contact(self, session: Session, card: CardOrder, each: Delivered, now: datetime) -> bool:
        if each.contact is None or card.state in card_states.OVER:
            return False
        known = len(card_telling.of_card(session, card))
        if known >= card_telling.MOST:
            return False
        card_telling.ask(
            session,
            card,
            each.contact,
            each.language,
            now,
            settings=self._settings,
            actor=self._sender.source,
        )
        return len(card_telling.of_card(session, card)) > known


def _goes_on(before: CardState, after: CardState) -> bool:
    if after in (CardState.RETURNED, CardState.CONTACT):
        return before is not after and before in card_states.UNDERWAY
    if before in (CardState.RETURNED, CardState.CONTACT):
        return after in (CardState.CHECKING, CardState.READY)
    return card_states.RANK[after] > card_states.RANK[before]


def _is_usual(state: CardState) -> bool:
    """Whether an old row could say so of a card that was handed over since; the others are news."""
    return state not in (CardState.RETURNED, CardState.CONTACT)


def _closed(session: Session, keys: Sequence[int]) -> set[int]:
    """Which of the numbers are of cards that were handed over and are forgotten."""
    return set(session.scalars(select(CardClosed.number).where(CardClosed.number.in_(keys))))


def _state(text: str) -> CardState:
    tidied = "_".join(text.casefold().replace("-", " ").replace(",", " ").split())
    if not tidied:
        return CardState.ORDERED
    if tidied not in _BY_WORD:
        raise Invalid("state", N_("There is no such state of a card."))
    return _BY_WORD[tidied]


def _since(text: str, now: datetime, zone: str) -> datetime | None:
    if not text:
        return None
    day = values.day("since", text)
    if day > sheet.day_of(now, zone):
        raise Invalid("since", N_("This date lies in the future."))
    return min(datetime.combine(day, time(10), UTC), now)


def _iso(text: str) -> str:
    """A date of birth as it is kept: other systems write 00.00.1990 where only the year is known."""
    parts = text.replace(".", "-").split("-")
    if len(parts) == 3 and len(parts[2]) == 4 and all(each.isdecimal() for each in parts):
        return f"{parts[2]}-{int(parts[1]):02}-{int(parts[0]):02}"
    if len(text) == 8 and text.isdecimal():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text
