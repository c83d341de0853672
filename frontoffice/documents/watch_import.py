"""What the specialist system delivers about documents that end: a row per document, known by its id."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import languages
from frontoffice import vault as vaults
from frontoffice.config import Documents
from frontoffice.documents import document_kinds, ladder, ladders, values, watching
from frontoffice.documents.contact import Contact
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.documents.importing import Crossed, Written
from frontoffice.documents.integrations import Sender
from frontoffice.documents.ladder import Ladder
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.documents.reading import Bad, Layout, Row
from frontoffice.errors import N_, Invalid
from frontoffice.messages import addresses, outbox
from frontoffice.offices.models import Office
from frontoffice.vault import Vault

EXTERNAL, DELIVERED = "watch external", "watch delivered"
LONGEST_ID = 200
USUAL_LANGUAGE = "de"
NO_CONTACT = Invalid("contact", N_("Please enter a mail address or a mobile number."))
LIVING = (WatchState.ACTIVE, WatchState.APPLIED)  # what a complete delivery can end

LAYOUT = Layout(
    "watches",
    {
        "id": ("external_id", "kennung", "aktenzeichen", "watch_id"),
        "kind": ("art", "document", "document_kind", "dokument", "dokumentart"),
        "expires": ("expires_on", "expiry", "valid_until", "gueltig_bis", "gültig_bis", "ablaufdatum"),
        "contact": ("kontakt",),
        "phone": ("telefon", "mobil", "mobilnummer", "handy", "sms"),
        "mail": ("email", "e_mail", "mailadresse"),
        "language": ("sprache",),
        "office": ("behoerde", "behörde", "amt", "dienststelle"),
        "state": (
            "status",
            "zustand",
            "withdrawn",
            "zurueckgezogen",
            "zurückgezogen",
            "geloescht",
            "gelöscht",
        ),
    },
    frozenset({"id", "expires"}),
)

_ACTIVE = {"", "0", "false", "no", "nein", "active", "aktiv"}
_WITHDRAWN = {"1", "true", "yes", "ja", "x", "withdrawn", "deleted", "geloescht", "gelöscht", "zurückgezogen"}
_APPLIED = {"applied", "application received", "antrag eingegangen", "beantragt"}


@dataclass(frozen=True, slots=True)
class Delivered:
    """A row, understood. Of one that ends a watch only the id and what it says is known."""

    external: str
    delivered: str
    state: WatchState
    digests: tuple[str, ...]  # of the id, under every key
    office_id: int = 0
    kind: DocumentKind = DocumentKind.RESIDENCE_PERMIT
    expires_on: date = date.max
    language: str = USUAL_LANGUAGE
    contact: bytes = b""
    recipient: str = ""
    fallback: str | None = None
    problem: Bad | None = None  # of one that nobody can be reminded of: a known one ends, and the row is told


class Watches:
    """The target of a delivery of watches by one sender; as `importing.Target` says."""

    layout = LAYOUT

    def __init__(self, sender: Sender, offices: Sequence[Office], settings: Documents) -> None:
        self._sender, self.source = sender, sender.source
        self._offices = {each.id: each for each in offices}
        self._ladders: dict[int, Ladder] = {each.id: ladders.of(each, settings) for each in offices}

    def identify(self, row: Row) -> str:
        """The id in the specialist system."""
        return row.values.get("id", "")

    def digest(self, vault: Vault, name: str) -> str:
        """The keyed hash that stands for source and id."""
        return digests(vault, self._sender.source, name)[0]

    def unchanged(self, session: Session, rows: Sequence[Row]) -> set[int]:
        """Those that say word for word what they said before."""
        vault = vaults.of(session)
        lines = {
            (
                self.digest(vault, self.identify(row)),
                vault.digest(DELIVERED, _said(row, self._sender)),
            ): row.line
            for row in rows
        }
        found = session.execute(
            select(ExpiryWatch.external, ExpiryWatch.delivered).where(
                ExpiryWatch.external.in_([external for external, _ in lines])
            )
        )
        return {lines[one] for external, said in found if (one := (external or "", said or "")) in lines}

    def read(self, vault: Vault, row: Row, now: datetime) -> Delivered:
        """The row, understood. Raises Invalid."""
        known = self._known(vault, row)
        if known["state"] is not WatchState.ACTIVE:
            return Delivered(**known)
        office_id = self._sender.office(row.values.get("office", ""))
        if not any(row.values.get(name, "") for name in ("phone", "mail", "contact")):
            return _ended(known, row, NO_CONTACT)
        contact = _contact(row.values, self.identify(row))
        kind = document_kinds.read(row.values.get("kind", ""))
        expires_on = values.day("expires", row.values.get("expires", ""))
        end = ladder.end_of(self._ladders[office_id], kind, expires_on)
        today = watching.today_at(self._offices[office_id], now)
        try:
            watching.check_day(end, today)
        except Invalid as problem:
            if end < today:
                return _ended(known | {"expires_on": expires_on}, row, problem)
            raise
        return Delivered(
            **known,
            office_id=office_id,
            kind=kind,
            expires_on=expires_on,
            language=_language(row.values.get("language", "")),
            contact=contact.seal(vault),
            recipient=contact.recipients(vault)[0],
            fallback=contact.fallback(vault),
        )

    def write(self, session: Session, records: Sequence[Delivered], now: datetime) -> Written:
        """Begin, change and end watches."""
        known_as = [digest for each in records for digest in each.digests]
        locked = (
            select(ExpiryWatch)
            .where(ExpiryWatch.external.in_(known_as))
            .order_by(ExpiryWatch.id)
            .with_for_update()
        )
        known = {watch.external: watch for watch in session.scalars(locked)}
        fresh, refused, changed = list[dict[str, Any]](), list[Bad](), 0
        for each in records:
            watch = next((known[digest] for digest in each.digests if digest in known), None)
            if each.problem is not None:
                refused.append(each.problem)
                if watch is not None:
                    self._end_known(session, watch, each, now)
            elif watch is not None:
                changed += self._change(session, watch, each, now)
            elif each.state is WatchState.ACTIVE:
                fresh.append(self._new(each, now))
        session.flush()
        return Written(self._begin(session, fresh), changed, refused)

    def listed(self, session: Session, after: int, many: int) -> Sequence[tuple[int, str]]:
        """What this sender has delivered and not ended, by number."""
        query = (
            select(ExpiryWatch.id, ExpiryWatch.external)
            .where(
                ExpiryWatch.id > after,
                ExpiryWatch.source == self._sender.source,
                ExpiryWatch.state.in_(LIVING),
            )
            .order_by(ExpiryWatch.id)
            .limit(many)
        )
        return [(number, external or "") for number, external in session.execute(query)]

    def end(self, session: Session, numbers: Sequence[int], begun: datetime, now: datetime) -> int:
        """End what is no longer delivered, unless somebody has ended or changed it since the delivery has begun."""
        found = session.scalars(
            select(ExpiryWatch)
            .where(
                ExpiryWatch.id.in_(numbers),
                ExpiryWatch.state.in_(LIVING),
                ExpiryWatch.changed_at <= begun,
            )
            .order_by(ExpiryWatch.id)
            .with_for_update()
        ).all()
        for watch in found:
            _stop(session, watch, WatchState.WITHDRAWN, now)
            watch.delivered = None  # the very same row brings it back
        session.flush()
        return len(found)

    def _known(self, vault: Vault, row: Row) -> dict[str, Any]:
        name = self.identify(row)
        if len(name) > LONGEST_ID:
            raise Invalid("id", N_("This id is too long."))
        return {
            "external": self.digest(vault, name),
            "delivered": vault.digest(DELIVERED, _said(row, self._sender)),
            "state": _state(row.values.get("state", "")),
            "digests": tuple(digests(vault, self._sender.source, name)),
        }

    def _change(self, session: Session, watch: ExpiryWatch, each: Delivered, now: datetime) -> bool:
        watch.external, watch.delivered = each.external, each.delivered
        if watch.state is WatchState.OPTED_OUT:
            if each.state is WatchState.ACTIVE:
                # It is forgotten after its new date: before that the next delivery would begin it anew.
                watch.office_id, watch.kind, watch.expires_on = each.office_id, each.kind, each.expires_on
                watch.ends_on, _ = self._planned(each, now)
            return False  # the person has said so, and that counts for more than a delivery
        if each.state is not WatchState.ACTIVE:
            return _stop(session, watch, each.state, now)
        before = (watch.office_id, watch.kind, watch.expires_on)
        is_same = before == (each.office_id, each.kind, each.expires_on)
        if is_same and watch.state is not WatchState.WITHDRAWN:
            before_it = (watch.language, watch.recipient, watch.fallback_recipient)
            if watch.recipient != each.recipient and watch.told_on is not None:
                watching.take_back(session, watch, now)  # what waits would go to the old contact
                watch.told_on = None
                if watch.state is WatchState.ACTIVE:
                    _, watch.next_on = self._planned(each, now)
            _reach(watch, each)
            return before_it != (each.language, each.recipient, each.fallback)
        if watch.told_on is not None:
            watching.take_back(session, watch, now)
            watch.told_on = None
        watch.office_id, watch.kind, watch.expires_on = each.office_id, each.kind, each.expires_on
        _reach(watch, each)
        watch.state, watch.changed_at = WatchState.ACTIVE, now
        watch.ends_on, watch.next_on = self._planned(each, now)
        return True

    def _end_known(self, session: Session, watch: ExpiryWatch, each: Delivered, now: datetime) -> None:
        # A date that has passed since it was delivered still has its last reminder.
        if watch.state is not WatchState.OPTED_OUT and watch.expires_on != each.expires_on:
            _stop(session, watch, WatchState.WITHDRAWN, now)
            watch.delivered = None  # it is told again, and the row before brings it back

    def _new(self, each: Delivered, now: datetime) -> dict[str, Any]:
        ends_on, next_on = self._planned(each, now)
        return {
            "office_id": each.office_id,
            "kind": each.kind,
            "expires_on": each.expires_on,
            "ends_on": ends_on,
            "language": each.language,
            "contact": each.contact,
            "recipient": each.recipient,
            "fallback_recipient": each.fallback,
            "source": self._sender.source,
            "external": each.external,
            "delivered": each.delivered,
            "state": WatchState.ACTIVE,
            "next_on": next_on,
            "created_at": now,
            "changed_at": now,
        }

    def _planned(self, each: Delivered, now: datetime) -> tuple[date, date | None]:
        plan = self._ladders[each.office_id]
        today = watching.today_at(self._offices[each.office_id], now)
        return (
            ladder.end_of(plan, each.kind, each.expires_on),
            ladder.first_day(plan, each.kind, each.expires_on, today, catches_up=True),
        )

    def _begin(self, session: Session, fresh: list[dict[str, Any]]) -> int:
        if not fresh:
            return 0
        # Sorted: two deliveries at once wait for each other in one order.
        rows = sorted(fresh, key=lambda each: str(each["external"]))
        statement = outbox.insert_for(session)(ExpiryWatch).on_conflict_do_nothing(
            index_elements=["external"]
        )
        begun = len(session.scalars(statement.returning(ExpiryWatch.id), rows).all())
        if begun < len(rows):
            raise Crossed
        return begun


def digests(vault: Vault, source: str, name: str) -> list[str]:
    """The keyed hashes that stand for a source's id, that of the current key first."""
    return vault.digests(EXTERNAL, f"{source}\0{name}")


