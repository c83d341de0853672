"""A release of appointments, played: 5,000 requests within 60 s for 300 slots, nine in ten of them from bots.

    python -m benchmarks.release [--seed N] [--requests N] [--slots N]

It prints which share of the slots people got under first come, captcha, limits per person, and the fair draw. Time is
simulated; what decides is real: limits are `fairness.check_person` with the default configuration before a real hold
and booking on SQLite, the work of a captcha and how it grows are those of `booking.captcha`, a draw is `entering.enter`
with all its limits and then the real lottery. (Its numbers are those of the simulation, so that a seed gives the same
result again: real requests get random ones.)

What is assumed, and can be changed above the code:

- People: a third sit ready and press within some seconds, the others come at any time of the minute. Each has a phone
  that works on a captcha as fast as the configuration assumes (4,000 tries in a second), from the opening of the page
  on; who sits ready has opened it before, so the proof is there.
- Bots: twenty traders, each with four processor cores (5,000 tries in a second each, as measured with OpenSSL on a
  server of today) and four networks. Their requests leave within milliseconds of the release. They have as many mail
  addresses as they like (a domain of their own), but only twelve customers each: name and date of birth cannot be
  changed after booking, so a slot under an invented name cannot be sold.
- Without limits a trader books under any name. Under "solved beforehand" bots solve captchas in the hour before, which
  is as long as one is good: work alone does not stop who prepares.
"""

import argparse
import random
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from sqlalchemy.orm import Session

from frontoffice import schema
from frontoffice.booking import appointing, captcha, fairness, holding, planning, search
from frontoffice.booking.person import Person
from frontoffice.booking.visit import Visit, visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import entering, lottery, making
from frontoffice.draw.lottery import Ticket
from frontoffice.draw.making import Plan
from frontoffice.errors import DomainError
from frontoffice.offices.models import Biometrics, Office, OpeningHours, Schedule, Service
from frontoffice.vault import Vault
from frontoffice.waitlist.wish import Wish

REQUESTS, SLOTS, BOTS = 5000, 300, 0.9
MINUTE = 60.0
READY = 1 / 3  # of the people
TRADERS, CUSTOMERS, NETWORKS = 20, 12, 4
CORES, CORE_TRIES, PHONE_TRIES = 4, 5000.0, 4000.0

KEY = "a key of the simulation, as long as one must be"
NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
DAY = date(2026, 12, 7)


class Request(NamedTuple):
    """One request: when it is sent (seconds after the release), by whom, for whom, and whether a bot sends it."""

    at: float
    sender: int
    network: str
    person: Person
    bot: bool
    ready: bool = False


class Rule(NamedTuple):
    """A way to give the slots away, and who gets them."""

    name: str
    winners: Callable[[], list[Request]]


