"""Freed times are offered to those who wait, in the order of joining; what becomes of the offers."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from frontoffice.booking import holding, planning
from frontoffice.booking.models import Appointment, Hold, Purpose, State
from frontoffice.booking.refusals import AlreadyComing
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.messages.segments import segments
from frontoffice.offices.models import Closure, Office, Service
from frontoffice.waitlist import answering, joining, leaving
from frontoffice.waitlist.models import Offer, Outcome
from frontoffice.waitlist.refusals import OfferGone
from frontoffice.waitlist.wish import Wish
from tests.booking.steps import at, differences, free_on
from tests.sample import PICK_UP
from tests.waitlist.steps import (
    ANY,
    LAST,
    book,
    cancel,
    decline,
    free_a_time,
    fresh,
    join,
    live_holds,
    offer_all,
    said,
    somebody,
    state,
    take,
    text_of,
)

FREED_AT = at(25, "09:00")  # Wednesday


def test_the_first_who_joined_is_offered_a_freed_time_and_nobody_else(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    first = join(database, config, somebody(1), now)
    second = join(database, config, somebody(2), now + timedelta(minutes=1))
    free_a_time(database, config, renewal, FREED_AT, now)
    [made] = offer_all(database, config, now)
    assert (made.entry_id, made.start, made.expires_at) == (first.id, FREED_AT, now + timedelta(hours=2))
    assert (state(database, first), state(database, second)) == ("offered", "waiting")
    assert said(database, first) == ["waitlist_joined", "waitlist_offer"]
    assert live_holds(database, Purpose.OFFER) == [("25. 09:00", 6)]
    assert live_holds(database, Purpose.FREED) == []
    assert offer_all(database, config, now) == []
    assert differences(database) == []


def test_an_offer_that_is_taken_becomes_the_appointment(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, FREED_AT, now)
    offer_all(database, config, now)
    booked = take(database, config, entry, now + timedelta(hours=1))
    with database.read() as session:
        found = session.get_one(Appointment, booked.id)
        assert (found.state, found.start) == (State.CONFIRMED, FREED_AT)
        assert session.scalars(select(Offer.outcome)).all() == [Outcome.TAKEN]
    assert state(database, entry) == "taken"
    assert "waitlist_offer" not in said(database, entry)
    assert differences(database) == []
    with pytest.raises(OfferGone):
        take(database, config, entry, now + timedelta(hours=1))


def test_an_offer_that_is_declined_goes_to_the_next_and_not_to_the_same_again(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    first = join(database, config, somebody(1), now)
    second = join(database, config, somebody(2), now + timedelta(minutes=1))
    free_a_time(database, config, renewal, FREED_AT, now)
    offer_all(database, config, now)
    decline(database, config, first, now)
    [made] = offer_all(database, config, now)
    assert (made.entry_id, made.start) == (second.id, FREED_AT)
    assert state(database, first) == "waiting"
    decline(database, config, second, now)
    assert offer_all(database, config, now) == []
    assert differences(database) == []
    free_a_time(database, config, renewal, at(26, "09:00"), now)  # another time is another offer
    [made] = offer_all(database, config, now)
    assert made.entry_id == first.id


def test_an_offer_that_runs_out_goes_to_the_next_and_at_last_to_everybody(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    first = join(database, config, somebody(1), now)
    second = join(database, config, somebody(2), now)
    free_a_time(database, config, renewal, FREED_AT, now)
    offer_all(database, config, now)
    late = now + timedelta(hours=2)
    with pytest.raises(OfferGone):
        take(database, config, first, late)
    [made] = offer_all(database, config, late)
    assert made.entry_id == second.id
    later = late + timedelta(hours=2)
    assert offer_all(database, config, later) == []
    assert live_holds(database, Purpose.FREED) == [("25. 09:00", 6)]
    assert (state(database, first), state(database, second)) == ("waiting", "waiting")
    with database.write() as session:
        holding.release_expired(session, later + timedelta(hours=1, minutes=1))
    with database.read() as session:
        assert session.scalars(select(Hold).where(Hold.released_at.is_(None))).all() == []
    assert differences(database) == []


def test_the_next_is_asked_before_the_hold_of_an_offer_that_ran_out_goes_to_the_public(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    join(database, config, somebody(1), now)
    second = join(database, config, somebody(2), now)
    free_a_time(database, config, renewal, FREED_AT, now)
    offer_all(database, config, now)
    late = now + timedelta(hours=2)
    with database.write() as session:
        holding.release_expired(session, late)  # the worker's jobs come in any order
    [made] = offer_all(database, config, late)
    assert (made.entry_id, made.start) == (second.id, FREED_AT)


def test_the_public_cannot_take_what_is_offered(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    join(database, config, somebody(1), now)
    book(database, config, renewal, FREED_AT, now, somebody(2))
    free_a_time(database, config, renewal, FREED_AT, now)
    for _ in range(2):
        assert "09:00" not in free_on(database, config, renewal, date(2026, 11, 25), now)
        offer_all(database, config, now)


def test_who_misses_too_many_offers_is_no_longer_on_the_list(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    for day in (25, 26):
        free_a_time(database, config, renewal, at(day, "09:00"), now)
        offer_all(database, config, now)
        decline(database, config, entry, now)
        assert state(database, entry) == "waiting"
    free_a_time(database, config, renewal, at(27, "09:00"), now)
    offer_all(database, config, now)
    offer_all(database, config, now + timedelta(hours=2))
    assert state(database, entry) == "missed"
    assert said(database, entry) == ["waitlist_ended"]
    assert "not taken them" in text_of(database, f"waitlist:{entry.id}", "waitlist_ended").text


@pytest.mark.parametrize(
    "wanted",
    [
        Wish(date(2026, 11, 26), date(2026, 12, 19)),
        Wish(date(2026, 11, 23), date(2026, 12, 19), weekdays=0b0000011),
        Wish(date(2026, 11, 23), date(2026, 12, 19), not_before=time(10)),
        Wish(date(2026, 11, 23), date(2026, 12, 19), notice_hours=72),
    ],
)
def test_what_does_not_fit_the_first_wish_goes_to_the_second(
    database: Database, config: Config, renewal: Service, now: datetime, wanted: Wish
) -> None:
    join(database, config, somebody(1), now, wanted)
    second = join(database, config, somebody(2), now + timedelta(minutes=1))
    free_a_time(database, config, renewal, FREED_AT, now)
    [made] = offer_all(database, config, now)
    assert made.entry_id == second.id


def test_a_short_visit_gets_a_part_and_the_rest_goes_to_another(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    short = join(database, config, somebody(1), now, service=PICK_UP)
    join(database, config, somebody(2), now)  # renewal: the rest is too short
    other = join(database, config, somebody(3), now, service=PICK_UP)
    free_a_time(database, config, renewal, FREED_AT, now)
    made = offer_all(database, config, now)
    assert [(each.entry_id, each.start) for each in made] == [
        (short.id, FREED_AT),
        (other.id, at(25, "09:10")),
    ]
    assert live_holds(database, Purpose.OFFER) == [("25. 09:00", 2), ("25. 09:10", 2)]
    assert live_holds(database, Purpose.FREED) == [("25. 09:20", 2)]
    assert differences(database) == []
    take(database, config, short, now)
    decline(database, config, other, now)
    assert differences(database) == []


def test_times_that_were_freed_beside_each_other_are_offered_as_one(
    database: Database, config: Config, renewal: Service, planned: Office, now: datetime
) -> None:
    pick_up = next(each for each in planned.services if each.slug == PICK_UP)
    entry = join(database, config, somebody(1), now)
    booked = [
        book(database, config, pick_up, at(25, clock), now, somebody(number))
        for number, clock in enumerate(("09:00", "09:10", "09:20"), start=10)
    ]
    for each in booked:
        cancel(database, config, each, now)
    [made] = offer_all(database, config, now)
    assert (made.entry_id, made.start, made.ticks) == (entry.id, FREED_AT, 6)
    assert live_holds(database, Purpose.FREED) == []
    assert differences(database) == []


def test_an_earlier_time_is_offered_and_the_old_one_goes_to_the_next(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    mine = book(database, config, renewal, at(4, "09:00", month=12), now, somebody(1))
    with database.write() as session:
        appointment = session.get_one(Appointment, mine.id)
        entry = joining.join_for(session, appointment, ANY, LAST, now, settings=config)
    second = join(database, config, somebody(2), now + timedelta(minutes=1))
    free_a_time(database, config, renewal, at(7, "09:00", month=12), now)  # later than what the first has
    [made] = offer_all(database, config, now)
    assert made.entry_id == second.id
    decline(database, config, second, now)
    free_a_time(database, config, renewal, FREED_AT, now)
    [made] = offer_all(database, config, now)
    assert made.entry_id == entry.id
    moved = take(database, config, entry, now)
    assert (moved.id, moved.reference, moved.start) == (mine.id, mine.reference, FREED_AT)
    assert state(database, entry) == "taken"
    [made] = offer_all(database, config, now)
    assert (made.entry_id, made.start) == (second.id, at(4, "09:00", month=12))
    assert differences(database) == []


def test_who_has_an_appointment_by_other_means_is_not_offered_another(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    first = join(database, config, somebody(1), now)
    second = join(database, config, somebody(2), now + timedelta(minutes=1))
    book(database, config, renewal, at(4, "09:00", month=12), now, somebody(1))
    free_a_time(database, config, renewal, FREED_AT, now)
    [made] = offer_all(database, config, now)
    assert made.entry_id == second.id
    assert state(database, first) == "needless"


def test_who_books_while_an_offer_is_open_cannot_take_it_too(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, FREED_AT, now)
    offer_all(database, config, now)
    book(database, config, renewal, at(4, "09:00", month=12), now, somebody(1))
    with pytest.raises(AlreadyComing):
        take(database, config, entry, now)
    assert state(database, entry) == "offered"
    assert live_holds(database, Purpose.OFFER) == [("25. 09:00", 6)]


def test_nothing_is_offered_that_nobody_could_answer_in_time(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, at(24, "08:30"), at(23, "19:45"))
    assert offer_all(database, config, at(23, "19:45")) == []
    free_a_time(database, config, renewal, at(24, "10:00"), at(23, "19:45"))
    [made] = offer_all(database, config, at(23, "19:45"))
    assert (made.start, made.expires_at) == (at(24, "10:00"), at(24, "09:00"))
    assert state(database, entry) == "offered"


def test_who_leaves_gives_back_what_is_offered(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    first = join(database, config, somebody(1), now)
    second = join(database, config, somebody(2), now + timedelta(minutes=1))
    free_a_time(database, config, renewal, FREED_AT, now)
    offer_all(database, config, now)
    with database.write() as session:
        leaving.leave(session, fresh(session, first), now, settings=config)
        leaving.leave(session, fresh(session, first), now, settings=config)
    assert state(database, first) == "left"
    [made] = offer_all(database, config, now)
    assert made.entry_id == second.id
    assert differences(database) == []


def test_an_offer_on_a_day_that_is_closed_is_withdrawn_and_does_not_count(
    database: Database, config: Config, renewal: Service, planned: Office, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, FREED_AT, now)
    offer_all(database, config, now)
    with database.write() as session:
        session.add(Closure(office_id=planned.id, day=date(2026, 11, 25), reason="Streik"))
        session.flush()
        planning.plan(session, session.get_one(Office, planned.id), date(2026, 11, 25), 1, now)
    with pytest.raises(OfferGone):
        take(database, config, entry, now)
    assert offer_all(database, config, now) == []
    with database.read() as session:
        found = fresh(session, entry)
        assert (found.state.value, found.missed) == ("waiting", 0)
    assert differences(database) == []


def test_a_time_that_the_public_door_cannot_take_now_is_not_offered(
    database: Database, config: Config, renewal: Service, planned: Office, now: datetime
) -> None:
    from frontoffice.booking.models import Withheld

    join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, FREED_AT, now)
    day, next_day = date(2026, 11, 25), date(2026, 11, 26)
    with database.write() as session:
        office = session.get_one(Office, planned.id)
        withheld = Withheld(
            schedule_id=office.schedules[0].id, first_day=day, until_day=next_day, reason="test"
        )
        session.add(withheld)
        session.flush()
        planning.plan(session, office, day, 1, now)
    assert free_on(database, config, renewal, day, now) == []
    assert offer_all(database, config, now) == []
    with database.write() as session:
        session.delete(session.get_one(Withheld, withheld.id))
        session.flush()
        planning.plan(session, session.get_one(Office, planned.id), day, 1, now)
    assert len(offer_all(database, config, now)) == 1


def test_more_wait_than_are_looked_at_at_once(
    database: Database, config: Config, renewal: Service, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontoffice.waitlist.matching.AT_ONCE", 2)
    for number in range(1, 6):
        join(
            database, config, somebody(number), now, Wish(date(2026, 11, 23), date(2026, 12, 19), weekdays=1)
        )
    last = join(database, config, somebody(7), now)
    free_a_time(database, config, renewal, FREED_AT, now)
    [made] = offer_all(database, config, now)
    assert made.entry_id == last.id


def test_what_happened_is_in_the_events_without_names(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, FREED_AT, now)
    offer_all(database, config, now)
    decline(database, config, entry, now)
    with database.read() as session:
        mine = session.scalars(
            select(Event).where(Event.subject == f"waitlist:{entry.id}").order_by(Event.number)
        )
        happened = [(each.kind, each.actor, set(each.data)) for each in mine]
    assert happened == [
        ("waitlist.joined", "visitor", {"service_id"}),
        ("waitlist.offered", "worker", {"service_id"}),
        ("waitlist.declined", "visitor", {"service_id"}),
    ]


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_sms_of_an_offer_says_when_and_until_when_and_nothing_about_the_permit(
    database: Database, config: Config, renewal: Service, now: datetime, language: str
) -> None:
    site = config.site.model_copy(update={"base_url": "https://termin.musterstadt.de"})
    config = config.model_copy(update={"site": site})
    entry = join(database, config, somebody(1, mail=None, phone="+4915123456789"), now)
    with database.write() as session:
        fresh(session, entry).language = language
    free_a_time(database, config, renewal, FREED_AT, now)
    offer_all(database, config, now)
    text = text_of(database, f"waitlist:{entry.id}", "waitlist_offer").text
    assert segments(text) == 1
    assert "09:00" in text
    assert "10:00" in text
    assert "https://termin.musterstadt.de/w/" in text
    for secret in ("residence", "permit", "Ausländer", "Aufenthalt", "Person"):
        assert secret not in text
    with database.read() as session:
        offered = answering.open_offer(session, fresh(session, entry), now)
        assert offered is not None
