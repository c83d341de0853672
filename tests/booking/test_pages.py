"""Booking through the pages, as somebody without JavaScript does."""

import json
import re
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from frontoffice.booking import planning, sheet
from frontoffice.booking.models import Appointment, DaySheet, Hold
from frontoffice.config import Config, Fairness
from frontoffice.db import Database
from frontoffice.messages.models import Message
from frontoffice.offices.models import Office, OpeningHours, Schedule, Service
from frontoffice.web.app import create_app
from tests.booking.solver import solve
from tests.booking.steps import at, differences, fill
from tests.booking.visitor import AMIN_TYPES, OLENA_TYPES, Visitor, assert_sound
from tests.sample import RENEWAL as RENEWAL_SLUG
from tests.sample import sample_office

TUESDAY = "/book/musterstadt/residence-permit-renewal/?day=2026-11-24"
HOLD = "/book/musterstadt/residence-permit-renewal/hold"
RENEWAL = "/book/musterstadt/residence-permit-renewal/"
NOTHING_FREE = bytes(sheet.SET * (len(sheet.SHARES) + 1))


def stored(database: Database) -> tuple[int, int, int]:
    """How many holds, appointments and messages there are."""
    with database.read() as session:
        holds, appointments, messages = (
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Hold, Appointment, Message)
        )
    return holds, appointments, messages


