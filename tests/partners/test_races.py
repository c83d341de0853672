"""What happens at the same time: confirming and expiring, taking and declining, the same request twice."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.booking import holding, planning
from frontoffice.booking.models import Appointment, Share
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import DomainError
from frontoffice.offices.models import Office, OpeningHours, Schedule
from frontoffice.partners import arranging, invitations, plans, registering, taking
from frontoffice.partners.models import Invitation, InvitationState, Partner
from frontoffice.partners.refusals import PlanLapsed
from tests.booking.steps import OLENA, at
from tests.partners.parts import LONG_AGO, Program, add_partner, differences, problem_of, somebody
from tests.races.crew import Crew
from tests.sample import RENEWAL

ROUNDS = 4
TRIES = 25  # of partners that go opposite ways
PATIENCE = 60  # seconds until a test that hangs fails


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same time; gives what came back or was refused."""
    barrier, found = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        barrier.wait(PATIENCE)
        try:
            found[number] = act()
        except Exception as refusal:
            found[number] = refusal

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    for each in found:
        if isinstance(each, Exception) and not isinstance(each, DomainError):
            raise each
    return found


def writing(database: Database, act: Callable[[Session], Any]) -> Callable[[], Any]:
    """Something to do in a transaction of its own."""

    def run() -> Any:
        with database.write() as session:
            return act(session)

    return run


def booked(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Appointment)) or 0


def test_a_plan_that_is_confirmed_while_its_holds_expire_is_booked_whole_or_not_at_all(
    works: Program, database: Database, config: Config
) -> None:
    now, before = datetime.now(UTC), 0
    late = now + timedelta(minutes=31)  # a machine whose clock is ahead
    for number in range(ROUNDS):
        people = [somebody(10 * number + each) for each in range(4)]
        name = works.plan(people, to="2026-12-12").json["id"]
        confirmed, _ = at_once(
            writing(database, lambda s, n=name: plans.confirm(s, works.partner.id, n, now, settings=config)),
            writing(database, lambda s: holding.release_expired(s, late)),
        )
        after = booked(database)
        assert after - before == (0 if isinstance(confirmed, PlanLapsed) else 4), repr(confirmed)
        before = after
    assert differences(database) == []


def test_two_plans_for_the_same_last_seats_never_share_one(works: Program, database: Database) -> None:
    window = {"to": "2026-11-25", "opens": "08:00", "closes": "09:30"}  # six seats
    answers = at_once(
        *(
            lambda first=first: works.plan([somebody(first + each) for each in range(6)], **window)
            for first in (0, 100)
        )
    )
    found = [len(answer.json["appointments"]) for answer in answers]
    assert sum(found) <= 6
    assert sum(found) >= 1
    assert sum(len(answer.json["refused"]) for answer in answers) == 12 - sum(found)
    assert differences(database) == []


def test_the_same_request_at_the_same_time_books_once(works: Program, database: Database) -> None:
    key = "the-same-key-of-the-same-program"
    answers = at_once(*[lambda: works.book(key=key)] * 4)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["reference"] for answer in answers}) == 1
    assert booked(database) == 1


def test_an_invitation_that_is_taken_and_declined_at_once_ends_in_one_of_them(
    works: Program, database: Database, config: Config
) -> None:
    body = {"office": "musterstadt", "service": RENEWAL, "earliest": "2026-11-24T07:00:00Z"}
    now = datetime.now(UTC)
    for number in range(ROUNDS):
        start = f"2026-11-{24 + number // 3}T{8 + number % 3:02}:00:00Z"
        asked = works.ask("POST", "/invitations", json={**body, "latest": "2026-11-27T12:00:00Z"})
        assert asked.status_code == 201, asked.text
        name, secret = asked.json["link"].strip("/").split("/")[-2:]

        def opened(session: Session, name: str = name, secret: str = secret) -> Invitation:
            return invitations.by_link(session, name, secret, lock=True)

        with database.write() as session:
            taking.hold(session, opened(session), datetime.fromisoformat(start), now, rules=config.booking)
        person = Person(f"{OLENA.name} {number}", OLENA.born, OLENA.mail, None)
        outcomes = at_once(
            writing(database, lambda s, p=person: taking.take(s, opened(s), p, now, settings=config)),
            writing(database, lambda s: taking.decline(s, opened(s), now)),
            writing(database, lambda s, p=person: taking.take(s, opened(s), p, now, settings=config)),
        )
        with database.read() as session:
            state = session.scalars(select(Invitation.state).where(Invitation.name == name)).one()
        taken = [each for each in outcomes if isinstance(each, Appointment)]
        assert (state is InvitationState.TAKEN, len({each.id for each in taken})) in ((True, 1), (False, 0))
    assert differences(database) == []