def main() -> None:
    """Called by `python -m benchmarks.release`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--slots", type=int, default=SLOTS)
    chosen = parser.parse_args()
    begin = perf_counter()
    for line in play(chosen.seed, chosen.requests, chosen.slots):
        print(line, flush=True)
    print(f"{perf_counter() - begin:.0f} s, seed {chosen.seed}")


def play(seed: int, requests: int, slots: int) -> Iterable[str]:
    """The lines of the table."""
    sent = everybody(random.Random(seed), requests)  # noqa: S311 (a simulation)
    people = sum(not each.bot for each in sent)
    yield f"{requests} requests in 60 s ({people} from people, {requests - people} from bots) for {slots} slots"
    yield f"{'':44}{'slots of people':>16}{'share':>8}"
    for rule in rules(sent, slots, seed):
        won = rule.winners()
        mine = sum(not each.bot for each in won)
        yield f"{rule.name:44}{mine:>16}{mine / max(1, len(won)):>8.0%}"


def rules(sent: list[Request], slots: int, seed: int) -> list[Rule]:
    """The ways that are compared."""
    proven = with_work(sent, beforehand=False)
    prepared = with_work(sent, beforehand=True)
    return [
        Rule("first come, first served", lambda: in_order(sent)[:slots]),
        Rule("captcha, solved when needed", lambda: in_order(proven)[:slots]),
        Rule("captcha, solved beforehand by bots", lambda: in_order(prepared)[:slots]),
        Rule("limits per person", lambda: booked(sent, slots)),
        Rule("captcha and limits per person", lambda: booked(proven, slots)),
        Rule("draw without limits (lottery only)", lambda: drawn_from_all(sent, slots, seed)),
        Rule("fair draw: one request for each person", lambda: drawn(sent, slots, seed)),
    ]


def everybody(chance: random.Random, requests: int) -> list[Request]:
    """All requests. Bots send theirs within milliseconds, people when they get to it."""
    bots = round(requests * BOTS)
    found = []
    for number in range(bots):
        trader = number % TRADERS
        customer = _person(
            trader * CUSTOMERS + chance.randrange(CUSTOMERS), f"{number}@trader{trader}.example"
        )
        network = f"bot {trader} {number % NETWORKS}"
        found.append(Request(chance.expovariate(1 / 0.02), trader, network, customer, bot=True))
    for number in range(requests - bots):
        ready = chance.random() < READY
        at = 0.4 + chance.gammavariate(2, 0.8) if ready else chance.uniform(0, MINUTE)
        person = _person(TRADERS * CUSTOMERS + number, f"person{number}@example.org")
        found.append(Request(at, TRADERS + number, f"home {number}", person, bot=False, ready=ready))
    return found


def in_order(sent: Iterable[Request]) -> list[Request]:
    """As they reach the office."""
    return sorted(sent, key=lambda each: each.at)


def with_work(sent: list[Request], *, beforehand: bool) -> list[Request]:
    """The requests when their proof of work is done, with the work that `booking.captcha` asks for."""
    work = Config.model_validate(_settings("sqlite:///x")).fairness.captcha_work
    free = [0.0] * TRADERS  # when a trader's cores have done what they were given before
    holds: dict[str, int] = {}
    found = []
    for each in in_order(sent):
        # A challenge takes three quarters of the most on average; it grows with the holds of the network.
        factor = min(1 << min(holds.get(each.network, 0) // captcha.CALM, 10), captcha.HARDEST)
        tries = 0.75 * work * factor
        holds[each.network] = holds.get(each.network, 0) + 1
        if not each.bot:
            found.append(each if each.ready else each._replace(at=each.at + tries / PHONE_TRIES))
        elif beforehand:
            found.append(each)
        else:
            free[each.sender] = max(free[each.sender], each.at) + tries / (CORES * CORE_TRIES)
            found.append(each._replace(at=free[each.sender]))
    return found


def booked(sent: list[Request], slots: int) -> list[Request]:
    """Who gets a slot where each booking is a real one, with the limits of the default configuration."""
    with TemporaryDirectory() as folder, closing(_database(folder)) as database:
        config = Config.model_validate(_settings(str(database.engine.url)))
        won = []
        with database.write() as session:
            office, wanted = _office(session, slots)
            times = iter(_times(session, office, wanted, config))
            start = next(times, None)
            for each in in_order(sent):
                if start is None:
                    break
                try:
                    fairness.check_person(session, each.person, wanted, NOW, rules=config.fairness)
                except DomainError:
                    continue
                _, token = holding.hold(session, office, wanted, start, NOW, rules=config.booking)
                appointing.book(session, token, each.person, "de", NOW, settings=config, proven=True)
                won.append(each)
                start = next(times, None)
        return won


def drawn_from_all(sent: list[Request], slots: int, seed: int) -> list[Request]:
    """Who wins where every request is a lot, however many one person sends."""
    lots = {f"{number:08}": each for number, each in enumerate(sent)}
    order = lottery.order(f"{seed}", [Ticket(number, lottery.EVEN) for number in lots])
    return [lots[number] for number in order[:slots]]


def drawn(sent: list[Request], slots: int, seed: int) -> list[Request]:
    """Who wins in a draw with one request for each person, and so many for a contact."""
    with TemporaryDirectory() as folder, closing(_database(folder)) as database:
        config = Config.model_validate(_settings(str(database.engine.url)))
        taken = []
        with database.write() as session:
            office, wanted = _office(session, slots)
            services, schedules = [wanted.main.id], [each.id for each in office.schedules]
            next_day, closes = DAY + timedelta(days=1), NOW + timedelta(minutes=1)
            plan = Plan({"de": "Freigabe"}, schedules, services, DAY, next_day, NOW, closes)
            draw = making.create(session, office, plan, NOW - timedelta(days=1), actor="simulation")
            wish = Wish(DAY, next_day)
            for each in in_order(sent):
                try:
                    entering.enter(session, draw, wanted, wish, None, each.person, "de", NOW, settings=config)
                except DomainError:
                    continue
                taken.append(each)
    return drawn_from_all(taken, slots, seed)


def _person(number: int, mail: str) -> Person:
    born = date(1960, 1, 1) + timedelta(days=7 * number % 15000)
    letters = "".join("abcdefghij"[int(digit)] for digit in f"{number:05}")
    return Person(f"Person {letters}", born, mail, None)


def _settings(url: str) -> dict[str, dict[str, object]]:
    return {
        "site": {"base_url": "http://localhost", "secret_keys": [KEY]},
        "database": {"url": url},
    }


def _database(folder: str) -> Database:
    database = Database(f"sqlite:///{Path(folder) / 'release.db'}", Vault([KEY]))
    schema.upgrade(database)
    return database


def _office(session: Session, slots: int) -> tuple[Office, Visit]:
    """An office with exactly so many times on one day: ten at a time, every five minutes."""
    service = Service(
        slug="renewal",
        position=1,
        names={"de": "Verlängerung"},
        plain={"de": "Verlängerung"},
        documents={"de": []},
        legal_basis="§ 8 AufenthG",
        minutes=5,
        most_people=1,
        biometrics=Biometrics.NO,
        online=True,
        walk_in=False,
        active=True,
    )
    office = Office(
        slug="release",
        name="Amt",
        street="Platz 1",
        postal_code="12345",
        city="Stadt",
        phone="+49301234567",
        mail="amt@example.org",
        land="BE",
        languages=["de"],
        services=[service],
    )
    seats = 10
    last = datetime.combine(DAY, time(8)) + timedelta(minutes=5 * -(-slots // seats))
    hours = OpeningHours(
        weekday=DAY.weekday(),
        opens=time(8),
        closes=last.time(),
        valid_from=date(2026, 1, 1),
        every_weeks=1,
        seats_online=seats,
    )
    office.schedules = [
        Schedule(slug="all", name="Alle", pooled=True, services=[service], opening_hours=[hours])
    ]
    session.add(office)
    session.flush()
    planning.plan(session, office, DAY, 1, NOW)
    return office, visit([(service, 1)])


def _times(session: Session, office: Office, wanted: Visit, config: Config) -> list[datetime]:
    """All slots by their times, each as often as it has seats."""
    free = search.free_starts(
        session, office, wanted, DAY, DAY + timedelta(days=1), now=NOW, rules=config.booking
    )
    return [start for starts in free.values() for start in starts for _ in range(10)]


if __name__ == "__main__":
    main()
