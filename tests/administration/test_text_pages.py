"""The office itself, its own words, its reminders, and what it keeps for a shorter time."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from frontoffice.booking import reminding
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import ladders
from frontoffice.messages import retention
from frontoffice.messages.models import Message, MessageState
from frontoffice.offices.models import Office
from tests.administration.conftest import HERE, changes
from tests.administration.fields import filled_in
from tests.agenda.parts import booked, messages, said, somebody
from tests.booking.steps import at
from tests.line.browsing import Browser
from tests.sample import sample_office


def stored(database: Database) -> Office:
    with database.read() as session:
        return session.scalars(select(Office).where(Office.slug == "musterstadt")).one()


def save(browser: Browser, page: str, **typed: str) -> int:
    browser.get(f"{HERE}/{page}")
    return browser.post(f"{HERE}/{page}", **filled_in(browser) | typed).status_code


def test_the_office_is_changed_and_the_change_is_on_record(
    database: Database, administrator: Browser
) -> None:
    save(
        administrator,
        "office",
        name="Willkommensbehörde",
        languages="en, de",
        confirmation="either",
        land="BY",
    )
    office = stored(database)
    assert (office.name, office.languages, office.land) == ("Willkommensbehörde", ["en", "de"], "BY")
    assert {"part": "office", "field": "land", "before": "NW", "after": "BY"} in changes(database)
    administrator.get("/book/musterstadt/")
    assert save(administrator, "office", languages="tlh") == 422
    assert "There are no texts in “tlh”." in administrator.text
    assert save(administrator, "office", postal_code="") == 422
    assert "Please fill this in." in administrator.text


def test_the_offices_own_words_are_where_people_read_them(
    database: Database, config: Config, administrator: Browser, now: datetime
) -> None:
    typed = {"booking-de": "Der Aufzug <steht> still.", "booking-fr": "L'ascenseur est en panne."}
    typed |= {"confirmation-en": "The lift is out of order.", "screen-de": "Bitte\nTreppe nehmen."}
    save(administrator, "texts", **typed)
    administrator.get("/book/musterstadt/")
    assert "Der Aufzug <steht> still." in administrator.text
    assert "<steht>" not in administrator.page.text
    booked(database, config, at(25, "8:00"), now, somebody(1))
    [mail] = messages(database, "booked")
    assert said(database, mail)["note"] == "The lift is out of order."
    administrator.get("/screen/musterstadt/")
    assert "Bitte Treppe nehmen." in administrator.text
    save(administrator, "texts", **{"booking-de": "", "booking-fr": ""})
    assert stored(database).notes.keys() == {"confirmation", "screen"}


def test_reminders_are_sent_when_the_office_says(
    database: Database, config: Config, administrator: Browser, now: datetime
) -> None:
    booked(database, config, at(26, "8:00"), now, somebody(1))
    save(administrator, "times", reminders="own", reminder_hours="48")
    due = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    with database.write() as session:
        assert reminding.sweep(session, due - timedelta(minutes=1), settings=config).written == 0
    with database.write() as session:
        assert reminding.sweep(session, due, settings=config).written == 1
    with database.write() as session:
        later = due + timedelta(days=1)
        while (swept := reminding.sweep(session, later, settings=config)).until < later:
            assert swept.written == 0
        assert swept.written == 0, "not as configured"


def test_no_reminders_at_all(
    database: Database, config: Config, administrator: Browser, now: datetime
) -> None:
    booked(database, config, at(26, "8:00"), now, somebody(1))
    save(administrator, "times", reminders="none")
    assert stored(database).reminder_hours == []
    with database.write() as session:
        later = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
        while reminding.sweep(session, later, settings=config).until < later:
            pass
    assert messages(database, "reminder") == []


def test_documents_are_reminded_of_when_the_office_says(
    database: Database, config: Config, administrator: Browser
) -> None:
    own = {"rules": [{"kinds": ["passport"], "mutes": True}], "days": {"student": [60]}}
    with database.write() as session:
        session.scalars(select(Office)).one().document_reminders = own
    typed = {"title_days-choice": "own", "title_days": "120; 14", "passport_days-choice": "none"}
    assert save(administrator, "times", **typed) == 200
    kept = stored(database)
    assert kept.document_reminders == own | {"title_days": [120, 14], "passport_days": []}
    ladder = ladders.of(kept, config.documents)
    assert [ladder.days[kind] for kind in ("blue_card", "student", "passport")] == [(120, 14), (60,), ()]
    administrator.get(f"{HERE}/times")
    assert filled_in(administrator)["title_days"] == "120, 14"
    assert save(administrator, "times", **{"title_days-choice": "own", "title_days": "soon"}) == 422
    assert "Please enter a whole number." in administrator.text
    assert save(administrator, "times", title_days="900") == 422
    assert "Please enter 730 or less." in administrator.text
    usual = {"title_days-choice": "usual", "passport_days-choice": "usual"}
    assert save(administrator, "times", **usual) == 200
    assert stored(database).document_reminders == own


def test_an_office_keeps_for_a_shorter_time_and_never_longer(
    database: Database, config: Config, administrator: Browser, now: datetime
) -> None:
    with database.write() as session:
        sample_office(session, "elsewhere")
    assert save(administrator, "times", messages="8") == 422
    assert "Please enter 7 or less: as many as are configured." in administrator.text
    assert save(administrator, "times", messages="2") == 200
    assert stored(database).keep_days == {"messages": 2}
    booked(database, config, at(25, "8:00"), now, somebody(1))
    with database.write() as session:
        [mail] = session.scalars(select(Message))
        mail.state, mail.final_at = MessageState.SENT, now
        keep = timedelta(days=config.messages.keep_days)
        assert retention.redact(session, keep, now + timedelta(days=1)) == 0
        assert retention.redact(session, keep, now + timedelta(days=2)) == 1
