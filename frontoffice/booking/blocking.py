"""The block list: who may not book online. Kept are keyed hashes, so the list tells nobody who is on it."""

import ipaddress
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from frontoffice import birth_date, memory
from frontoffice import vault as vaults
from frontoffice.birth_date import BirthDate
from frontoffice.booking import fairness
from frontoffice.booking.models import Blocked, BlockedKind
from frontoffice.booking.person import Person
from frontoffice.errors import N_, Invalid, NotFound
from frontoffice.messages import addresses
from frontoffice.vault import Vault

REMEMBERED = timedelta(days=30)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# A hash cannot be asked whether an address lies within it. So networks have one of these lengths, and an address is
# looked for under all of its prefixes of these lengths.
LENGTHS = {4: tuple(range(16, 33)), 6: (32, 36, 40, 44, 48, 52, 56, 60, 64)}

_NAME_AND_BIRTH = re.compile(r"(?P<name>.*\S)[\s,;]+(?P<born>\S+)")

memory.seldom_changed(Blocked)
_ANY_NETWORK = select(Blocked.id).where(Blocked.kind == BlockedKind.NETWORK).limit(1)


def block(
    session: Session,
    kind: BlockedKind,
    value: str,
    reason: str,
    until: datetime | None,
    now: datetime,
    *,
    actor: str,
) -> Blocked:
    """Block a person ("Name 27.03.1991"), a mail address, a phone number or a network ("192.0.2.0/24") until then.

    The same value again gets the new reason and end. `actor` is as in events. Raises Invalid (field "value", "reason"
    or "until") for what cannot be read.
    """
    if not reason.strip():
        raise Invalid("reason", N_("Please say why, so that others can decide later whether it still holds."))
    if until is not None and until <= now:
        raise Invalid("until", N_("This moment has passed already. Please choose a later one, or none."))
    digests = _digests(vaults.of(session), kind, value)
    query = select(Blocked).where(Blocked.kind == kind, Blocked.digest.in_(digests)).with_for_update()
    row = session.scalars(query).first()
    if row is None:
        row = Blocked(kind=kind, digest=digests[0], created_at=now)
        session.add(row)
    row.reason, row.until, row.blocked_by = reason.strip()[:200], until, actor
    session.flush()
    return row


def unblock(session: Session, blocked_id: int) -> None:
    """Take a row off the list. Raises NotFound."""
    if session.execute(delete(Blocked).where(Blocked.id == blocked_id).returning(Blocked.id)).first() is None:
        raise NotFound


def found(session: Session, kind: BlockedKind, value: str, now: datetime) -> Blocked | None:
    """The block of this person, address, number or network, if there is one now. Raises Invalid as `block`."""
    return session.scalars(_live(kind, _digests(vaults.of(session), kind, value), now)).first()


def listed(session: Session, now: datetime, *, ended: bool = False) -> Sequence[Blocked]:
    """What is blocked now (with `ended`: what was), latest first."""
    live = or_(Blocked.until.is_(None), Blocked.until > now)
    return session.scalars(select(Blocked).where(~live if ended else live).order_by(Blocked.id.desc())).all()


def forget(session: Session, now: datetime) -> int:
    """Drop the blocks that ended a month ago; says how many."""
    ended = delete(Blocked).where(Blocked.until <= now - REMEMBERED).returning(Blocked.id)
    return len(session.execute(ended).all())


def is_network_blocked(session: Session, address: str | None, now: datetime) -> bool:
    """Whether an address (`request.remote_addr`) lies in a blocked network."""
    if not memory.remembered(session, "any network blocked", lambda: _any_network(session)):
        return False  # as nearly always, and then nothing has to be worked out and hashed
    try:
        prefixes = _prefixes(ipaddress.ip_address(address or ""))
    except ValueError:
        return False  # behind a local socket there is no address
    vault = vaults.of(session)
    digests = [digest for network in prefixes for digest in _of_network(vault, network)]
    return session.scalar(_live(BlockedKind.NETWORK, digests, now).limit(1)) is not None


def _any_network(session: Session) -> bool:
    return session.connection().execute(_ANY_NETWORK).first() is not None


def _prefixes(address: Address) -> list[Network]:
    """The networks, of those lengths that can be blocked, in which an address lies."""
    # An IPv4 address that comes as an IPv6 one is an IPv4 address.
    plain = getattr(address, "ipv4_mapped", None) or address
    return [ipaddress.ip_network((plain, length), strict=False) for length in LENGTHS[plain.version]]


def _live(kind: BlockedKind, digests: Sequence[str], now: datetime) -> Select[Blocked]:
    return select(Blocked).where(
        Blocked.kind == kind,
        Blocked.digest.in_(digests),
        or_(Blocked.until.is_(None), Blocked.until > now),
    )


def _digests(vault: Vault, kind: BlockedKind, value: str) -> list[str]:
    """The digests of what somebody typed, under every key. Raises Invalid."""
    try:
        if kind is BlockedKind.NETWORK:
            return _of_network(vault, _network(value))
        return fairness.all_digests(vault, kind, _FOLDED[kind](value))
    except Invalid as problem:
        raise Invalid("value", problem.sentence, **problem.params) from None


def _folded_person(typed: str) -> str:
    parts = _NAME_AND_BIRTH.fullmatch(typed.strip())
    born = _date(parts["born"]) if parts else None
    if parts is None or born is None:
        raise Invalid(
            "value", N_("Please enter name and date of birth like this: Olena Kowalenko 27.03.1991.")
        )
    return fairness.folded_person(Person(parts["name"], born, None, None))


def _date(typed: str) -> BirthDate | None:
    try:
        return birth_date.parse(typed, date.max)
    except Invalid:
        return None


def _network(typed: str) -> Network:
    try:
        network = ipaddress.ip_network(typed.strip(), strict=False)
    except ValueError:
        raise Invalid(
            "value", N_("Please enter an address or a network like this: 192.0.2.17 or 192.0.2.0/24.")
        ) from None
    if network.version == 6 and network.prefixlen > 64:
        network = network.supernet(new_prefix=64)  # one connection has all of it
    if network.prefixlen not in LENGTHS[network.version]:
        lengths = ", ".join(f"/{each}" for each in LENGTHS[network.version])
        raise Invalid("value", N_("A network can have one of these lengths: %(lengths)s."), lengths=lengths)
    return network


def _of_network(vault: Vault, network: Network) -> list[str]:
    return fairness.all_digests(vault, BlockedKind.NETWORK, str(network))


_FOLDED = {
    BlockedKind.PERSON: _folded_person,
    BlockedKind.MAIL: lambda typed: fairness.fold_mail(addresses.mail_address(typed)),
    BlockedKind.PHONE: addresses.phone_number,
}