def test_a_used_key_of_another_request_at_the_same_time_is_refused(
    works: Program, database: Database
) -> None:
    key = "another-key-of-the-same-program"
    answers = at_once(*(lambda n=n: works.book(key=key, person=somebody(n)) for n in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    problem_of(next(each for each in answers if each.status_code == 409), 409, "key_reused")
    assert booked(database) == 1


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Four processes."""
    crew = Crew()
    yield crew
    crew.dismiss()


def book(
    session: Session, config: Config, partner_id: int, number: int, start: datetime, now: datetime
) -> str:
    """Book for one of many people, on all schedules and in all ways that were agreed."""
    born = OLENA.born + timedelta(days=number)
    person = Person(f"Person {chr(65 + number)}", born, None, f"+4915123456{number:03}")
    wish = arranging.Wish("musterstadt", ((RENEWAL, 1),), start, person, "en")
    arranging.book(session, partner_id, wish, now, settings=config)
    return "booked"


def test_two_processes_that_book_at_once_stay_within_the_quota(
    crew: Crew, config: Config, database: Database, planned: Office, now: datetime
) -> None:
    partner = add_partner(database, "Im Rennen", quota=5).id
    starts = [at(24, "09:00") + timedelta(minutes=30 * each) for each in range(5)]
    rounds = [
        [(book, partner, 2 * number + each, start, now) for each in (0, 1)]
        for number, start in enumerate(starts)
    ]
    counted = Counter(each for outcome in crew.race(config, rounds) for each in outcome)
    assert counted == {"booked": 5, "QuotaReached": 5}
    assert booked(database) == 5
    assert differences(database) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has nobody to wait for
def test_partners_that_try_two_schedules_in_opposite_orders_do_not_wait_for_each_other(
    crew: Crew, database: Database, config: Config, planned: Office, now: datetime
) -> None:
    with database.write() as session:
        office = session.get_one(Office, planned.id)
        hours = [
            OpeningHours(
                weekday=1, opens=time(8), closes=time(12), valid_from=date(2026, 1, 1), seats_online=1
            )
        ]
        second = Schedule(slug="second", name="Team 2", services=list(office.services), opening_hours=hours)
        office.schedules.append(second)
        session.flush()
        planning.plan(session, office, date(2026, 11, 23), 7, now)
    partners = [
        two_ways(database, name, there_and_back)
        for name, there_and_back in (
            ("A", ("main", "second")),
            ("B", ("second", "main")),
            ("C", ("main", "second")),
            ("D", ("second", "main")),
        )
    ]
    # When nothing is free, so that each tries both schedules every time.
    acts = [(book, partner, number, at(24, "12:30"), now) for number, partner in enumerate(partners)]
    outcomes = crew.race(config, [acts] * TRIES)
    assert {each for outcome in outcomes for each in outcome} == {"NotOffered"}


def two_ways(database: Database, name: str, slugs: tuple[str, str]) -> int:
    """A partner that may take public times of one schedule, and then the phone's of another."""
    first, second = slugs
    partner = add_partner(database, name, schedules=(first,))
    with database.write() as session:
        office = session.scalars(select(Office)).one()
        other = next(each for each in office.schedules if each.slug == second)
        known = session.get_one(Partner, partner.id)
        registering.grant(
            session, known, office, LONG_AGO, services=[], schedules=[other], shares=(Share.PHONE,)
        )
    return partner.id
