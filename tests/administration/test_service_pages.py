"""Concerns on pages: in all languages, ordered, added, no longer offered; nothing booked is lost."""

from sqlalchemy import select

from frontoffice.booking.models import State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office, Service
from frontoffice.staff.models import Role
from tests.administration.conftest import HERE, changes
from tests.administration.fields import filled_in
from tests.agenda.conftest import SignIn
from tests.agenda.parts import all_appointments, booked
from tests.booking.steps import at
from tests.line.browsing import Browser
from tests.sample import RENEWAL

SERVICE = f"{HERE}/services/{RENEWAL}/"


def service(database: Database, slug: str = RENEWAL) -> Service:
    with database.read() as session:
        return session.scalars(select(Service).where(Service.slug == slug)).one()


def order(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Service.slug).order_by(Service.position)))


def test_a_concern_is_changed_in_all_languages_side_by_side(
    database: Database, administrator: Browser
) -> None:
    administrator.get(SERVICE)
    assert "Plain German" in administrator.text
    assert "Farsi" in administrator.text or "Persian" in administrator.text
    form = filled_in(administrator)
    assert form["documents-de"] == "Reisepass\nGebühr"
    form |= {
        "names-uk": " Продовження  дозволу ",
        "documents-uk": "Паспорт\n\n Збір ",
        "minutes_next_person": "15",
    }
    administrator.post(
        SERVICE, **form | {"minutes": "45", "reminders": "own", "reminder_hours": "72, 3", "online": []}
    )
    assert "Saved." in administrator.text
    found = service(database)
    assert (found.names["uk"], found.documents["uk"]) == ("Продовження дозволу", ["Паспорт", "Збір"])
    assert (found.minutes, found.minutes_next_person, found.reminder_hours) == (45, 15, [72, 3])
    assert (found.online, found.active) == (False, True)
    assert {"part": "services", "name": RENEWAL, "field": "minutes", "before": 30, "after": 45} in changes(
        database
    )


def test_what_can_be_empty_can_be_emptied(database: Database, administrator: Browser) -> None:
    administrator.get(SERVICE)
    administrator.post(SERVICE, **filled_in(administrator) | {"minutes_together": "10"})
    assert service(database).minutes_together == 10
    administrator.post(SERVICE, **filled_in(administrator) | {"minutes_together": "", "legal_basis": ""})
    assert (service(database).minutes_together, service(database).legal_basis) == (None, "")


MISTAKES: list[tuple[dict[str, str], str]] = [
    ({"names-de": ""}, "Please enter a text in German"),
    ({"minutes": "7"}, "Please enter a multiple of 5."),
    ({"minutes": ""}, "Please enter a whole number."),
    ({"minutes": "many"}, "Please enter a whole number."),
    ({"most_people": "21"}, "Please enter 20 or less."),
    ({"reminders": "own", "reminder_hours": "soon"}, "Please enter a whole number."),
    ({"leika": "123"}, "This cannot be used here."),
    ({"plain-en": "x" * 401}, "Please use at most 400 characters."),
    ({"biometrics": "retina"}, "Please choose one of the options."),
]


def test_a_mistake_stands_beside_its_field_and_nothing_is_saved(
    database: Database, administrator: Browser
) -> None:
    administrator.get(SERVICE)
    form = filled_in(administrator) | {"names-fr": "Renouveler"}
    for typed, says in MISTAKES:
        assert administrator.post(SERVICE, **form | typed).status_code == 422
        assert says in administrator.text
        assert filled_in(administrator)["names-fr"] == "Renouveler", "what was typed is still there"
    assert "fr" not in service(database).names
    assert changes(database) == []