def live(database: Database) -> int:
    """How many holds are live."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Hold).where(Hold.released_at.is_(None))) or 0


def replan(database: Database, now: datetime) -> None:
    """Plan the office anew."""
    with database.write() as session:
        planning.plan(session, session.scalars(select(Office)).one(), date(2026, 11, 23), 28, now)


def add_desk(database: Database, now: datetime) -> None:
    """A desk at the university on Wednesday afternoons."""
    with database.write() as session:
        office = session.scalars(select(Office)).one()
        renewal = session.scalars(select(Service).where(Service.slug == RENEWAL_SLUG)).one()
        hours = OpeningHours(
            weekday=2, opens=time(14), closes=time(16), valid_from=date(2026, 1, 1), seats_online=1
        )
        desk = Schedule(
            slug="university", name="University desk", place="Campus, room 12", pooled=False,
            services=[renewal], opening_hours=[hours],
        )  # fmt: skip
        office.schedules.append(desk)
    replan(database, now)


def family(database: Database) -> None:
    """Renewals are for up to four people, fifteen minutes for each further one; the card takes five together."""
    with database.write() as session:
        session.execute(
            update(Service).where(Service.slug == RENEWAL_SLUG).values(most_people=4, minutes_next_person=15)
        )
        session.execute(update(Service).where(Service.slug == "eat-pick-up").values(minutes_together=5))


def test_from_the_first_page_to_the_confirmation(database: Database, visitor: Visitor) -> None:
    start = visitor.open("/")
    services = visitor.open(start.links("Book an appointment")[0])
    assert "You need" not in services.text
    times = visitor.open(services.links("Renew residence permit")[0])
    times = visitor.open(
        next(to for to in times.links("Tuesday, 24 November 2026") if "day=2026-11-24" in to)
    )
    contact = visitor.press(times, "09:00")
    assert "We keep this time for you until 08:10." in contact.text
    booked = visitor.fill_in(contact)
    assert (booked.status, booked.title) == (200, "Your appointment is booked – Frontoffice")
    assert re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", booked.text)
    for words in (
        "Tuesday, 24 November 2026",
        "09:00",
        "Olena Kowalenko",
        "Rathausplatz 1",
        "Passport",
        "Fee",
    ):
        assert words in booked.text
    assert "This booking is not an application." in booked.text
    assert "<svg" in booked.html
    assert stored(database) == (1, 1, 2)
    assert differences(database) == []


def test_the_calendar_says_of_each_day_what_it_is_like(
    database: Database, config: Config, renewal: Service, visitor: Visitor, now: datetime
) -> None:
    for hour in (8, 9, 10, 11):
        for minute in ("00", "30"):
            fill(database, config, renewal, at(25, f"{hour}:{minute}"), now)
    page = visitor.open(RENEWAL)
    assert page.links("Tuesday, 24 November 2026, 8 free times") != []
    assert page.links("Wednesday, 25 November 2026") == []
    assert page.days["Wednesday, 25 November 2026"] == "full"
    assert page.days["Saturday, 28 November 2026"] == "no appointments"
    assert '<th scope="col"><span aria-hidden="true">Mo</span><span class="kern-sr-only">Monday' in page.html
    assert re.search(r"<caption[^>]*>November 2026</caption>", page.html)


def test_days_that_are_not_released_yet_say_from_when(
    database: Database, visitor: Visitor, now: datetime
) -> None:
    with database.write() as session:
        session.execute(update(OpeningHours).values(bookable_from_days=7, release_time=time(8)))
    replan(database, now)
    page = visitor.open("/book/musterstadt/residence-permit-renewal/?month=2026-12")
    assert page.days["Tuesday, 1 December 2026"] == "can be booked from Tuesday, 24 November 2026, 08:00"
    assert "cannot be booked yet" in page.text


def test_the_next_free_times_come_first_and_are_soon_enough(visitor: Visitor) -> None:
    page = visitor.open(RENEWAL)
    assert at(23, "08:30").isoformat() not in page.html  # within the lead
    assert at(23, "09:00").isoformat() in page.html
    first = re.findall(r"slots__heading[^>]*>([^<]+)<", page.html)
    assert first == ["Monday, 23 November 2026", "Tuesday, 24 November 2026", "Wednesday, 25 November 2026"]
    assert "11:30" in visitor.open(page.links("All times of this day")[0]).slots


def test_turning_the_pages_of_the_calendar(visitor: Visitor) -> None:
    first = visitor.open(RENEWAL)
    assert first.links("October 2026") == []
    second = visitor.open(first.links("December 2026")[0])
    assert second.links("Monday, 7 December 2026") != []
    back = visitor.open(second.links("November 2026")[0])
    assert back.links("Monday, 23 November 2026") != []


@pytest.mark.parametrize(
    "query", ["month=nonsense", "day=2026-02-30", "day=x", "day=%00", "day=2026-11-24T00:00"]
)
def test_a_date_that_is_none_leads_to_the_next_free_times(visitor: Visitor, query: str) -> None:
    page = visitor.open(f"{RENEWAL}?{query}")
    assert page.status == 200
    assert "This date does not exist. Here are the next free times." in page.text
    assert "09:00" in page.slots


@pytest.mark.parametrize(
    "query",
    ["month=0001-01", "month=9999-12", "day=9999-12-31", "day=0001-01-01", "part=x&place=%00", "with=,"],
)
def test_an_odd_address_shows_what_there_is(visitor: Visitor, query: str) -> None:
    assert visitor.open(f"{RENEWAL}?{query}").status == 200


def test_only_the_mornings_or_the_afternoons(database: Database, visitor: Visitor, now: datetime) -> None:
    with database.write() as session:
        session.execute(update(OpeningHours).where(OpeningHours.weekday == 2).values(closes=time(14)))
    replan(database, now)
    page = visitor.open(visitor.open(RENEWAL).links("Afternoon")[0])
    assert list(page.slots) == ["12:00", "12:30", "13:00", "13:30"]
    assert page.days["Tuesday, 24 November 2026"] == "full"
    assert page.links("Morning") != []
    mornings = visitor.open(page.links("Morning")[0])
    assert "12:00" not in visitor.open(mornings.links("Wednesday, 25 November 2026")[0]).slots


def test_a_full_month_points_on_and_a_full_book_says_what_to_do(database: Database, visitor: Visitor) -> None:
    with database.write() as session:
        early = update(DaySheet).where(DaySheet.day < date(2026, 12, 8)).values(free=NOTHING_FREE)
        session.execute(early)
    page = visitor.open(f"{RENEWAL}?month=2026-11")
    later = visitor.open(page.links("Next free day: Tuesday, 8 December 2026")[0])
    assert "08:00" in later.slots
    with database.write() as session:
        session.execute(update(DaySheet).values(free=NOTHING_FREE))
    page = visitor.open(RENEWAL)
    assert "At the moment all times are taken" in page.text
    assert "+49 30 1234567" in page.text
    assert page.slots == {}


def test_a_separate_desk_is_a_place_of_its_own(database: Database, visitor: Visitor, now: datetime) -> None:
    add_desk(database, now)
    page = visitor.open(RENEWAL)
    assert "Campus, room 12" in page.text
    assert "Next free time: Wednesday, 25 November 2026, 14:00" in page.text
    assert "14:00" not in visitor.open(f"{RENEWAL}?day=2026-11-25").slots
    desk = visitor.open(page.links("University desk")[0])
    assert list(desk.slots)[:2] == ["14:00", "14:30"]
    contact = visitor.press(desk, "14:00")
    assert "University desk, Campus, room 12" in contact.text
    booked = visitor.fill_in(contact)
    assert "Campus, room 12" in booked.text
    assert differences(database) == []


def test_another_office_that_is_earlier_is_shown(database: Database, visitor: Visitor, now: datetime) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
        other.name = "Amt Nebenstadt"
        planning.plan(session, other, date(2026, 11, 23), 14, now)
    assert "Earlier at another office" not in visitor.open(RENEWAL).text
    with database.write() as session:
        here = select(Schedule.id).join(Office).where(Office.slug == "musterstadt")
        soon = DaySheet.schedule_id.in_(here) & (DaySheet.day < date(2026, 11, 25))
        session.execute(update(DaySheet).where(soon).values(free=NOTHING_FREE))
    page = visitor.open(RENEWAL)
    assert "Earlier at another office" in page.text
    there = visitor.open(page.links("Amt Nebenstadt")[0])
    assert there.address == "/book/nebenstadt/residence-permit-renewal/"
    assert "Monday, 23 November 2026" in there.text


def test_services_that_are_not_online_say_what_to_do(database: Database, visitor: Visitor) -> None:
    page = visitor.open("/book/musterstadt/")
    assert page.links("Counselling") == []
    assert "Please come without an appointment, and take a number at the entrance." in page.text
    page = visitor.open("/book/musterstadt/welcome-counselling/")
    assert "This service cannot be booked online." in page.text
    with database.write() as session:
        session.execute(update(Service).values(walk_in=False))
    assert "Please call us: +49 30 1234567" in visitor.open("/book/musterstadt/welcome-counselling/").text
    token = visitor.open(TUESDAY).hidden
    refused = visitor.send(
        "/book/musterstadt/welcome-counselling/hold", {**token, "start": at(24, "09:00").isoformat()}
    )
    assert refused.status == 422
    assert stored(database) == (0, 0, 0)


def test_searching_for_a_service(visitor: Visitor) -> None:
    assert "1 concern fits “KARTE abholen”." in visitor.open("/book/musterstadt/?q=KARTE+abholen").text
    assert visitor.open("/book/musterstadt/?q=permit").links("Renew residence permit") != []
    assert "Nothing fits these words." in visitor.open("/book/musterstadt/?q=<b>zzz").text
    assert "<b>zzz" not in visitor.open("/book/musterstadt/?q=<b>zzz").html


@pytest.mark.parametrize(
    "address",
    [
        "/book/nowhere/",
        "/book/musterstadt/nothing/",
        "/book/%00/",
        "/book/musterstadt/%00/",
        "/book/hold/nothing/",
    ],
)
def test_what_does_not_exist_is_not_found(visitor: Visitor, address: str) -> None:
    page = visitor.open(address)
    assert page.status == 404
    assert "We could not find that." in page.text


def test_pressing_twice_holds_once_and_sending_twice_books_once(database: Database, visitor: Visitor) -> None:
    times = visitor.open(TUESDAY)
    contact = visitor.press(times, "09:00")
    assert visitor.press(times, "09:00").address == contact.address
    booked = visitor.fill_in(contact)
    again = visitor.fill_in(contact)
    assert (again.status, again.address) == (200, booked.address)
    assert visitor.open(contact.address).address == booked.address  # reload, or "back"
    assert visitor.press(times, "09:00").address == booked.address
    assert stored(database) == (1, 1, 2)
    assert differences(database) == []


def test_other_details_with_the_same_form_are_refused(database: Database, visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    visitor.fill_in(contact)
    other = visitor.fill_in(contact, name="Somebody Else")
    assert other.status == 409
    assert "This time is already booked with other details." in other.text
    assert stored(database) == (1, 1, 2)


def test_just_taken_offers_other_times(
    database: Database, config: Config, renewal: Service, visitor: Visitor, now: datetime
) -> None:
    times = visitor.open(TUESDAY)
    fill(database, config, renewal, at(24, "10:00"), now)
    page = visitor.press(times, "10:00")
    assert page.status == 409
    assert page.title.startswith("Error: ")
    assert "Somebody else has just taken this time. Please choose another one." in page.text
    assert set(page.slots) >= {"09:30", "10:30"}
    assert "10:00" not in page.slots
    assert visitor.press(page, "10:30").status == 200


@pytest.mark.parametrize(
    "start",
    ["", "soon", "2026-11-24T09:00:00", "2026-11-24T08:03:00+00:00", "2026-11-24T08:00:01+00:00",
     "2020-01-01T08:00:00+00:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "\x00", "9" * 10_000],
)  # fmt: skip
def test_a_time_that_was_not_offered_is_refused(database: Database, visitor: Visitor, start: str) -> None:
    fields = visitor.open(TUESDAY).hidden
    page = visitor.send(HOLD, {**fields, "start": start})
    assert page.status == 422
    assert "There is no appointment at this time." in page.text
    assert page.slots != {}
    assert stored(database) == (0, 0, 0)


def test_without_the_token_of_the_page_nothing_happens(database: Database, visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    for address, fields in ((HOLD, {"start": at(24, "10:00").isoformat()}), (contact.address, OLENA_TYPES)):
        for token in ({}, {"csrf_token": "forged"}):
            page = visitor.send(address, {**fields, **token})
            assert page.status == 400
            assert "reload the page and send the form again" in page.text
    assert stored(database) == (1, 0, 0)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Please enter your name as it stands in your passport."),
        ("name", "x" * 10_000, "This name is too long. Please use 120 characters at most."),
        ("name", "Ole\x00na", "The name contains an invisible character. Please type it anew."),
        ("name", "Ole\u202ena", "The name contains an invisible character. Please type it anew."),
        ("born-month", "13", "This date does not exist. Please check day, month and year."),
        ("born-year", "2090", "This date lies in the future. Please check the year."),
        ("born-year", "91", "Please enter your date of birth in numbers, the year with four digits."),
        ("mail", "olena", "This is not a mail address."),
        ("mail", "olena@example.org\x00", "This is not a mail address."),
        ("phone", "0151", "phone number"),
        ("phone", "call me", "This is not a phone number."),
        ("phone", "9" * 10_000, "phone number"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    database: Database, visitor: Visitor, field: str, value: str, sentence: str
) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    page = visitor.fill_in(contact, **{field: value})
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert sentence in page.errors[field.partition("-")[0]]
    assert "Please check what you entered" in page.text
    assert stored(database) == (1, 0, 0)
    assert visitor.fill_in(page).status == 200


def test_somebody_nobody_can_reach_is_asked_again(database: Database, visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    page = visitor.fill_in(contact, mail=" ", phone="")
    assert list(page.errors) == ["mail"]
    assert stored(database) == (1, 0, 0)


def test_what_was_typed_is_still_there_and_harmless(visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    page = visitor.fill_in(contact, name='"><script>alert(1)</script>', phone="12")
    assert "<script>alert" not in page.html
    assert 'value="olena@example.org"' in page.html


def test_a_lapsed_hold_explains_and_leads_back(visitor: Visitor, clock: time_machine.Traveller) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    clock.shift(timedelta(minutes=10))
    page = visitor.open(contact.address)
    assert page.status == 410
    assert "We kept Tuesday, 24 November 2026, 09:00 for you, but only for some minutes." in page.text
    assert "09:00" in visitor.open(page.links("Choose a time again")[0]).slots


def test_a_late_form_books_if_it_can_and_offers_other_times_if_not(
    database: Database,
    config: Config,
    renewal: Service,
    visitor: Visitor,
    other: Visitor,
    clock: time_machine.Traveller,
    now: datetime,
) -> None:
    early, late = visitor.press(visitor.open(TUESDAY), "09:00"), other.press(other.open(TUESDAY), "10:00")
    clock.shift(timedelta(minutes=30))
    fill(database, config, renewal, at(24, "10:00"), now + timedelta(minutes=30))
    assert visitor.fill_in(early).address.startswith("/appointments/")
    page = other.fill_in(late, **AMIN_TYPES)
    assert page.status == 409
    assert "somebody else has taken it" in page.text
    assert "10:30" in page.slots
    assert differences(database) == []


def test_a_browser_keeps_one_time_and_finds_it_again(
    database: Database, visitor: Visitor, other: Visitor, clock: time_machine.Traveller
) -> None:
    first = visitor.press(visitor.open(TUESDAY), "09:00")
    times = visitor.open(RENEWAL)
    assert "We still keep a time for you, until 08:10: Tuesday, 24 November 2026, 09:00." in times.text
    assert visitor.open(times.links("Go on with this time")[0]).address == first.address
    assert "We still keep" not in other.open(RENEWAL).text
    second = visitor.press(visitor.open(TUESDAY), "10:00")
    assert visitor.open(first.address).status == 410
    assert "10:00" in second.text
    assert live(database) == 1
    clock.shift(timedelta(minutes=10))
    assert "We still keep" not in visitor.open(RENEWAL).text


def test_giving_a_time_back(database: Database, visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    times = visitor.tap(contact, "Give the time back")
    assert "You have given the time back." in times.text
    assert "09:00" in times.slots
    assert "We still keep" not in times.text
    assert visitor.tap(contact, "Give the time back").status == 200
    again = visitor.open(contact.address)
    assert (again.status, "You have given this time back" in again.title) == (410, True)
    assert live(database) == 0
    assert differences(database) == []


def test_a_time_is_kept_longer_once(visitor: Visitor, clock: time_machine.Traveller) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    clock.shift(timedelta(minutes=9))
    longer = visitor.tap(contact, "Keep it 10 minutes longer")
    assert "We keep this time for you until 08:20." in longer.text
    assert "minutes longer" not in longer.text
    again = visitor.send(contact.button("Keep it 10 minutes longer"), longer.hidden)
    assert "We keep this time for you until 08:20." in again.text
    clock.shift(timedelta(minutes=10))
    assert "Give the time back" in visitor.open(contact.address).text
    clock.shift(timedelta(minutes=1))
    assert visitor.open(contact.address).status == 410


def test_what_has_lapsed_cannot_be_kept_longer(visitor: Visitor, clock: time_machine.Traveller) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    clock.shift(timedelta(minutes=10))
    assert visitor.tap(contact, "Keep it 10 minutes longer").status == 410


def test_programs_that_fill_in_everything_book_nothing(database: Database, visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    assert 'aria-hidden="true"' in contact.html[: contact.html.index('name="remarks"')][-200:]
    page = visitor.fill_in(contact, remarks="cheap watches")
    assert page.status == 409
    assert "please call us or come to the front desk" in page.text.lower()
    assert 'value="Olena Kowalenko"' in page.html
    assert stored(database) == (1, 0, 0)


@pytest.fixture
def guarded(config: Config, database: Database, planned: Office, clock: time_machine.Traveller) -> Visitor:
    """Somebody at a site that asks for a proof of work, and lets go two without."""
    rules = Fairness(captcha_work=10, holds_without_proof=2)
    return Visitor(create_app(config.model_copy(update={"fairness": rules}), database).test_client())


def test_a_few_can_go_without_a_proof_and_more_are_told_what_to_do(guarded: Visitor) -> None:
    page = guarded.open(TUESDAY)
    assert [guarded.press(page, each).status for each in ("09:00", "10:00", "11:00")] == [200, 200, 429]
    refused = guarded.press(page, "11:00")
    assert refused.title.startswith("Error: ")
    assert "JavaScript" in refused.text
    assert refused.slots != {}


def test_with_a_proof_of_work_there_is_no_such_limit(database: Database, guarded: Visitor) -> None:
    page = guarded.open(TUESDAY)
    address = re.findall(r'data-proof="([^"]+)"', page.html)[0]
    for each in ("09:00", "10:00", "11:00"):
        proof = solve(json.loads(guarded.open(address).html))
        assert guarded.press(page, each, proof=proof).status == 200
        assert guarded.press(page, each, proof=proof).status == 200  # pressed twice
    assert guarded.press(page, "11:30", proof=proof).status == 422  # a proof is good once
    assert guarded.press(page, "11:30", proof="bm90aGluZw==").slots != {}
    assert live(database) == 1


def test_a_family_and_several_concerns_are_one_visit(database: Database, visitor: Visitor) -> None:
    family(database)
    times = visitor.open(RENEWAL)
    visit = visitor.open(times.links("More people, or another concern")[0])
    assert visit.choices == {"with": [f"{RENEWAL_SLUG}:{number}" for number in range(1, 5)]}
    assert "Pick up card" in visit.text
    both = visitor.open(f"/book/musterstadt/?with={RENEWAL_SLUG}:3&with=eat-pick-up")
    assert "Together: about 65 minutes" in both.text
    times = visitor.open(f"{RENEWAL}?with={RENEWAL_SLUG}:3&with=eat-pick-up")
    assert "Renew residence permit (3 people)" in times.text
    assert "about 65 minutes" in times.text
    day = visitor.open(times.links("Tuesday, 24 November 2026")[0])
    contact = visitor.press(day, "09:05")
    assert "Please enter the details of one of you." in contact.text
    booked = visitor.fill_in(contact)
    assert "Renew residence permit (3 people)" in booked.text
    assert "Each person needs their own." in booked.text
    assert "Passport" in booked.text
    assert differences(database) == []


def test_concerns_can_be_removed_and_the_address_follows_the_first(
    database: Database, visitor: Visitor
) -> None:
    visit = visitor.open(f"/book/musterstadt/?with={RENEWAL_SLUG},eat-pick-up")
    without_first, without_second = visit.links("Remove")
    assert "Pick up card" in visitor.open(without_first).text
    assert visitor.open(f"{RENEWAL}?with=eat-pick-up").address == "/book/musterstadt/eat-pick-up/"
    assert visitor.open(without_second).links("Remove") == []


def test_too_many_people_are_told_how_many_fit(database: Database, visitor: Visitor) -> None:
    family(database)
    page = visitor.open(f"{RENEWAL}?with={RENEWAL_SLUG}:9")
    assert page.address == "/book/musterstadt/"
    assert page.title.startswith("Error: ")
    assert "4" in page.text
    assert stored(database) == (0, 0, 0)


def test_what_no_schedule_offers_together_cannot_be_one_visit(
    database: Database, visitor: Visitor, now: datetime
) -> None:
    with database.write() as session:
        card = session.scalars(select(Service).where(Service.slug == "eat-pick-up")).one()
        for schedule in session.scalars(select(Schedule)):
            schedule.services.remove(card)
        office = session.scalars(select(Office)).one()
        office.schedules.append(Schedule(slug="cards", name="Karten", services=[card], opening_hours=[]))
    visit = visitor.open(f"/book/musterstadt/?with={RENEWAL_SLUG}")
    assert "Pick up card" not in visit.text
    both = f"with={RENEWAL_SLUG},eat-pick-up"
    assert (
        "These concerns cannot be dealt with in one visit." in visitor.open(f"/book/musterstadt/?{both}").text
    )
    times = visitor.open(f"{RENEWAL}?{both}")
    assert "These concerns cannot be dealt with in one visit." in times.text
    assert times.slots == {}


def test_the_pages_are_sound_html_without_inline_script_or_style(
    database: Database, visitor: Visitor, now: datetime
) -> None:
    family(database)
    add_desk(database, now)
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    for page in (
        visitor.open("/"),
        visitor.open("/book/musterstadt/"),
        visitor.open(f"/book/musterstadt/?with={RENEWAL_SLUG}:2,eat-pick-up"),
        visitor.open(RENEWAL),
        visitor.open(TUESDAY),
        visitor.fill_in(contact, name=""),
        contact,
    ):
        assert_sound(page)
