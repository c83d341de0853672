"""Looking up where a card is, by number and date of birth: the same work whatever the answer, and limits on guessing.

Every look-up is one indexed SELECT and one counting statement, in one transaction. A miss counts one, a hit counts
nothing: the row of the network and that of the number are written either way, and both are looked at before the
answer. Each row changes either way, or SQLite would write nothing after a hit. So a shelter whose people all look for
their cards is not shut out, a number with ten misses is shut also for the right date, and the time tells nothing.

After a few misses from a network its browsers have to prove some work first (the captcha of the booking). Where they
cannot, the network may miss a few times more and is shut then: an hour later it starts anew.
"""

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from frontoffice import memory
from frontoffice import vault as vaults
from frontoffice.booking import captcha
from frontoffice.booking.refusals import ProofMissing
from frontoffice.config import Fairness
from frontoffice.db import Database
from frontoffice.documents import card_keys
from frontoffice.documents.card_models import CardLook, CardOrder, CardState
from frontoffice.errors import N_, NotFound, TooMany
from frontoffice.offices.models import Office
from frontoffice.quick import Quick

# Misses in an hour. A date of birth is one of some 20,000; a network may be a shelter, a library, a mobile carrier.
OF_NUMBER = 10
OF_NETWORK = 60
UNASKED = 5  # of a network, before it is asked for a proof of work
HOUR = timedelta(hours=1)

BY_NUMBER = "card looked for"
# Instead of what booking says, which is about appointments.
WITHOUT_PROOF = N_(
    "There were several wrong entries from your internet connection. Before we answer again, your browser has to do a "
    "short calculation that keeps programs out. Please press the button once more. If JavaScript is switched off in "
    "your browser, please switch it on, wait %(minutes)s min, or ask us by phone or at the front desk."
)


class UnknownCard(NotFound):
    """No card with this number and this date of birth: which of the two is wrong is not said.

    `in_place` is a card that does not exist, about which an answer is worked out all the same: so that "unknown"
    takes as long as "found". `asks_for_proof`: whether the network has to prove some work with its next look.
    """

    code = "unknown_card"
    sentence = N_(
        "We found no card with this number and this date of birth. Please check both. "
        "A new order can take some days until it appears here."
    )

    def __init__(self, in_place: "Found", *, asks_for_proof: bool) -> None:
        self.in_place, self.asks_for_proof = in_place, asks_for_proof
        super().__init__()


class TooManyMisses(TooMany):
    """The number, or the network, was tried too often."""

    sentence = N_(
        "That was tried too often. Please wait %(minutes)s min, or ask us: by phone, or at the front desk."
    )


class Found(NamedTuple):
    """What is known of a card."""

    id: int
    office_id: int
    state: CardState
    since: datetime
    until: date | None


_CARDS = cast(Table, CardOrder.__table__)
_LOOKS = cast(Table, CardLook.__table__)


class Looked(NamedTuple):
    """What a look brought, before it is said: it may be too late for an answer."""

    found: Found | None
    in_place: Found
    misses_of_network: int  # before this one
    misses_of_number: int

    @property
    def is_refused(self) -> bool:
        """Whether there were too many misses already."""
        return self.misses_of_network >= OF_NETWORK or self.misses_of_number >= OF_NUMBER


def look_up(
    database: Database,
    number: str,
    born: str,
    now: datetime,
    *,
    network: str,
    order: str | None = None,
    rules: Fairness | None = None,
    proof: str | None = None,
) -> Found:
    """The card with this number (as `serial` gives it) and date of birth (ISO). `network`: who is asking, hashed.

    `order` is the order number that was meant where it was not the serial number; both count as one.

    `rules` say how often a network may miss without a `proof`, the solved captcha (empty: none); without rules nobody
    is asked for one. Raises UnknownCard, TooManyMisses, ProofMissing and ProofRefused.
    """
    asks = rules is not None and rules.captcha == "on"
    # Committed, whatever is said afterwards; without waiting for the disk, as only tries are counted.
    with database.write(may_be_lost=True) as session:
        if asks and proof:
            captcha.check(session, proof, now)
        looked = look(session, number, born, now, network=network, order=order)
    minutes = max(1, math.ceil((_end_of_hour(now) - now).total_seconds() / 60))
    if looked.is_refused:
        raise TooManyMisses(minutes=minutes)
    if rules and asks and not proof and looked.misses_of_network >= UNASKED + rules.holds_without_proof:
        raise ProofMissing(WITHOUT_PROOF, minutes=minutes)
    if looked.found is None:
        raise UnknownCard(looked.in_place, asks_for_proof=asks and looked.misses_of_network + 1 >= UNASKED)
    return looked.found