def test_who_was_slower_keeps_what_was_typed_and_saves_after_looking_again(
    database: Database, administrator: Browser, lead: Browser
) -> None:
    administrator.get(SERVICE)
    lead.get(SERVICE)
    lead.post(SERVICE, **filled_in(lead) | {"minutes": "20"})
    typed = filled_in(administrator) | {"minutes": "40"}
    answer = administrator.post(SERVICE, **typed)
    assert answer.status_code == 409
    assert "Somebody has changed the settings of this office" in administrator.text
    assert service(database).minutes == 20
    again = filled_in(administrator)
    assert again["minutes"] == "40"
    administrator.post(SERVICE, **again)
    assert service(database).minutes == 40


def test_a_change_elsewhere_is_no_reason_to_refuse(administrator: Browser, lead: Browser) -> None:
    administrator.get(SERVICE)
    lead.get(f"{HERE}/office")
    lead.post(f"{HERE}/office", **filled_in(lead) | {"phone": "115"})
    administrator.post(SERVICE, **filled_in(administrator) | {"minutes": "40"})
    assert "Saved." in administrator.text


def test_a_concern_that_is_booked_is_no_longer_offered_and_stays(
    database: Database, config: Config, administrator: Browser, now
) -> None:
    booked(database, config, at(25, "8:00"), now)
    administrator.get(SERVICE)
    administrator.post(SERVICE, **filled_in(administrator) | {"active": []})
    assert service(database).active is False
    assert [each.state for each in all_appointments(database)] == [State.CONFIRMED]
    administrator.get("/book/musterstadt/")
    assert "Renew residence permit" not in administrator.text
    administrator.get(f"{HERE}/services/")
    assert "Renew residence permit not offered" in administrator.text


def test_concerns_are_ordered_and_come_from_the_catalogue_at_one_press(
    database: Database, administrator: Browser
) -> None:
    administrator.get(f"{HERE}/services/")
    first, second, third = order(database)
    administrator.post(f"{HERE}/services/", down=first)
    administrator.post(f"{HERE}/services/", up=third)
    assert order(database) == [second, third, first]
    administrator.post(f"{HERE}/services/", add="blue-card")
    assert order(database)[-1] == "blue-card"
    assert service(database, "blue-card").minutes == 30
    assert administrator.post(f"{HERE}/services/", add="blue-card").status_code == 404
    administrator.get(f"{HERE}/services/")
    assert administrator.post(f"{HERE}/services/", up="tea").status_code == 404


def test_a_concern_of_ones_own(database: Database, administrator: Browser, office: Office) -> None:
    administrator.get(f"{HERE}/services/new")
    form = filled_in(administrator) | {"names-de": "Tee", "plain-de": "Es gibt Tee.", "minutes": "10"}
    assert administrator.post(f"{HERE}/services/new", **form | {"slug": "Tee Stunde"}).status_code == 422
    assert administrator.post(f"{HERE}/services/new", **form | {"slug": RENEWAL}).status_code == 422
    assert "stands here twice." in administrator.text
    administrator.post(f"{HERE}/services/new", **form | {"slug": "tea"})
    assert administrator.path == f"{HERE}/services/tea/"
    assert "No team offers it yet" in administrator.text
    assert service(database, "tea").documents == {"de": []}
    assert {each["name"] for each in changes(database)} == {"tea"}


def test_missing_texts_are_counted(administrator: Browser) -> None:
    administrator.get(f"{HERE}/services/")
    assert "Ukrainian: 9" in administrator.text
    assert "English: 0" in administrator.text
    administrator.get(SERVICE)
    form = filled_in(administrator) | {"documents-en": "Passport", "names-uk": "x", "plain-uk": "y"}
    administrator.post(SERVICE, **form)
    administrator.get(f"{HERE}/")
    assert "1 text of the concerns is missing" in administrator.text
    administrator.get(f"{HERE}/services/")
    assert "Ukrainian: 7" in administrator.text


def test_the_desk_may_not_change_settings(sign_in: SignIn) -> None:
    for role in (Role.FRONT_DESK, Role.CASEWORKER, Role.AUDITOR):
        assert sign_in(role).get(SERVICE).status_code == 403
