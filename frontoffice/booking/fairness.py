"""Fairness: how many appointments one person, mail address or phone may have ahead, and how often a network may try.

A booking calls `check_person` first, before it locks a sheet or a hold: it takes one lock for each digest, in their
order, and keeps it until the commit, so that two bookings for one person look at the appointments one after the
other. Whoever books for several people in one transaction calls `lock` with all of them before the first hold. The
order of locks is therefore: digests → schedules and draws → sheets → holds → appointments → events. On SQLite there
is one writer at a time, and nothing to lock.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import String, and_, bindparam, func, null, or_, select, text, union_all
from sqlalchemy.orm import Session

from frontoffice import limits
from frontoffice import vault as vaults
from frontoffice.booking.models import Appointment, Blocked, BlockedKind, State
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import (
    AlreadyComing,
    NotAccepted,
    TooManyForMail,
    TooManyForPhone,
    TooManyFromNetwork,
)
from frontoffice.config import Fairness
from frontoffice.db import Database
from frontoffice.errors import TooMany
from frontoffice.offices.models import Office
from frontoffice.quick import Quick, Rider
from frontoffice.vault import Vault

HOUR = timedelta(hours=1)
SAME_MAILBOX = {"googlemail.com": "gmail.com"}

_ONE_AFTER_THE_OTHER = Quick(
    text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")
)
# COALESCE keeps SQLite from walking through all that is to come by the index of state and start: the digest's own
# index leads to a handful of rows.
_STATE = func.coalesce(Appointment.state, Appointment.state)
_START = func.coalesce(Appointment.start, Appointment.start)
# What was not confirmed in time counts until it lapses: till then it can still be confirmed.
_STANDING = or_(_STATE == State.UNCONFIRMED, _STATE == State.CONFIRMED)
_DIGESTS = {
    BlockedKind.PERSON: Appointment.person_digest,
    BlockedKind.MAIL: Appointment.mail_digest,
    BlockedKind.PHONE: Appointment.phone_digest,
}


class Visited(Protocol):
    """What has to be known of a visit: for which services it is."""

    @property
    def service_ids(self) -> Iterable[int]: ...


class Digests(NamedTuple):
    """Keyed hashes that find the appointments of one person, one mail address, one phone."""

    person: str
    mail: str | None
    phone: str | None


class _Coming(NamedTuple):
    """A coming appointment; without an id: somebody on the block list."""

    id: int | None
    items: list[list[int]]
    start: datetime
    person_digest: str
    mail_digest: str | None
    phone_digest: str | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Known:
    """The same under every key: what has been written before the keys changed is found too."""

    persons: list[str]
    mails: list[str]
    phones: list[str]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.persons, *self.mails, *self.phones))

    @property
    def current(self) -> Digests:
        """Under the current key."""
        return Digests(self.persons[0], next(iter(self.mails), None), next(iter(self.phones), None))


def digests(vault: Vault, person: Person) -> Digests:
    """What an appointment keeps of its person, to be found by: never the name, the mail or the number itself."""
    return known(vault, person).current


def known(vault: Vault, person: Person) -> Known:
    """All digests by which appointments, entries and blocks of a person are found."""
    return Known(
        all_digests(vault, BlockedKind.PERSON, folded_person(person)),
        all_digests(vault, BlockedKind.MAIL, fold_mail(person.mail)) if person.mail else [],
        all_digests(vault, BlockedKind.PHONE, person.phone) if person.phone else [],
    )


def locks(digests: Iterable[str]) -> list[int]:
    """PostgreSQL's advisory locks of these digests, in the order in which everybody waits for them.

    Under every key: while keys rotate, two processes may have different current ones.
    """
    return [int(each[:16], 16) - 2**63 for each in sorted(set(digests))]


def lock(session: Session, people: Iterable[Person]) -> None:
    """Let no other booking for one of these people, mails and phones go on before this transaction ends.

    To be called before anything else is locked. Locking the same again costs nothing and waits for nobody.
    """
    vault = vaults.of(session)
    lock_digests(session, (digest for person in people for digest in known(vault, person)))


def lock_digests(session: Session, digests: Iterable[str]) -> None:
    """The same for what these digests are of."""
    if session.get_bind().dialect.name == "postgresql":
        _ONE_AFTER_THE_OTHER.run(session, {"keys": locks(digests)})


def check_person(
    session: Session, person: Person, visit: Visited, now: datetime, *, rules: Fairness, besides: int = 0
) -> None:
    """Raise a refusal where this visit would be one too many, or where somebody is blocked.

    Belongs at the beginning of the transaction that books (see above). `besides` is an appointment that does not
    count, because the new one takes its place. Raises AlreadyComing (person and service), TooManyForMail and
    TooManyForPhone, and NotAccepted (block list).
    """
    them = known(vaults.of(session), person)
    lock_digests(session, them)
    check_known(session, them, visit, now, rules=rules, besides=besides)


def check_known(
    session: Session, them: Known, visit: Visited, now: datetime, *, rules: Fairness, besides: int = 0
) -> None:
    """As `check_person`, for whom this transaction has locked already."""
    coming = _coming(session, them, now, besides)
    for service in visit.service_ids:
        mine = [
            each
            for each in coming
            if each.person_digest in them.persons and any(service == number for number, _ in each.items)
        ]
        if len(mine) >= rules.appointments_per_person:
            raise _already_coming(mine[0], them)
    _refuse_contact(coming, them, rules)


def check_contact(session: Session, person: Person, now: datetime, *, rules: Fairness, besides: int) -> None:
    """As `check_person`, for an appointment (`besides`) that stands and gets another mail address or phone."""
    them = known(vaults.of(session), person)
    lock_digests(session, them)
    _refuse_contact(_coming(session, them, now, besides), them, rules)


def count_network(
    database: Database,
    network: str,
    now: datetime,
    rules: Fairness,
    what: Literal["hold", "booking"] = "hold",
) -> None:
    """Count a hold or a booking of a network (`access.network()`) in a transaction of its own, before it is made.

    Raises TooManyFromNetwork. (Holds of visitors are counted by `admission.admit`.)
    """
    with database.write() as session:
        count(session, network, now, rules, what)


def rider(network: str, now: datetime, what: Literal["hold", "booking"]) -> Rider:
    """What `count` counts, to ride along with the event of the transaction."""
    return limits.rider(what, network, HOUR, now)


def count(
    session: Session,
    network: str,
    now: datetime,
    rules: Fairness,
    what: Literal["hold", "booking"],
    ridden: Rider | None = None,
) -> None:
    """As `count_network`, in a transaction of the caller that does nothing else that is slow."""
    most = rules.holds_per_network if what == "hold" else rules.bookings_per_network
    try:
        limits.hit(session, what, network, most, HOUR, now, ridden)
    except TooMany as refusal:
        raise TooManyFromNetwork(**refusal.params) from None


def counted(session: Session, what: str, who: str, now: datetime) -> int:
    """How often something was counted in the running window."""
    tally = limits.Tally
    query = select(func.sum(tally.count)).where(tally.what == what, tally.who == who, tally.until > now)
    return session.scalar(query) or 0


def fold_name(name: str) -> str:
    """A name for comparison: order of words, capitals, accents, hyphens and apostrophes do not matter."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    letters = "".join(_for_comparison(each) for each in decomposed)
    words = sorted(unicodedata.normalize("NFKC", letters).split())
    return " ".join(words) or " ".join(sorted(name.split()))


