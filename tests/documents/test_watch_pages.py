"""Asking to be reminded, and where a reminder leads: to an appointment in time, a change, an end."""

import re
from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from frontoffice.booking import appointing, confirming, planning
from frontoffice.booking.models import Appointment
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import watching
from frontoffice.documents.contact import Contact
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.documents.watch_forms import DateForm
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Message
from frontoffice.offices.models import Confirmation, Office, Service
from tests.booking.conftest import clock, planned, renewal, rules, visitor
from tests.booking.steps import OLENA, at, book_it, hold_it
from tests.booking.visitor import Page, Visitor, assert_sound
from tests.documents.parts import MAIL, PASSPORT, PERMIT, PHONE, begin, sweep, watches

__all__ = ["clock", "planned", "renewal", "rules", "visitor"]

DAY = timedelta(days=1)


def day(ends: date) -> dict[str, str]:
    """The day as it is typed."""
    return {"expires-day": str(ends.day), "expires-month": str(ends.month), "expires-year": str(ends.year)}


def code_of(database: Database) -> str:
    """The code that was sent last."""
    with database.read() as session:
        query = select(Message).where(Message.kind == "contact_code").order_by(Message.id.desc()).limit(1)
        envelope = unseal(database.vault, session.scalars(query).one().envelope)
        assert envelope is not None
        return envelope.parameters["code"]


def ask(visitor: Visitor, ends: date, contact: str = MAIL) -> Page:
    """Fill in the form."""
    page = visitor.open("/remind-me/musterstadt/?document=student")
    assert_sound(page)
    return visitor.tap(page, "Send me the code", kind="student", contact=contact, **day(ends))


def page_of(database: Database, visitor: Visitor, number: int) -> Page:
    """Where a reminder leads."""
    return visitor.open(watching.path(database.vault, number))


def test_who_asks_proves_the_contact_and_is_reminded(
    visitor: Visitor, database: Database, config: Config, now: datetime
) -> None:
    ends = now.date() + 90 * DAY
    page = ask(visitor, ends)
    assert_sound(page)
    assert "z…@beispiel.example" in page.text
    assert watches(database) == [], "nothing is kept before the contact is proven"
    wrong = visitor.tap(page, "Remind me", code="000000")
    assert (wrong.status, "not right" in wrong.errors["code"]) == (422, True)
    right = visitor.tap(wrong, "Remind me", code=code_of(database))
    assert_sound(right)
    assert "We remind you in time" in right.text
    [kept] = watches(database)
    assert (kept.kind, kept.expires_on, kept.language) == ("student", ends, "en")
    assert sweep(database, config, now) == 1


@pytest.mark.parametrize("month", ["März", "березень", "٣"])
def test_the_month_of_the_end_may_be_a_word(month: str) -> None:
    form = DateForm(MultiDict({"kind": "passport"} | day(date(2027, 3, 7)) | {"expires-month": month}))
    assert form.read() == (DocumentKind.PASSPORT, date(2027, 3, 7))


def test_what_is_wrong_stands_beside_its_field(visitor: Visitor, now: datetime) -> None:
    page = visitor.open("/remind-me/musterstadt/")
    for fields, field in (
        ({"contact": MAIL, "expires-day": "31", "expires-month": "2", "expires-year": "2027"}, "expires"),
        ({"contact": "nobody", **day(now.date() + DAY)}, "contact"),
        ({"contact": MAIL, **day(now.date() - DAY)}, "expires"),
    ):
        wrong = visitor.tap(page, "Send me the code", kind="passport", **fields)
        assert (wrong.status, list(wrong.errors)) == (422, [field])


def test_where_no_reminder_is_left_the_page_says_so_and_leads_to_a_time(
    visitor: Visitor, database: Database, config: Config, planned: object, now: datetime
) -> None:
    page = visitor.tap(ask(visitor, now.date() + 3 * DAY), "Remind me", code=code_of(database))
    assert_sound(page)
    assert "No reminder is left before this date. Please book an appointment now." in page.text
    assert "We remind you in time" not in page.text
    assert page.links("November")
    [kept] = watches(database)
    assert (sweep(database, config, now), kept.next_on) == (0, None)


