"""The whole book under whatever people do to it in any order: visitors, staff, partners, those who wait, the lot."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.booking.models import Appointment, DaySheet, Hold, Purpose, State, Withheld
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import drawing, entering, lottery, making, settling
from frontoffice.draw.models import Draw, DrawRequest, DrawState, RequestState
from frontoffice.offices.models import Office
from frontoffice.partners import plans, registering
from frontoffice.partners.drafting import Asked, Row
from frontoffice.partners.fitting import Window
from frontoffice.partners.models import PartnerKind, Period, Plan, PlanState, Scope
from frontoffice.partners.registering import Terms
from frontoffice.waitlist import answering, checks, joining, leaving, offering, spots
from frontoffice.waitlist.models import LIVE, Offer, Outcome, WaitlistEntry
from frontoffice.waitlist.wish import Wish
from tests.booking.whole_book import DAYS, WholeBook, days, picks, somebody
from tests.sample import PICK_UP, RENEWAL

people = st.integers(0, 11)
SLUG, TWO_DAYS = "musterstadt", timedelta(days=2)


class WholeHouse(WholeBook):
    """The book, with a waiting list, draws and a partner beside visitors and staff."""

    appointments = WholeBook.appointments
    entries = Bundle("entries")
    draws = Bundle("draws")
    requests = Bundle("requests")
    plans = Bundle("plans")

    def furnish(self, session: Session) -> None:
        """A partner that may book everything."""
        office = session.get_one(Office, self.office)
        terms = Terms((Scope.BOOK,), 12, Period.WEEK, None)
        partner = registering.add(session, "Werkzeugbau", PartnerKind.EMPLOYER, terms, self.now)
        registering.grant(session, partner, office, self.now)
        self.partner = partner.id

    def whenever(self) -> Wish:
        """Any time of these days."""
        return Wish(self.monday, self.monday + timedelta(days=DAYS))

    # The waiting list.

    @rule(target=entries, who=people)
    def wait(self, who: int) -> Any:
        """Put one's name on the list; prove the contact where the office asks for it."""

        def verb(session: Session) -> int:
            place, last = spots.where(session, SLUG, [(RENEWAL, 1)]), self.monday + timedelta(days=DAYS - 1)
            entry = joining.join(
                session, place, self.whenever(), last, somebody(who), "en", self.now, settings=self.config
            )
            joining.prove(session, entry, self.now, settings=self.config)
            return entry.id

        number = self.attempt(verb)
        return multiple() if number is None else number

    @rule(target=entries, number=appointments)
    def wish_for_an_earlier_time(self, number: int) -> Any:
        """Instead of the one there is."""

        def verb(session: Session) -> int:
            mine, last = session.get_one(Appointment, number), self.monday + timedelta(days=DAYS)
            return joining.join_for(session, mine, self.whenever(), last, self.now, settings=self.config).id

        entry = self.attempt(verb)
        return multiple() if entry is None else entry

    @rule(target=appointments, number=entries, answer=st.sampled_from(["take", "take", "decline", "leave"]))
    def answer(self, number: int, answer: str) -> Any:
        """Take what is offered, decline it, or leave the list."""

        def verb(session: Session) -> tuple[datetime, int] | None:
            entry = session.get_one(WaitlistEntry, number)
            offered = answering.open_offer(session, entry, self.now)
            if answer == "leave":
                leaving.leave(session, entry, self.now, settings=self.config)
            elif answer == "decline":
                answering.decline(session, entry, self.now, settings=self.config)
            else:
                taken = answering.take(session, entry, self.now, settings=self.config)
                assert offered is not None
                return offered.start, taken.id
            return None

        found = self.attempt(verb)
        if found is None:
            return multiple()
        start, booked = found
        if booked in self.starts:  # it moved
            assert start < self.starts[booked]
            self.starts[booked] = start
            return multiple()
        again = self.made(booked)
        assert (self.starts[booked], self.states[booked]) == (start, State.CONFIRMED)
        return again

    @rule()
    def offer_what_is_free(self) -> None:
        """The worker's jobs for the waiting list: offers go in the order of joining."""
        while self.attempt(lambda session: answering.expire_next(session, self.now, settings=self.config)):
            pass
        self.attempt(lambda session: leaving.end_due(session, self.now, settings=self.config))
        with self.database.read() as session:
            sheets = offering.freed_sheets(session, self.now)
        for sheet_id in sheets:
            with self.database.write() as session:
                made = offering.offer(session, sheet_id, self.now, settings=self.config)
                assert all(self.now < each.expires_at <= each.start for each in made)

    @rule(target=appointments, which=picks, who=people, other=people, hours=st.sampled_from([0, 0, 1, 30]))
    def wait_for_what_somebody_gives_back(self, which: int, who: int, other: int, hours: int) -> Any:
        """All of it in a row: one books, another waits, the first cancels, and the other answers the offer."""
        booked = self.hold_and_book(0, which, who % 6)
        entry = self.wait(other)
        if not (isinstance(booked, int) and isinstance(entry, int)):
            return booked
        self.confirm(booked)
        self.cancel(booked, "visitor")
        self.offer_what_is_free()
        self.now += timedelta(hours=hours)
        return self.answer(entry, ("take", "take", "decline", "leave")[which % 4])

    # Draws.

    @rule(target=draws, day=days, schedule=st.sampled_from([0, 1]))
    def make_a_draw(self, day: int, schedule: int) -> Any:
        """For two days of one schedule; requests are taken for the next hours."""
        first = self.monday + timedelta(days=day)

        def verb(session: Session) -> int:
            office = session.get_one(Office, self.office)
            details = {"de": "Verlosung"}, [office.schedules[schedule].id], [self.services[0]]
            window = self.now, self.now + timedelta(hours=3)
            plan = making.Plan(*details, first, first + TWO_DAYS, *window)
            return making.create(session, office, plan, self.now, actor="account:1").id

        number = self.attempt(verb)
        return multiple() if number is None else number

    @rule(target=requests, number=draws, who=people)
    def take_part(self, number: int, who: int) -> Any:
        """Enter a draw; where the office asks for it, the contact is still to be proven."""

        def verb(session: Session) -> int:
            draw = session.get_one(Draw, number)
            visit, wish = self.wanted(session, 0, 1, False), Wish(draw.first_day, draw.until_day)
            person = somebody(who)
            return entering.enter(
                session, draw, visit, wish, None, person, "en", self.now, settings=self.config
            ).id

        request = self.attempt(verb)
        return multiple() if request is None else request

    @rule(number=requests, withdraw=st.sampled_from([False, False, False, True]))
    def prove_or_withdraw(self, number: int, withdraw: bool) -> None:
        """Press a button on one's own page."""

        def verb(session: Session) -> None:
            request = session.get_one(DrawRequest, number)
            if withdraw:
                entering.withdraw(session, request, self.now)
            else:
                entering.prove(session, request, self.now, settings=self.config)

        self.attempt(verb)

    @rule(target=appointments, hours=st.sampled_from([0, 0, 4]))
    def draw_the_lots(self, hours: int) -> Any:
        """The worker's jobs for draws. Whoever comes first in the drawn order gets a time while there is one."""
        self.now += timedelta(hours=hours)
        while self.attempt(lambda session: drawing.draw_next(session, self.now)):
            pass
        with self.database.read() as session:
            drawn = session.scalars(select(Draw.id).where(Draw.state == DrawState.DRAWN)).all()
        while self.attempt(lambda session: settling.settle_next(session, self.now, settings=self.config)):
            pass
        with self.database.read() as session:
            asked = select(DrawRequest).where(DrawRequest.draw_id.in_(drawn), DrawRequest.rank.is_not(None))
            found = session.scalars(asked.order_by(DrawRequest.draw_id, DrawRequest.rank)).all()
            for number in drawn:
                assert lottery.check(drawing.record(session, session.get_one(Draw, number))) == []
                served = [each.state for each in found if each.draw_id == number]
                served = [each for each in served if each is not RequestState.REFUSED]
                assert served == sorted(served, key=[RequestState.WON, RequestState.LISTED].index)
            won = [each.appointment_id for each in found if each.appointment_id is not None]
            assert all(
                session.get_one(WaitlistEntry, each.entry_id).state in LIVE for each in found if each.entry_id
            )
        return self.made(*won)

    @rule(
        target=appointments,
        day=st.integers(1, DAYS - 1),
        group=st.lists(people, min_size=1, max_size=5),
        lazy=people,
        hours=st.sampled_from([0, 3, 20]),
    )
    def hold_a_whole_draw(self, day: int, group: list[int], lazy: int, hours: int) -> Any:
        """All of it in a row; one of them does not open the link, and the worker may come late."""
        draw = self.make_a_draw(day, lazy % 2)
        if not isinstance(draw, int):
            return multiple()
        for who in group:
            request = self.take_part(draw, who)
            if isinstance(request, int) and who != lazy:
                self.prove_or_withdraw(request, withdraw=False)
        return self.draw_the_lots(hours)

    @rule(number=draws)
    def call_off(self, number: int) -> None:
        """Its times are public again."""
        self.attempt(
            lambda session: making.cancel(session, session.get_one(Draw, number), self.now, actor="account:1")
        )

    # A partner's plans.

    @rule(target=plans, group=st.lists(people, min_size=1, max_size=3), day=days, pick=picks)
    def plan_for_several(self, group: list[int], day: int, pick: int) -> Any:
        """Ask for times for some people, the same one twice perhaps."""
        items = (((RENEWAL, PICK_UP)[pick % 2], 1),)
        rows = tuple(Row(items, somebody(who), "en") for who in group)
        window = Window(
            self.monday + timedelta(days=day), self.monday + timedelta(days=DAYS), together=pick % 3 == 0
        )

        def verb(session: Session) -> str:
            asked = Asked(SLUG, rows, window)
            return plans.make(session, self.partner, asked, self.now, settings=self.config).name

        name = self.attempt(verb)
        return multiple() if name is None else name

    @rule(target=appointments, name=plans, confirm=st.sampled_from([True, True, False]))
    def answer_a_plan(self, name: str, confirm: bool) -> Any:
        """Book all of it or nothing, or give it back."""

        def verb(session: Session) -> list[tuple[int, datetime | None]]:
            if not confirm:
                plans.give_back(session, self.partner, name, self.now)
                return []
            plan = plans.confirm(session, self.partner, name, self.now, settings=self.config)
            assert all((each.appointment is None) == (each.refusal is not None) for each in plan.entries)
            return [(each.appointment.id, each.start) for each in plan.entries if each.appointment]

        booked = [each for each in self.attempt(verb) or [] if each[0] not in self.starts]
        again = self.made(*(number for number, _ in booked))
        assert all(self.starts[number] == start for number, start in booked)
        return again

    @rule(target=appointments, group=st.lists(people, min_size=1, max_size=3), pick=picks)
    def plan_and_book_for_several(self, group: list[int], pick: int) -> Any:
        """Both at once."""
        name = self.plan_for_several(group, pick % 3, pick)
        return self.answer_a_plan(name, confirm=True) if isinstance(name, str) else multiple()

    @invariant()
    def those_who_wait_the_lot_and_partners_agree_with_the_book(self) -> None:
        """Each promise has its hold, each withheld day is shut to the public, and nobody has won twice."""
        with self.database.read(snapshot=True) as session:
            assert list(checks.differences(session)) == []
            open_offers = select(Offer).where(Offer.outcome == Outcome.OPEN)
            assert all(each.token is not None for each in session.scalars(open_offers))
            withheld = select(DaySheet.gates).join(
                Withheld,
                (Withheld.schedule_id == DaySheet.schedule_id) & (Withheld.first_day <= DaySheet.day),
            )
            assert set(session.scalars(withheld.where(DaySheet.day < Withheld.until_day))) <= {b""}
            waiting = select(Draw.id).where(Draw.state.in_([DrawState.PLANNED, DrawState.DRAWN]))
            reasons = {f"draw:{number}" for number in session.scalars(waiting)}
            assert set(session.scalars(select(Withheld.reason))) == reasons
            taking_part = select(DrawRequest.person_digest, DrawRequest.draw_id).where(
                DrawRequest.person_digest.is_not(None)
            )
            mine = session.execute(taking_part).all()
            assert len(mine) == len(set(mine))
            self.plans_are_kept_whole(session)

    def plans_are_kept_whole(self, session: Session) -> None:
        """What a partner was promised is held until it answers or the time is over, and in one piece."""
        kept = select(func.count()).where(
            Hold.purpose == Purpose.PLAN, Hold.released_at.is_(None), Hold.expires_at > self.now
        )
        promised = 0
        for plan in session.scalars(select(Plan)):
            booked = [each.appointment_id for each in plan.entries]
            assert plan.state is PlanState.CONFIRMED or booked == [None] * len(booked)
            if plan.state is PlanState.HELD and not plans.has_lapsed(plan, self.now):
                promised += sum(each.refusal is None for each in plan.entries)
        assert (session.scalar(kept) or 0) <= promised


def test_the_book_stands_whatever_happens(database: Database, config: Config) -> None:
    booking = config.booking.model_copy(update={"most_moves": 2, "lead_minutes": 0})
    fairness = config.fairness.model_copy(update={"appointments_per_person": 3})
    usual = config.model_copy(update={"booking": booking, "fairness": fairness})

    class OnThisDatabase(WholeHouse):
        pass

    OnThisDatabase.database, OnThisDatabase.config = database, usual
    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=8,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