def asks_for_proof(session: Session, network: str, now: datetime) -> bool:
    """Whether a network has missed so often that it should send a proof of work with its next look."""
    misses = select(CardLook.misses).where(CardLook.who == network, CardLook.until == _end_of_hour(now))
    return (session.scalar(misses) or 0) >= UNASKED


def look(
    session: Session, number: str, born: str, now: datetime, *, network: str, order: str | None = None
) -> Looked:
    """Look and count, in a transaction that must be committed."""
    vault = vaults.of(session)
    who = vault.digest(BY_NUMBER, number)
    numbers = [number] if order is None else [number, order]
    found = _find(session, [key for each in numbers for key in card_keys.of_holder(vault, each, born)])
    before = _count(session, network, who, _end_of_hour(now), found is not None)
    in_place = Found(0, _any_office(session), CardState.ORDERED, now, None)
    return Looked(found, in_place, before[network], before[who])


def _end_of_hour(now: datetime) -> datetime:
    return datetime.fromtimestamp((now.timestamp() // 3600 + 1) * 3600, tz=now.tzinfo)


def _any_office(session: Session) -> int:
    return memory.remembered(session, "any office", lambda: session.scalar(select(func.min(Office.id))) or 0)


def _find(session: Session, keys: Sequence[int]) -> Found | None:
    rows = _query(len(keys)).run(session, {f"key_{place}": key for place, key in enumerate(keys)})
    return Found(*rows[0]) if rows else None


@cache
def _query(keys: int) -> Quick:
    names = [bindparam(f"key_{place}", type_=_CARDS.c.serial_key.type) for place in range(keys)]
    columns = (_CARDS.c.id, _CARDS.c.office_id, _CARDS.c.state, _CARDS.c.since, _CARDS.c.until)
    by_either = (column == name for column in (_CARDS.c.serial_key, _CARDS.c.order_key) for name in names)
    return Quick(select(*columns).where(or_(*by_either)).limit(1))


def _count(session: Session, network: str, number: str, until: datetime, is_hit: bool) -> dict[str, int]:
    """Count for network and number; gives how many misses there were before this one.

    The network's row first, for everybody: who locks rows in one order never waits in a circle.
    """
    hits, misses = (1, 0) if is_hit else (0, 1)
    values = {"who_0": network, "who_1": number, "until": until, "hits": hits, "misses": misses}
    rows = _COUNTS[session.get_bind().dialect.name].run(session, values)
    return {who: count - misses for who, count in rows}


def _counts(dialect: Any) -> Quick:
    same = {name: bindparam(name, type_=_LOOKS.c[name].type) for name in ("until", "hits", "misses")}
    rows = [{"who": bindparam(name, type_=_LOOKS.c.who.type), **same} for name in ("who_0", "who_1")]
    statement = dialect.insert(_LOOKS).values(rows)
    counted = {name: _LOOKS.c[name] + statement.excluded[name] for name in ("hits", "misses")}
    return Quick(
        statement.on_conflict_do_update(index_elements=["who", "until"], set_=counted).returning(
            _LOOKS.c.who, _LOOKS.c.misses
        )
    )


_COUNTS = {"postgresql": _counts(postgresql), "sqlite": _counts(sqlite)}


def forget(session: Session, now: datetime) -> None:
    """Drop the hours that are over."""
    session.execute(delete(CardLook).where(CardLook.until <= now))