def test_the_page_leads_to_the_first_free_times_before_the_date(
    visitor: Visitor, database: Database, config: Config, now: datetime
) -> None:
    number = begin(database, config, now.date() + 20 * DAY, now, language="en")
    page = page_of(database, visitor, number)
    assert_sound(page)
    [first, *_] = page.links("November")
    assert first == "/book/musterstadt/residence-permit-renewal/?day=2026-11-23#2026-11-23"
    assert visitor.open(first.partition("#")[0]).slots
    assert "Put me on the waiting list" not in page.text


def test_without_a_free_time_it_leads_to_the_waiting_list_and_says_what_to_do(
    visitor: Visitor, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    with database.write() as session:
        office = session.get_one(Office, renewal.office_id)
        for schedule in office.schedules:
            schedule.opening_hours = []
        session.flush()
        planning.plan(session, office, now.date(), 28, now)
    near, far = (begin(database, config, now.date() + days * DAY, now, language="en") for days in (10, 100))
    page = page_of(database, visitor, near)
    assert_sound(page)
    until = now.date() + 10 * DAY
    assert page.links("Put me on the waiting list") == [
        f"/waitlist/musterstadt/?with=residence-permit-renewal&until={until}"
    ]
    assert f'value="{until}"' in visitor.open(page.links("Put me on the waiting list")[0]).html
    for odd in ("2026-01-01", "soon", "9999-12-31"):
        assert visitor.open(f"/waitlist/musterstadt/?with=residence-permit-renewal&until={odd}").status == 200
    assert "Your date is close" in page.text
    assert "An appointment is not an application" in page.text
    assert "Your date is close" not in page_of(database, visitor, far).text


def test_with_half_a_year_left_on_the_title_a_new_passport_means_renewal(
    visitor: Visitor, database: Database, config: Config, planned: Office, now: datetime
) -> None:
    with database.write() as session:
        office = session.get_one(Office, planned.id)
        for each in office.services:
            if each.slug == "eat-pick-up":
                each.slug = "transfer-to-new-passport"
    alone = Contact(mail="alone@beispiel.example")
    passport = begin(
        database, config, now.date() + 30 * DAY, now, kind=PASSPORT, contact=alone, language="en"
    )
    assert "/transfer-to-new-passport/" in page_of(database, visitor, passport).html
    begin(database, config, now.date() + 200 * DAY, now, kind=PERMIT, contact=alone)
    page = page_of(database, visitor, passport)
    assert "/transfer-to-new-passport/" not in page.html
    assert "/residence-permit-renewal/" in page.html
    assert "Residence permit: " in page.text, "the other date stands there, too"


def test_changing_applying_and_ending(
    visitor: Visitor, database: Database, config: Config, now: datetime
) -> None:
    number = begin(database, config, now.date() + 90 * DAY, now, language="en")
    page = page_of(database, visitor, number)
    later = now.date() + 400 * DAY
    german = visitor.tap(page, "Save", kind="blue_card", language="de", **day(later))
    assert 'lang="de"' in german.html, "the new language counts at once"
    changed = visitor.tap(german, "Speichern", kind="blue_card", language="en", **day(later))
    assert "We have noted it." in changed.text
    assert [(each.kind, each.expires_on) for each in watches(database)] == [("blue_card", later)]
    wrong = visitor.tap(page, "Save", kind="blue_card", language="en", **day(now.date() - DAY))
    assert (wrong.status, list(wrong.errors)) == (422, ["expires"])
    applied = visitor.tap(changed, "I have applied")
    assert "You get no more reminders of this date" in applied.text
    assert [each.state for each in watches(database)] == [WatchState.APPLIED]
    assert_sound(applied)
    ended = visitor.tap(applied, "Forget my contact")
    assert_sound(ended)
    assert watches(database) == []
    assert page_of(database, visitor, number).status == 404


def test_a_wrong_secret_opens_nothing(
    visitor: Visitor, database: Database, config: Config, now: datetime
) -> None:
    number = begin(database, config, now.date() + 90 * DAY, now, language="en")
    right = watching.path(database.vault, number)
    wrong = f"/reminders/{number:x}/{'a' * 24}/"
    assert [visitor.open(each).status for each in (right, wrong, wrong + "end")] == [200, 404, 405]
    assert visitor.send(wrong + "end", visitor.open(right).hidden).status == 404
    short = right.replace("/reminders/", "/r/").rstrip("/")
    assert visitor.open(short).address == right


@pytest.mark.parametrize("asks_for_proof", [True, False])
@pytest.mark.parametrize("to", [OLENA.mail, OLENA.phone])
def test_after_booking_only_the_date_is_missing(
    visitor: Visitor,
    database: Database,
    config: Config,
    renewal: Service,
    now: datetime,
    clock: time_machine.Traveller,
    asks_for_proof: bool,
    to: str,
) -> None:
    """What the appointment has not proven, a code proves: else anybody could have strangers written to."""
    with database.write() as session:
        office = session.get_one(Office, renewal.office_id)
        office.confirmation = Confirmation.EITHER if asks_for_proof else Confirmation.NONE
    _, token = hold_it(database, config, renewal, at(24, "8:00"), now)
    booked = book_it(database, config, token, now)
    with database.write() as session:
        secret = appointing.secret_of(session, booked)
        if asks_for_proof:
            confirming.confirm(session, session.get_one(Appointment, booked.id), now, settings=config)
    [link] = visitor.open(f"/appointments/{booked.reference}/{secret}/").links("Remind me before")
    page = visitor.open(link)
    assert_sound(page)
    ends = now.date() + 300 * DAY
    [place] = re.findall(rf'value="(\d)"[^>]*>\s*<label[^>]*>\s*{re.escape(to)}', page.html)
    done = visitor.tap(page, "Remind me", kind="residence_permit", to=place, **day(ends))
    if not asks_for_proof or to != OLENA.mail:
        assert watches(database) == []
        done = visitor.tap(done, "Remind me", code=code_of(database))
    else:
        assert place == "0", "and it is chosen already"
    assert "We remind you in time" in done.text
    with database.read() as session:
        [kept] = session.scalars(select(ExpiryWatch)).all()
        contact = watching.contact_of(session, kept)
        assert contact is not None
        assert (kept.expires_on, contact.to) == (ends, to)
    assert PHONE not in done.text


def test_a_contact_of_an_appointment_that_waits_for_its_proof_is_not_proven(
    visitor: Visitor,
    database: Database,
    config: Config,
    renewal: Service,
    now: datetime,
    clock: time_machine.Traveller,
) -> None:
    with database.write() as session:
        session.get_one(Office, renewal.office_id).confirmation = Confirmation.EITHER
    _, token = hold_it(database, config, renewal, at(24, "8:00"), now)
    booked = book_it(database, config, token, now)
    with database.read() as session:
        secret = appointing.secret_of(session, booked)
    page = visitor.open(f"/appointments/{booked.reference}/{secret}/remind-me")
    visitor.tap(page, "Remind me", kind="residence_permit", to="0", **day(now.date() + 300 * DAY))
    assert watches(database) == []


@pytest.mark.parametrize(("kind", "has_application"), [(PERMIT, True), (PASSPORT, False)])
def test_after_the_date_the_page_says_what_to_do_now_and_nothing_of_before(
    visitor: Visitor,
    database: Database,
    config: Config,
    planned: object,
    now: datetime,
    kind: DocumentKind,
    has_application: bool,
) -> None:
    number = begin(database, config, now.date() + 2 * DAY, now, kind=kind, language="en")
    with time_machine.travel(now + 5 * DAY, tick=False):
        page = page_of(database, visitor, number)
    assert_sound(page)
    for said in ("Your date has passed", "Please call us: ", "What you can do now"):
        assert said in page.text
    for said in ("Your date is close", "until then", "before the date", "Before your date"):
        assert said not in page.text
    assert ("send us your application in writing at once" in page.text) is has_application
