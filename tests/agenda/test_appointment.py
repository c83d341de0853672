"""What staff do with an appointment: move and cancel it, mend its contact, see what happened."""

from datetime import datetime, timedelta

from frontoffice.booking.models import Appointment, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.staff.models import Role
from tests.agenda.conftest import SignIn
from tests.agenda.parts import (
    HERE,
    appointment,
    booked,
    events_of,
    hidden,
    links,
    messages,
    said,
    somebody,
)
from tests.booking.steps import AMIN, OLENA, at, differences
from tests.line.browsing import Browser

TUESDAY = "from=2026-11-24"


def test_moving_takes_the_new_time_and_tells_the_person_why(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    clerk.get(f"{HERE}/appointments/{one.reference}/move?{TUESDAY}")
    clerk.get(links(clerk, "09:30")[0])
    assert "New time: Tuesday, 24 November 2026 at 09:30" in clerk.text
    fields = {name: hidden(clerk, name)[0] for name in ("start", "sequence", "seats")}
    clerk.post(f"{HERE}/appointments/{one.reference}/move", note="Ms Probe is  ill.", **fields)
    assert "The appointment is moved." in clerk.text
    assert appointment(database, one.reference).start == at(24, "9:30")
    assert {said(database, each)["note"] for each in messages(database, "moved")} == {"Ms Probe is ill."}
    clerk.post(f"{HERE}/appointments/{one.reference}/move", note="", **fields)
    assert "The appointment is moved." not in clerk.text, "sent twice it is moved once"
    assert len(events_of(database, "appointment.moved")) == 1
    assert differences(database) == []


def test_what_a_colleague_has_changed_meanwhile_is_not_overwritten(
    database: Database, config: Config, sign_in: SignIn, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    address = f"{HERE}/appointments/{one.reference}"
    colleague = sign_in(Role.CASEWORKER)
    colleague.get(f"{address}/")
    clerk.get(f"{address}/")
    colleague.post(f"{address}/move", start=at(24, "9:00").isoformat(), sequence="0")
    for act, more in (("move", {"start": at(24, "10:00").isoformat()}), ("cancel", {})):
        clerk.post(f"{address}/{act}", sequence="0", **more)
        assert "has just been changed by somebody else" in clerk.text
    found = appointment(database, one.reference)
    assert (found.start, found.state) == (at(24, "9:00"), State.CONFIRMED)


def test_a_time_that_is_gone_leaves_the_appointment_where_it_is(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    for number in range(4):
        booked(database, config, at(24, "9:00"), now, somebody(number))
    clerk.get(f"{HERE}/appointments/{one.reference}/")
    clerk.post(f"{HERE}/appointments/{one.reference}/move", start=at(24, "9:00").isoformat(), sequence="0")
    assert clerk.page.status_code == 409
    assert "Somebody else has just taken this time." in clerk.text
    assert appointment(database, one.reference).start == at(24, "8:00")


def test_cancelling_tells_the_reason(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    clerk.get(f"{HERE}/appointments/{one.reference}/cancel")
    clerk.post(f"{HERE}/appointments/{one.reference}/cancel", sequence="0", note="You called us.")
    assert "The appointment is cancelled." in clerk.text
    assert appointment(database, one.reference).state is State.CANCELLED
    assert {said(database, each)["note"] for each in messages(database, "cancelled")} == {"You called us."}
    link = said(database, messages(database, "cancelled")[0])["link"]
    clerk.get(link.removeprefix("http://localhost"))
    assert "The office says: You called us." in " ".join(clerk.text.split())  # who gets an SMS reads it there
    assert events_of(database, "appointment.cancelled")[0].actor.startswith("account:")


def test_a_note_that_is_too_long_cancels_nothing(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    clerk.get(f"{HERE}/appointments/{one.reference}/cancel")
    clerk.post(f"{HERE}/appointments/{one.reference}/cancel", sequence="0", note="x" * 301)
    assert clerk.page.status_code == 422
    assert "Please use at most 300 characters." in clerk.text
    assert appointment(database, one.reference).state is State.CONFIRMED


def test_the_contact_is_changed_and_the_confirmation_sent_again(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now, AMIN)
    address = f"{HERE}/appointments/{one.reference}"
    clerk.get(f"{address}/contact")
    assert AMIN.phone in clerk.page.text
    clerk.post(f"{address}/contact", mail="nonsense", phone="")
    assert clerk.page.status_code == 422
    clerk.post(f"{address}/contact", mail="amin@example.org", phone="")
    assert "The contact is changed." in clerk.text
    assert "amin@example.org" in clerk.text
    before = len(messages(database, "booked"))
    for _ in range(2):
        clerk.post(f"{address}/send-again")
        assert "The confirmation is on its way again." in clerk.text
    assert len(messages(database, "booked")) == before + 1, "within a minute once"


def test_nothing_is_sent_again_to_nobody(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now, somebody(1, mail=False))
    clerk.get(f"{HERE}/appointments/{one.reference}/")
    assert "Send the confirmation again" not in clerk.text
    clerk.post(f"{HERE}/appointments/{one.reference}/send-again")
    assert "There is no address to send anything to" in clerk.text


def test_staff_confirm_for_somebody_who_calls(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    with database.write() as session:
        found = session.get_one(Appointment, one.id)
        found.state, found.confirm_by = State.UNCONFIRMED, now + timedelta(hours=1)
    clerk.get(f"{HERE}/appointments/{one.reference}/")
    assert "The contact is not confirmed yet. The appointment lapses at 09:00." in clerk.text
    clerk.post(f"{HERE}/appointments/{one.reference}/confirm")
    assert "The appointment is confirmed." in clerk.text
    assert appointment(database, one.reference).state is State.CONFIRMED


def test_the_page_of_an_appointment_tells_what_happened_and_what_else_the_person_has(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now, OLENA)
    booked(database, config, at(26, "10:00"), now, OLENA)
    clerk.get(f"{HERE}/appointments/{one.reference}/")
    clerk.post(f"{HERE}/appointments/{one.reference}/move", start=at(24, "9:00").isoformat(), sequence="0")
    assert "More appointments of this person Thu 26 Nov, 10:00" in clerk.text
    assert "Moved Mon 23 Nov, 08:00, Frontdesk Beispiel" in clerk.text


def test_a_form_without_its_token_does_nothing(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one = booked(database, config, at(24, "8:00"), now)
    answer = clerk.client.post(f"{HERE}/appointments/{one.reference}/cancel", data={"sequence": "0"})
    assert answer.status_code == 400
    assert appointment(database, one.reference).state is State.CONFIRMED