def fold_mail(mail: str) -> str:
    """A mail address for comparison: capitals, dots and what stands after a plus do not matter.

    Some providers tell a.b@ from ab@; that two strangers meet here is far less likely than that one person uses
    both. The address itself is kept and used as it was typed.
    """
    local, _, domain = mail.strip().casefold().rpartition("@")
    untagged = local.partition("+")[0].replace(".", "") or local
    return f"{untagged}@{SAME_MAILBOX.get(domain, domain)}"


def all_digests(vault: Vault, kind: BlockedKind, value: str) -> list[str]:
    """The digests, under every key, of a folded person, mail address or phone, current first."""
    return vault.digests(f"fairness {kind}", value)


def folded_person(person: Person) -> str:
    """A person for comparison: name and date of birth."""
    return f"{fold_name(person.name)} {person.born.isoformat()}"


def _coming(session: Session, them: Known, now: datetime, besides: int) -> list[_Coming]:
    """The coming appointments that any of the digests stands for, by start. Raises NotAccepted for who is blocked."""
    wanted = {
        kind: digests
        for kind, digests in zip(_DIGESTS, (them.persons, them.mails, them.phones), strict=True)
        if digests
    }
    statement = _query(tuple((kind, len(digests)) for kind, digests in wanted.items()))
    values: dict[str, Any] = {"now": now, "besides": besides}
    for kind, digests in wanted.items():
        values |= {f"{kind}_{number}": digest for number, digest in enumerate(digests)}
    rows = [_Coming(*row) for row in statement.run(session, values)]
    if any(row.id is None for row in rows):
        raise NotAccepted
    return sorted({row.id: row for row in rows}.values(), key=lambda row: row.start)


def _any_of(column: Any, digests: Iterable[Any]) -> Any:
    return or_(*(column == digest for digest in digests))


@cache
def _query(wanted: tuple[tuple[BlockedKind, int], ...]) -> Quick:
    """A part for each digest, which finds its rows by one index; and one for the block list, without an id."""
    columns = (Appointment.id, Appointment.items, Appointment.start, *_DIGESTS.values(), Office.time_zone)
    parts: list[Any] = []
    blocked = []
    for kind, many in wanted:
        digests = [bindparam(f"{kind}_{number}", type_=String()) for number in range(many)]
        blocked.append(and_(Blocked.kind == kind, _any_of(Blocked.digest, digests)))
        parts.append(
            select(*columns)
            .join(Office, Office.id == Appointment.office_id)
            .where(
                _any_of(_DIGESTS[kind], digests),
                bindparam("now") < _START,
                _STANDING,
                Appointment.id != bindparam("besides"),
            )
        )
    nothing = [null().label(f"nothing_{number}") for number in range(len(columns) - 1)]
    on_list = or_(Blocked.until.is_(None), Blocked.until > bindparam("now"))
    return Quick(union_all(*parts, select(null().label("id"), *nothing).where(or_(*blocked), on_list)))


def _refuse_contact(coming: Iterable[Any], them: Known, rules: Fairness) -> None:
    rows = list(coming)
    if sum(each.mail_digest in them.mails for each in rows) >= rules.appointments_per_mail:
        raise TooManyForMail(most=rules.appointments_per_mail)
    if sum(each.phone_digest in them.phones for each in rows) >= rules.appointments_per_phone:
        raise TooManyForPhone(most=rules.appointments_per_phone)


def _already_coming(before: Any, them: Known) -> AlreadyComing:
    """The day is told only to who uses the same mail address or phone: name and date of birth others know too."""
    if before.mail_digest in them.mails or before.phone_digest in them.phones:
        local = before.start.astimezone(ZoneInfo(before.time_zone))
        return AlreadyComing.on(f"{local:%d.%m.%Y}", f"{local:%H:%M}")
    return AlreadyComing()


def _for_comparison(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Mn", "Cf"):
        return ""
    return letter if category[0] in "LNM" else " "
