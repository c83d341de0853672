"""Looking up a card by number and date of birth, among few and among many, against a route with one indexed SELECT.

python -m benchmarks.cards [--quick]      (10,000,000 orders; --quick: 200,000; in `python -m benchmarks` 1,000,000)

A look-up is a POST with number and date of birth; it reads the card and counts for network and number, durably, which
the SELECT that it is compared with does not. All look-ups find their card, because misses are limited.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from benchmarks import data, load, measure, servers
from benchmarks.load import Result
from benchmarks.measure import Bench, figures, in_turns, rate_ratio, time_ratio
from benchmarks.slots import selects
from frontoffice import vault as vaults
from frontoffice.db import Database
from frontoffice.documents import card_keys
from frontoffice.documents.card_keys import Original
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.documents.serial import ALPHABET

MANY, SOME, QUICK = 10_000_000, 1_000_000, 200_000
KNOWN = 5_000  # of them, whose number and date of birth the load knows
CLIENTS = 8
INDEXES = ("serial_key", "order_key")
OTHERS = {
    "ix_card_order_office_id_state_since": "office_id, state, since",
    "ix_card_order_changed_at": "changed_at",
}

# Keys as scattered as hashes are: a number times an odd constant, in both halves. Those that no look-up reads ascend.
_ROWS = """
INSERT INTO card_order
(id, office_id, state, since, serial_key, order_key, serial_alone, order_alone, sealed, changed_at)
SELECT n, :office, 'shipped', :since, {serial}, {order}, n, n + 1099511627776, :sealed, :since FROM {numbers}
"""
_SERIES = {
    "postgresql": "generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS s(n)",
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM s WHERE n < :last) SELECT n FROM s)",
}


def number_of(one: int) -> str:
    """The serial number of a card that the load knows."""
    signs = ""
    for _ in range(8):
        one, sign = divmod(one * 7 + 11 if not signs else one, len(ALPHABET))
        signs += ALPHABET[sign]
    return f"C{signs}"


def born_of(one: int) -> str:
    """Its holder's date of birth."""
    return f"{1950 + one % 50}-{one % 12 + 1:02}-{one % 28 + 1:02}"


def look_ups() -> Iterator[bytes]:
    """Each for another card."""
    for one in count():
        which = one * 7919 % KNOWN
        body = {"number": number_of(which), "born": born_of(which)}
        yield load.post("/api/v1/cards/status", json.dumps(body).encode())


def fill(database: Database, many: int, now: datetime) -> None:
    """Cards in the database: those that are known, and others up to `many`. Indexes are made afterwards."""
    with database.write() as session:
        _drop_indexes(session)
        _known(session, now)
    dialect = database.engine.dialect.name
    sealed = database.vault.seal({"born": "1990-03-07", "serial": "C01X0006H", "order": "2026004711"})
    for first in range(KNOWN + 1, many + 1, 1_000_000):
        with database.write() as session:
            statement = _ROWS.format(
                numbers=_SERIES[dialect], serial=_mixed(2654435761), order=_mixed(2246822519)
            )
            since = (
                now if dialect == "postgresql" else now.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
            )
            values = {"first": first, "last": min(first + 999_999, many), "sealed": sealed, "since": since}
            session.execute(text(statement), {**values, "office": data.the_office(session).id})
    with database.write() as session:
        _make_indexes(session)
        session.execute(text("ANALYZE card_order"))


def run(bench: Bench) -> None:
    """As part of all measurements: filling in ten million would take longer than all others together."""
    measured(bench, SOME)


def measured(bench: Bench, most: int = MANY) -> None:
    """Compare look-ups among many cards with those among few, and with one SELECT."""
    many = QUICK if bench.size is measure.QUICK else most
    with ExitStack() as stack:
        few = bench.databases.make("few")
        stack.callback(few.close)
        data.build(few, bench.now)
        fill(few, KNOWN, bench.now)
        nearly_none = stack.enter_context(servers.ours(bench.databases.url("few"), bench.folder))
        fill(bench.book, many, bench.now)

        def one(port: int, requests: Iterator[bytes]) -> Result:
            return load.run(port, requests, CLIENTS, seconds=bench.size.seconds)

        runs = {
            "select": lambda: one(bench.plain, selects()),
            "many": lambda: one(bench.ours, look_ups()),
            "few": lambda: one(nearly_none, look_ups()),
        }
        in_turns(1, runs)  # to warm up
        found = in_turns(bench.size.rounds, runs)
    bench.add(f"Flask, one indexed SELECT; for: card; {CLIENTS} clients", figures(found["select"]))
    bench.add(f"where is my card, {KNOWN:,} orders; {CLIENTS} clients", figures(found["few"]))
    what = f"where is my card, {many:,} orders; {CLIENTS} clients"
    bench.add(
        what,
        figures(found["many"]),
        against="Flask, one indexed SELECT",
        ratio=rate_ratio(found["many"], found["select"]),
        floor=0.5,
        goal=0.8,
    )
    bench.add(
        what,
        "",
        against=f"{KNOWN:,} orders (time)",
        ratio=time_ratio(found["many"], found["few"]),
        floor=1.5,
        goal=1.2,
        at_most=True,
    )


def _known(session: Session, now: datetime) -> None:
    vault, office = vaults.of(session), data.the_office(session)
    rows = []
    for one in range(KNOWN):
        card = CardOrder(id=one + 1, office_id=office.id, state=CardState.SHIPPED, since=now, changed_at=now)
        card_keys.put(vault, card, Original(born_of(one), number_of(one)))
        rows.append({column.key: getattr(card, column.key) for column in CardOrder.__table__.columns})
    session.execute(insert(CardOrder), rows)


def _mixed(odd: int) -> str:
    return f"((n * {odd}) % 2147483647) * 4294967296 + (n * {odd + 2}) % 4294967291"


def _drop_indexes(session: Session) -> None:
    for name in [f"ix_card_order_{each}" for each in INDEXES] + list(OTHERS):
        session.execute(text(f"DROP INDEX {name}"))


def _make_indexes(session: Session) -> None:
    for each in INDEXES:
        session.execute(text(f"CREATE INDEX ix_card_order_{each} ON card_order ({each})"))
    for name, columns in OTHERS.items():
        session.execute(text(f"CREATE INDEX {name} ON card_order ({columns})"))


if __name__ == "__main__":
    measure.alone(measured)