def _ended(known: Mapping[str, Any], row: Row, problem: Invalid) -> Delivered:
    said = Bad(row.line, f"{problem.field}: {problem}")
    return Delivered(**{**known, "state": WatchState.WITHDRAWN}, problem=said)


def _reach(watch: ExpiryWatch, each: Delivered) -> None:
    watch.language, watch.contact = each.language, each.contact
    watch.recipient, watch.fallback_recipient = each.recipient, each.fallback


def _stop(session: Session, watch: ExpiryWatch, state: WatchState, now: datetime) -> bool:
    if watch.state is state:
        return False
    watch.state, watch.next_on, watch.changed_at = state, None, now
    if watch.told_on is not None:
        watching.take_back(session, watch, now)
    return True


def _said(row: Row, sender: Sender) -> str:
    return repr((sender.usual, sorted(each for each in row.values.items() if each[1])))


def _state(text: str) -> WatchState:
    said = text.casefold()
    for words, state in (
        (_ACTIVE, WatchState.ACTIVE),
        (_WITHDRAWN, WatchState.WITHDRAWN),
        (_APPLIED, WatchState.APPLIED),
    ):
        if said in words:
            return state
    raise Invalid("state", N_("This is none of: active, applied, withdrawn."))


def _contact(given: Mapping[str, str], external: str) -> Contact:
    phone, mail, either = (given.get(name, "") for name in ("phone", "mail", "contact"))
    if either and "@" in either:
        mail = mail or either
    elif either:
        phone = phone or either
    return Contact(
        addresses.phone_number(phone) if phone else None,
        addresses.mail_address(mail) if mail else None,
        external,
    )


def _language(text: str) -> str:
    said = text.strip().casefold() or USUAL_LANGUAGE
    if not re.match(languages.CODE, said):
        raise Invalid("language", N_("Please give the language as a code, such as de, en or uk."))
    return said
