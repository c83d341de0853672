"""The outbox: writing messages and sending them, beside what the database's disk allows: one small commit each.

    python -m benchmarks.messages [--quick]

One worker, mails through a provider that takes everything at once.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from datetime import timedelta
from itertools import count
from statistics import median
from time import perf_counter

import structlog

from benchmarks import data, measure, reference
from benchmarks.measure import Bench
from frontoffice import logs
from frontoffice.config import Messages
from frontoffice.messages import outbox
from frontoffice.messages.dispatch import Delivery, deliver_due
from frontoffice.messages.models import Medium
from frontoffice.messages.outbox import Draft
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Sighting
from frontoffice.messages.timing import Timing

_numbers = count(1)


class Taker:
    """A provider that takes everything, at once."""

    name = "taker"

    def __init__(self) -> None:
        self._taken = count(1)

    def send(self, _outgoing: Outgoing) -> Outcome:
        """Take it."""
        return Accepted(f"taken-{id(self)}-{next(self._taken)}", "queued")

    def find(self, _to: str, /) -> Sequence[Sighting] | None:
        """Nothing is ever unclear."""
        return ()


def run(bench: Bench) -> None:
    """Commit, enqueue and send in turns."""
    taker = Taker()
    providers = {Medium.SMS: taker, Medium.MAIL: taker}
    delivery = Delivery(bench.book, providers, Messages(), Timing())
    rates: dict[str, list[float]] = {"commit": [], "enqueue": [], "dispatch": []}
    with bench.book.read() as session:
        office = data.the_office(session).id
    with (bench.folder / "messages.log").open("w") as log, redirect_stderr(log):
        logs.configure()  # as in the worker
        deliver_due(delivery)  # what other measurements have left in the outbox
        for _ in range(bench.size.rounds):
            rates["commit"].append(_per_second(bench, lambda: _commit(bench)))
            rates["enqueue"].append(_per_second(bench, lambda: _enqueue(bench, office)))
            rates["dispatch"].append(_per_second(bench, lambda: deliver_due(delivery)))
    structlog.reset_defaults()
    commit, enqueue, dispatch = (median(each) for each in rates.values())
    ratio = median(ours / raw for ours, raw in zip(rates["dispatch"], rates["commit"], strict=True))
    bench.add("raw durable commits, 1 client", f"{commit:6.0f}/s")
    bench.add("messages written, a transaction each", f"{enqueue:6.0f}/s")
    bench.add(
        "messages sent by one worker",
        f"{dispatch:6.0f}/s",
        against="raw durable commits",
        ratio=ratio,
        floor=1 / 6,
        goal=1 / 3,
    )


def _per_second(bench: Bench, run: Callable[[], object]) -> float:
    begin = perf_counter()
    run()
    return bench.size.messages / (perf_counter() - begin)


def _commit(bench: Bench) -> None:
    connection = reference.connect(bench.databases.url("book"))
    mark = "?" if isinstance(connection, sqlite3.Connection) else "%s"
    for number in range(bench.size.messages):
        connection.execute("BEGIN")
        connection.execute(f"UPDATE plain SET amount = amount + 1 WHERE code = {mark}", (f"code-{number}",))  # noqa: S608
        connection.commit()
    connection.close()


def _enqueue(bench: Bench, office: int) -> None:
    for _ in range(bench.size.messages):
        number = next(_numbers)
        draft = Draft(
            kind="booked",
            medium=Medium.MAIL,
            to=f"maria{number}@example.org",
            language="de",
            office_id=office,
            subject=f"measured:{number}",
            dedupe_key=f"measured:{number}:mail",
            parameters=_parameters(bench, number),
            expires_at=bench.now.replace(year=bench.now.year + 1),
        )
        with bench.book.write() as session:
            outbox.enqueue_all(session, [draft], bench.now)


def _parameters(bench: Bench, number: int) -> dict[str, str]:
    """Contents as they differ from one person to the next: another time, another code, another link."""
    code = f"K7M{number % 100_000:05}"
    starts_at = bench.now.replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(
        days=number % 60, minutes=15 * (number % 24)
    )
    return PARAMETERS | {
        "starts_at": starts_at.isoformat(),
        "reference": code,
        "link": f"https://termin.example/appointments/{code}/abcdefghijklmnopqrstuvwx/",
    }


PARAMETERS = {
    "office_name": "Ausländerbehörde Großstadt",
    "office_address": "Rathausplatz 1\n12345 Großstadt",
    "service": "Aufenthaltserlaubnis verlängern",
    "starts_at": "2030-05-02T08:30:00+00:00",
    "time_zone": "Europe/Berlin",
    "reference": "K7M2PXQ4",
    "link": "https://termin.example/appointments/K7M2PXQ4/abcdefghijklmnopqrstuvwx/",
    "documents": "Reisepass\nBiometrisches Foto",
}


if __name__ == "__main__":
    measure.alone(run)
