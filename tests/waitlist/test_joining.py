"""Getting onto the waiting list, and what stands in the way."""

from datetime import date, datetime, time

import pytest
from sqlalchemy import select

from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.refusals import AlreadyComing, NotAccepted, NotOnline
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import Invalid, NotFound
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Confirmation, Office, OpeningHours, Schedule, Service
from frontoffice.waitlist import entries, joining, leaving, spots
from frontoffice.waitlist.models import EntryState, WaitlistEntry
from frontoffice.waitlist.refusals import (
    AlreadyWaiting,
    EarlierByPhone,
    NotEarlier,
    NotReachable,
    TooManyWishes,
)
from frontoffice.waitlist.wish import Wish
from tests.booking.steps import at
from tests.sample import COUNSELLING, PICK_UP, RENEWAL
from tests.waitlist.steps import ANY, LAST, book, find_entry, fresh, join, said, somebody, state, text_of


def lets_confirm(database: Database, office: Office, how: Confirmation) -> None:
    with database.write() as session:
        session.get_one(Office, office.id).confirmation = how


def test_who_joins_waits_and_is_told(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    entry = join(database, config, somebody(1, phone="+4915123456789"), now)
    assert (entry.state, entry.joined_at) == (EntryState.WAITING, now)
    assert said(database, entry) == ["waitlist_joined", "waitlist_joined"]
    assert find_entry(database, entry).id == entry.id
    with pytest.raises(NotFound), database.read() as session:
        entries.find(session, entry.reference, "wrong")


def test_where_the_office_asks_for_it_nothing_counts_before_the_contact_is_proved(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    lets_confirm(database, planned, Confirmation.EITHER)
    entry = join(database, config, somebody(1), now)
    assert (entry.state, entry.joined_at) == (EntryState.UNPROVEN, None)
    assert (
        "Only then you are on the list" in text_of(database, f"waitlist:{entry.id}", "waitlist_joined").text
    )
    again = join(database, config, somebody(1), now)  # pressed twice
    assert again.id == entry.id
    assert said(database, entry) == ["waitlist_joined"]
    with database.write() as session:
        joining.prove(session, fresh(session, entry), at(23, "08:30"), settings=config)
        joining.prove(session, fresh(session, entry), at(23, "09:30"), settings=config)
    with database.read() as session:
        found = fresh(session, entry)
        assert (found.state, found.joined_at) == (EntryState.WAITING, at(23, "08:30"))


def test_the_contact_must_be_of_the_kind_that_the_office_asks_to_confirm(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    lets_confirm(database, planned, Confirmation.SMS)
    with pytest.raises(WrongDetails, match="mobile number"):
        join(database, config, somebody(1), now)


def test_one_wish_for_a_person_and_a_service(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    first = join(database, config, somebody(1), now)
    other_contact = somebody(1, name="person  B".title(), mail="other@example.org")
    with pytest.raises(AlreadyWaiting):
        join(database, config, other_contact, now)
    join(database, config, somebody(1), now, service=PICK_UP)
    with database.write() as session:
        leaving.leave(session, fresh(session, first), now, settings=config)
    assert state(database, first) == "left"
    join(database, config, other_contact, now)


def test_a_contact_has_so_many_wishes_at_most(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    for number in range(4):
        join(database, config, somebody(number, mail=f"the.family+{number}@example.org"), now)
    with pytest.raises(TooManyWishes):
        join(database, config, somebody(9, mail="thefamily@example.org"), now)


def test_who_has_an_appointment_asks_for_an_earlier_one_instead(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    booked = book(database, config, renewal, at(4, "09:00", month=12), now, somebody(1))
    with pytest.raises(AlreadyComing):
        join(database, config, somebody(1), now)
    with database.write() as session:
        mine = session.get_one(Appointment, booked.id)
        entry = joining.join_for(session, mine, ANY, LAST, now, settings=config)
    assert (entry.appointment_id, entry.state) == (booked.id, EntryState.WAITING)
    assert entry.until_day == date(2026, 12, 5)
    with pytest.raises(AlreadyWaiting), database.write() as session:
        mine = session.get_one(Appointment, booked.id)
        joining.join_for(session, mine, ANY, LAST, now, settings=config)


def test_no_earlier_time_for_what_is_not_offered_online(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    mine = book(database, config, renewal, at(26, "09:00"), now, somebody(1))
    with database.write() as session:
        session.get_one(Service, renewal.id).online = False
    with pytest.raises(EarlierByPhone), database.write() as session:
        joining.join_for(session, session.get_one(Appointment, mine.id), ANY, LAST, now, settings=config)


def test_no_earlier_time_for_an_appointment_that_does_not_stand(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    booked = book(database, config, renewal, at(4, "09:00", month=12), now, somebody(1))
    for other in (State.CANCELLED, State.UNCONFIRMED):
        with pytest.raises(NotEarlier), database.write() as session:
            mine = session.get_one(Appointment, booked.id)
            mine.state = other
            joining.join_for(session, mine, ANY, LAST, now, settings=config)


def test_who_takes_no_messages_cannot_wait_for_one(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    with database.write() as session:
        outbox.suppress(session, Medium.MAIL, "person1@example.org", "stop", now)
    with pytest.raises(NotReachable):
        join(database, config, somebody(1), now)
    join(database, config, somebody(1, phone="+4915123456789"), now)  # by SMS it works


def test_what_cannot_be_booked_online_has_no_waiting_list(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    with pytest.raises(NotOnline):
        join(database, config, somebody(1), now, service=COUNSELLING)


def test_the_blocked_cannot_wait_either(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    from frontoffice.booking import blocking
    from frontoffice.booking.models import BlockedKind

    with database.write() as session:
        blocking.block(
            session, BlockedKind.MAIL, "person1@example.org", "trades times", None, now, actor="account:1"
        )
    with pytest.raises(NotAccepted):
        join(database, config, somebody(1), now)


def test_a_schedule_of_its_own_and_other_offices_can_be_chosen(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    from tests.sample import sample_office

    with database.write() as session:
        sample_office(session, slug="nebenstadt")
        office = session.get_one(Office, planned.id)
        renewal = next(each for each in office.services if each.slug == RENEWAL)
        hours = OpeningHours(
            weekday=1, opens=time(9), closes=time(12), valid_from=date(2026, 1, 1), seats_online=1
        )
        desk = Schedule(
            slug="university", name="Universität", pooled=False, services=[renewal], opening_hours=[hours]
        )
        office.schedules.append(desk)
        session.flush()
        both = spots.where(
            session, "musterstadt", [(RENEWAL, 1)], schedules=["", "university"], others=["nebenstadt"]
        )
        assert [each.schedule_id for each in both.spots] == [None, desk.id, None]
        assert both.spots[2].office_id != office.id
        assert both.spots[2].items != both.spots[0].items  # each office has its own services
        with pytest.raises(Invalid, match="not offered there"):
            spots.where(session, "musterstadt", [(PICK_UP, 1)], schedules=["university"])
        with pytest.raises(NotFound):
            spots.where(session, "musterstadt", [(RENEWAL, 1)], schedules=["nowhere"])


def test_a_wish_can_be_changed_and_keeps_its_place(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    join(database, config, somebody(2), at(23, "08:05"))
    mornings = Wish(date(2026, 11, 30), date(2026, 12, 5), before=time(12))
    with database.write() as session:
        found = fresh(session, entry)
        joining.change(session, found, mornings, LAST, at(23, "10:00"), settings=config)
    with database.read() as session:
        found = fresh(session, entry)
        assert (entries.wish_of(found), found.joined_at) == (mornings, now)
        assert found.ends_at == at(5, "00:00", month=12)
        waiting = session.scalars(select(WaitlistEntry).order_by(WaitlistEntry.joined_at)).all()
        assert [entries.ahead_of(session, each) for each in waiting] == [0, 1]


def test_entries_end_with_their_date_and_are_forgotten_later(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    short = Wish(date(2026, 11, 23), date(2026, 11, 26))
    entry = join(database, config, somebody(1), now, short)
    longer = join(database, config, somebody(2), now)
    with database.write() as session:
        assert leaving.end_due(session, at(25, "23:59"), settings=config) == 0
        assert leaving.end_due(session, at(26, "00:00"), settings=config) == 1
    assert (state(database, entry), state(database, longer)) == ("over", "waiting")
    assert said(database, entry) == ["waitlist_ended"]  # what had not left of joining does not leave any more
    with database.write() as session:
        assert leaving.redact(session, at(2, "00:00", month=12), settings=config) == 0
        assert leaving.redact(session, at(3, "00:00", month=12), settings=config) == 1
    with database.read() as session:
        found = fresh(session, entry)
        assert (found.person, found.person_digest, found.mail_digest) == (None, None, None)
        assert fresh(session, longer).person is not None


def test_a_contact_that_was_never_proved_ends_without_a_word(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    lets_confirm(database, planned, Confirmation.MAIL)
    entry = join(database, config, somebody(1), now)
    with database.write() as session:
        leaving.end_due(session, at(24, "07:59"), settings=config)
        assert fresh(session, entry).state is EntryState.UNPROVEN
        leaving.end_due(session, at(24, "08:00"), settings=config)
    assert state(database, entry) == "over"
    assert said(database, entry) == []


def test_an_entry_ends_with_the_appointment_it_is_tied_to(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    from tests.waitlist.steps import cancel

    booked = book(database, config, renewal, at(4, "09:00", month=12), now, somebody(1))
    with database.write() as session:
        mine = session.get_one(Appointment, booked.id)
        entry = joining.join_for(session, mine, ANY, LAST, now, settings=config)
    cancel(database, config, booked, now)
    with database.write() as session:
        leaving.end_due(session, now, settings=config)
    assert state(database, entry) == "needless"
