"""A book under whatever visitors and staff do to it in any order: after each step it agrees with itself and with us."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from frontoffice.booking import (
    appointing,
    checks,
    choosing,
    confirming,
    contacting,
    holding,
    moving,
    planning,
    reminding,
    search,
    sheet,
)
from frontoffice.booking.models import OCCUPYING, Appointment, Channel, DaySheet, Hold, Share, State
from frontoffice.booking.person import Person
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Base, Database
from frontoffice.errors import DomainError
from frontoffice.offices.models import Closure, Confirmation, Office, OpeningHours, Schedule, Service
from tests.sample import sample_office
from tests.unlocking import unlock_events

DAYS = 10
NIGHT = time(0), time(4)
# A usual week; one that begins before the clocks go back, and one before they go forward.
WEEKS = (date(2026, 11, 23), date(2026, 10, 19), date(2027, 3, 22))

ticks = st.integers(0, 47)  # from eight to twelve
days = st.integers(0, DAYS - 1)
picks = st.integers(0, 1000)
visitors = st.sampled_from([None, "anna", "anna"])
actors = st.sampled_from(["visitor", "account:1"])


def somebody(who: int) -> Person:
    """One of some people."""
    name = f"Person {'abcdefghijkl'[who]}"
    return Person(name, date(1990, 1, 1), f"{who}@example.org", f"+49151234567{who:02}")


class WholeBook(RuleBasedStateMachine):
    """An office, and what we believe of its appointments: when they are, and whether they still stand."""

    database: ClassVar[Database]
    config: ClassVar[Config]
    holds = Bundle("holds")
    appointments = Bundle("appointments")

    @initialize(
        week=st.sampled_from(WEEKS),
        confirmation=st.sampled_from([Confirmation.NONE, Confirmation.EITHER]),
        flow=st.sampled_from([None, 48]),
    )
    def open_an_office(self, week: date, confirmation: Confirmation, flow: int | None) -> None:
        self.monday = week
        self.now = datetime.combine(week, time(5), UTC)
        self.starts: dict[int, datetime] = {}
        self.states: dict[int, State] = {}
        with self.database.write() as session:
            unlock_events(session)
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
            office = sample_office(session, seats_online=1)
            office.confirmation = confirmation
            office.schedules[0].flow_hours = flow
            for service in office.services:
                service.most_people = 3
            sunday = {"weekday": 6, "valid_from": date(2026, 1, 1), "seats_online": 1}
            office.schedules[0].opening_hours.append(
                OpeningHours(opens=NIGHT[0], closes=NIGHT[1], seats_phone=1, **sunday)
            )
            office.schedules.append(
                Schedule(
                    slug="second",
                    name="Zweites Team",
                    services=office.services[:2],
                    opening_hours=[
                        OpeningHours(
                            weekday=weekday,
                            opens=time(9),
                            closes=time(11),
                            valid_from=date(2026, 1, 1),
                            seats_online=1,
                        )
                        for weekday in range(0, 5, 2)
                    ],
                )
            )
            session.flush()
            self.office, self.services = office.id, [each.id for each in office.services]
            planning.plan(session, office, week, DAYS, self.now)
            self.furnish(session)

    def furnish(self, session: Session) -> None:
        """What else there is at the office."""

    def attempt(self, verb: Callable[[Session], Any]) -> Any:
        """What a verb gives; None where it refuses, after which nothing may have changed."""
        try:
            with self.database.write() as session:
                return verb(session)
        except DomainError:
            return None

    def at(self, day: int, tick: int, *, by_night: bool) -> datetime:
        """A moment of one of the days."""
        midnight = sheet.midnight(self.monday + timedelta(days=day), "Europe/Berlin")
        return midnight + timedelta(hours=0 if by_night else 8, minutes=5 * tick)

    def wanted(self, session: Session, which: int, people: int, second: bool) -> Any:
        """One or two concerns, the first for so many people."""
        items = [(session.get_one(Service, self.services[which]), people)]
        if second:
            items.append((session.get_one(Service, self.services[(which + 1) % 2]), 1))
        return visit(items)

    def free(self, session: Session, wanted: Any) -> list[datetime]:
        """All times on offer."""
        office, until = session.get_one(Office, self.office), self.monday + timedelta(days=DAYS)
        found = search.free_starts(
            session, office, wanted, self.monday, until, now=self.now, rules=self.config.booking
        )
        return [start for starts in found.values() for start in starts]

    @rule(
        target=holds,
        which=st.integers(0, 1),
        people=st.sampled_from([1, 1, 2]),
        second=st.sampled_from([False, False, True]),
        pick=picks,
        visitor=visitors,
    )
    def hold_what_is_offered(
        self, which: int, people: int, second: bool, pick: int, visitor: str | None
    ) -> Any:
        """Hold one of the times on offer: whoever is alone always gets it."""
        with self.database.write() as session:
            wanted = self.wanted(session, which, people, second)
            starts = self.free(session, wanted)
            if not starts:
                return multiple()
            return holding.hold(
                session,
                session.get_one(Office, self.office),
                wanted,
                starts[pick % len(starts)],
                self.now,
                rules=self.config.booking,
                visitor=visitor,
            )[1]

    @rule(
        target=holds,
        which=st.integers(0, 2),
        day=days,
        tick=ticks,
        by_night=st.sampled_from([False, False, True]),
        visitor=visitors,
        inside=st.booleans(),
    )
    def hold_anything(
        self, which: int, day: int, tick: int, by_night: bool, visitor: str | None, inside: bool
    ) -> Any:
        """Ask for a time that may not exist, by phone."""

        def verb(session: Session) -> str:
            return holding.hold(
                session,
                session.get_one(Office, self.office),
                self.wanted(session, which, 1, False),
                self.at(day, tick // 3 * 3, by_night=by_night),
                self.now,
                rules=self.config.booking,
                channel=Channel.PHONE,
                shares=[Share.PHONE] if inside else None,
                visitor=visitor,
            )[1]

        token = self.attempt(verb)
        return multiple() if token is None else token

    @rule(target=appointments, token=holds, who=st.integers(0, 5), actor=actors)
    def book(self, token: str, who: int, actor: str) -> Any:
        """Book what is, or was, held."""
        person = somebody(who)

        def verb(session: Session) -> tuple[int, datetime, State]:
            booked = appointing.book(
                session,
                token,
                person,
                "en",
                self.now,
                settings=self.config,
                actor=actor,
                proven=actor != "visitor",
            )
            return booked.id, booked.start, booked.state

        found = self.attempt(verb)
        if found is None:
            return multiple()
        number, start, state = found
        if number in self.starts:  # the same form, sent again
            return multiple()
        self.starts[number], self.states[number] = start, state
        return number

    def made(self, *numbers: int) -> Any:
        """Appointments that came about in another way: they are there from now on."""
        with self.database.read() as session:
            for number in numbers:
                found = session.get_one(Appointment, number)
                self.starts[number], self.states[number] = found.start, found.state
        return multiple(*numbers)

    @rule(target=appointments, which=st.integers(0, 1), pick=picks, who=st.integers(0, 5))
    def hold_and_book(self, which: int, pick: int, who: int) -> Any:
        """Both at once, so that there is something to move and to cancel."""
        token = self.hold_what_is_offered(which, 1, False, pick, None)
        return self.book(token, who, "visitor") if isinstance(token, str) else multiple()

    @rule(number=appointments)
    def confirm(self, number: int) -> None:
        """Press the button behind the link."""

        def verb(session: Session) -> bool:
            found = session.get_one(Appointment, number)
            was = found.state
            confirming.confirm(session, found, self.now, settings=self.config)
            return was is State.UNCONFIRMED

        if self.attempt(verb):
            self.states[number] = State.CONFIRMED

    @rule(number=appointments, actor=actors)
    def cancel(self, number: int, actor: str) -> None:
        """Cancel."""

        def verb(session: Session) -> bool:
            found = session.get_one(Appointment, number)
            appointing.cancel(session, found, self.now, actor, settings=self.config)
            return True

        if self.attempt(verb):
            self.states[number] = State.CANCELLED

    @rule(number=appointments, pick=picks)
    def move_to_what_is_offered(self, number: int, pick: int) -> None:
        """Move to one of the times on offer."""

        def verb(session: Session) -> datetime:
            found = session.get_one(Appointment, number)
            starts = self.free(session, choosing.kept_visit(session, found)) or [found.start]
            moving.move(session, found, starts[pick % len(starts)], self.now, settings=self.config)
            return found.start

        start = self.attempt(verb)
        if start is not None:
            self.starts[number] = start

    @rule(number=appointments, minutes=st.sampled_from([-30, -15, 15, 30, 60]), inside=st.booleans())
    def move_a_little(self, number: int, minutes: int, inside: bool) -> None:
        """Staff move it by a little, perhaps onto a part of where it is."""
        start = self.starts[number] + timedelta(minutes=minutes)

        def verb(session: Session) -> bool:
            found = session.get_one(Appointment, number)
            shares = [Share.PHONE, Share.ONLINE] if inside else None
            moving.move(
                session, found, start, self.now, settings=self.config, actor="account:1", shares=shares
            )
            return True

        if self.attempt(verb):
            self.starts[number] = start

    @rule(number=appointments, token=holds)
    def move_to_hold(self, number: int, token: str) -> None:
        """Move to what is held."""

        def verb(session: Session) -> datetime:
            found = session.get_one(Appointment, number)
            moving.move_to_hold(session, found, token, self.now, settings=self.config, actor="account:1")
            return found.start

        start = self.attempt(verb)
        if start is not None:
            self.starts[number] = start

    @rule(number=appointments)
    def check_in(self, number: int) -> None:
        """As the line does it."""
        if self.states[number] in appointing.AWAITED:
            with self.database.write() as session:
                session.execute(
                    update(Appointment).where(Appointment.id == number).values(state=State.CHECKED_IN)
                )
            self.states[number] = State.CHECKED_IN

    @rule(number=appointments, mail=st.sampled_from(["x@example.org", "y@example.org"]))
    def change_contact(self, number: int, mail: str) -> None:
        """Be reached somewhere else."""
        self.attempt(
            lambda session: contacting.change(
                session, session.get_one(Appointment, number), mail, "", self.now, settings=self.config
            )
        )

    @rule(token=holds)
    def give_back(self, token: str) -> None:
        """Give back what is held."""
        self.attempt(lambda session: holding.release(session, token, self.now))

    @rule(minutes=st.sampled_from([3, 11, 61, 600]))
    def time_passes(self, minutes: int) -> None:
        """And the worker does its jobs."""
        self.now += timedelta(minutes=minutes)
        self.attempt(lambda session: holding.release_expired(session, self.now))
        self.attempt(lambda session: reminding.sweep(session, self.now, settings=self.config))
        with self.database.write() as session:
            overdue = (Appointment.state == State.UNCONFIRMED, Appointment.confirm_by <= self.now)
            expected = session.scalars(select(Appointment.id).where(*overdue)).all()
            assert confirming.lapse(session, self.now, settings=self.config) == len(expected)
        for number in expected:
            self.states[number] = State.EXPIRED

    @rule(
        change=st.sampled_from(["close", "close", "reopen", "hours", "length"]),
        day=days,
        pick=picks,
        schedule=st.sampled_from([None, 0, 1]),
    )
    def the_office_changes(self, change: str, day: int, pick: int, schedule: int | None) -> None:
        """It closes a day, or a part of it, or opens again; its hours, seats or a service's length change."""
        with self.database.write() as session:
            office = session.get_one(Office, self.office)
            match change:
                case "close":
                    team = None if schedule is None else office.schedules[schedule].id
                    busy = self.busy_days(session)
                    closed = busy[pick // 2 % len(busy)] if busy else self.monday + timedelta(days=day)
                    session.add(self.closure(office, closed, team, morning=bool(pick % 2)))
                case "reopen":
                    session.execute(delete(Closure))
                case "hours":
                    new = {"opens": time(8 + pick % 2), "seats_online": pick % 3, "seats_phone": 1 - pick % 2}
                    session.execute(update(OpeningHours).where(OpeningHours.weekday < 5).values(new))
                case "length":
                    minutes = (15, 30, 45)[pick % 3]
                    session.execute(
                        update(Service).where(Service.id == self.services[0]).values(minutes=minutes)
                    )
        self.plan()

    def busy_days(self, session: Session) -> list[date]:
        """The days on which somebody holds something or comes."""
        held = select(DaySheet.day).join(Hold).where(Hold.released_at.is_(None))
        booked = (
            select(DaySheet.day)
            .join(Appointment, Appointment.sheet_id == DaySheet.id)
            .where(Appointment.state.in_(OCCUPYING))
        )
        return sorted({*session.scalars(held), *session.scalars(booked)})

    def closure(self, office: Office, day: date, schedule_id: int | None, *, morning: bool) -> Closure:
        """A day without capacity, or its morning."""
        return Closure(
            office_id=office.id,
            schedule_id=schedule_id,
            day=day,
            opens=time(8) if morning else None,
            closes=time(10) if morning else None,
            reason="Personalversammlung",
        )

    def plan(self) -> None:
        """Bring the sheets up to date; a second time changes nothing."""
        with self.database.write() as session:
            office = session.get_one(Office, self.office)
            first = planning.plan(session, office, self.monday, DAYS, self.now)
        with self.database.write() as session:
            office = session.get_one(Office, self.office)
            assert planning.plan(session, office, self.monday, DAYS, self.now) == first

    @invariant()
    def the_book_agrees_with_itself(self) -> None:
        """Nobody vanished, and nothing is taken but by who is there, nor beyond capacity but on the list."""
        with self.database.read(snapshot=True) as session:
            assert list(checks.differences(session)) == []
            mine = Appointment.office_id == self.office
            found = session.scalars(select(Appointment).where(mine)).all()
            assert {each.id: each.start for each in found} == self.starts
            assert {each.id: each.state for each in found} == self.states
            visitors = (
                select(func.count())
                .where(Hold.released_at.is_(None), Hold.visitor.is_not(None))
                .group_by(Hold.visitor)
            )
            assert all(number == 1 for number in session.scalars(visitors))
            self.agrees_with_a_simple_count(session, [each for each in found if each.state in OCCUPYING])

    def agrees_with_a_simple_count(self, session: Session, standing: list[Appointment]) -> None:
        """The same once more by plain counting, without any of the arithmetic that the product uses."""
        office = session.get_one(Office, self.office)
        listed = {
            each.appointment_id for each in planning.clashes(session, office, self.monday, DAYS, self.now)
        }
        live = session.scalars(
            select(Hold)
            .join(Service, Service.id == Hold.service_id)
            .where(Service.office_id == self.office, Hold.released_at.is_(None))
        ).all()
        sheets = session.scalars(
            select(DaySheet).join(Schedule).where(Schedule.office_id == self.office)
        ).all()
        for page in sheets:
            seated: dict[int, int] = defaultdict(int)
            to_fit: dict[int, int] = defaultdict(int)
            for each in [*standing, *live]:
                if each.sheet_id != page.id:
                    continue
                first = list(Share).index(each.share) * 300 + each.first_tick
                may_be_outside = isinstance(each, Appointment) and (
                    each.id in listed or each.start < self.now or each.state not in appointing.AWAITED
                )
                for place in range(first, first + each.ticks):
                    seated[place] += 1
                    to_fit[place] += not may_be_outside
            assert dict(seated) == {place: number for place, number in enumerate(page.taken) if number}
            assert all(page.capacity[place] >= number for place, number in to_fit.items())
