"""The starter catalogue is complete, and an office gets it once."""

import re
import tomllib
from importlib.resources import files

import pytest
from sqlalchemy import func, select

from frontoffice.db import Database
from frontoffice.languages import COMING, SUPPORTED
from frontoffice.offices import catalogue
from frontoffice.offices.models import Biometrics, Office, Service

# In the order of the catalogue: minutes and biometrics of every service.
EXPECTED = {
    "first-residence-permit": (45, "yes"),
    "residence-permit-renewal": (30, "yes"),
    "student": (30, "yes"),
    "vocational-training": (30, "yes"),
    "skilled-worker": (30, "yes"),
    "blue-card": (30, "yes"),
    "opportunity-card": (30, "yes"),
    "self-employed": (45, "yes"),
    "family-reunion": (45, "yes"),
    "humanitarian": (30, "yes"),
    "temporary-protection": (30, "yes"),
    "settlement-permit": (45, "yes"),
    "eu-long-term-residence": (45, "yes"),
    "transfer-to-new-passport": (20, "yes"),
    "eat-pick-up": (10, "no"),
    "provisional-certificate": (15, "no"),
    "declaration-of-commitment": (20, "no"),
    "toleration": (20, "photo"),
    "asylum-seekers-permission": (15, "photo"),
    "travel-document": (20, "yes"),
    "change-of-conditions-or-employer": (30, "maybe"),
    "fast-track": (60, "no"),
    "residence-card-eu-family": (30, "yes"),
    "naturalisation-advice": (45, "no"),
    "welcome-counselling": (60, "no"),
    "emergency": (15, "no"),
}


FOLDER = files("frontoffice.offices")


def starter_text() -> str:
    return FOLDER.joinpath("catalogue.toml").read_text(encoding="utf-8")


def words(code: str) -> str:
    return FOLDER.joinpath("texts", f"{code}.toml").read_text(encoding="utf-8")


def new_office(slug: str) -> Office:
    return Office(
        slug=slug,
        name="Ausländerbehörde Musterstadt",
        street="Rathausplatz 1",
        postal_code="12345",
        city="Musterstadt",
        phone="+49 30 1234567",
        mail="office@example.org",
        land="NW",
        languages=["de", "en"],
    )


def test_the_catalogue_has_the_26_services_in_their_order_with_their_length_and_biometrics() -> None:
    drafts = catalogue.starter_services()
    assert {each.slug: (each.minutes, each.biometrics) for each in drafts} == EXPECTED
    assert [each.slug for each in drafts] == list(EXPECTED)
    assert [each.position for each in drafts] == list(range(1, 27))


@pytest.mark.parametrize("draft", catalogue.starter_services(), ids=lambda draft: draft.slug)
def test_every_service_says_in_every_language_what_it_is_and_what_to_bring(
    draft: catalogue.ServiceDraft,
) -> None:
    for language in SUPPORTED:
        assert draft.names[language]
        assert len(draft.documents[language]) == len(draft.documents["de"])
        assert all(len(line) >= 3 for line in draft.documents[language])
    assert re.search(r"\b(Sie|Ihre?|Ihr)\b", draft.plain["de"])
    assert re.search(r"\b[Yy]ours?\b|\b[Yy]ou\b", draft.plain["en"])
    for language in SUPPORTED:
        sentences = draft.plain[language]
        assert sentences.endswith(".")
        assert language == "de-simple" or sentences.count(".") == 1


@pytest.mark.parametrize("code", [*SUPPORTED, *COMING])
def test_a_language_in_the_making_has_a_place_for_every_text_and_no_other(code: str) -> None:
    kept, german = (tomllib.loads(words(each)) for each in (code, "de"))
    assert kept["services"].keys() == german["services"].keys()
    assert kept["documents"].keys() == german["documents"].keys()
    assert {tuple(each) for each in kept["services"].values()} == {("name", "plain")}


def test_every_text_is_used() -> None:
    asked = {key for each in tomllib.loads(starter_text())["service"] for key in each["documents"]}
    assert tomllib.loads(words("de"))["documents"].keys() == asked


def test_no_two_services_look_alike() -> None:
    drafts = catalogue.starter_services()
    for language in SUPPORTED:
        assert len({each.names[language] for each in drafts}) == 26
        assert len({each.plain[language] for each in drafts}) == 26


def test_a_photo_is_asked_for_exactly_where_one_is_surely_needed() -> None:
    for draft in catalogue.starter_services():
        asked = any("biometric photo" in line.lower() for line in draft.documents["en"])
        assert asked == (draft.biometrics in (Biometrics.YES, Biometrics.PHOTO)), draft.slug


def test_all_but_the_emergency_can_be_booked_online_and_six_need_no_appointment() -> None:
    drafts = catalogue.starter_services()
    assert [each.slug for each in drafts if not each.online] == ["emergency"]
    assert [each.slug for each in drafts if each.walk_in] == [
        "eat-pick-up",
        "provisional-certificate",
        "toleration",
        "asylum-seekers-permission",
        "welcome-counselling",
        "emergency",
    ]


def test_every_service_promises_two_weeks_and_has_no_invented_key() -> None:
    assert {(each.promise_days, each.leika) for each in catalogue.starter_services()} == {(14, None)}


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ("minutes = 10", "minutes = 12", "minutes"),
        ("minutes = 10", "minutes = 0", "minutes"),
        ("position = 7\n", "position = 8\n", "position used twice: 8"),
        ('biometrics = "maybe"', 'biometrics = "perhaps"', "biometrics"),
        ("walk_in = true", "walk-in = true", "walk-in"),
        ('slug = "student"', 'slug = "blue-card"', "slug used twice: blue-card"),
        ('slug = "student"', 'slug = "Für Studierende"', "no text in: de, "),
        ('"lease"', '"leasse"', "no text in de for the document leasse"),
    ],
)
def test_a_catalogue_with_a_slip_is_refused_and_the_slip_is_named(
    good: str, bad: str, complaint: str
) -> None:
    text = starter_text()
    assert good in text
    spoken = {code: catalogue.texts_of(words(code)) for code in SUPPORTED}
    with pytest.raises(ValueError, match=complaint):
        catalogue.parse(text.replace(good, bad, 1), spoken)


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ('name = "Duldung"', 'name = "  "', "services.toleration.name"),
        ('lease = "Mietvertrag"', 'lease = ""', "documents.lease"),
        ("[services.student]", "[services.students]", "no text in: de"),
        ('lease = "', 'leasse = "', "no text in de for the document lease"),
    ],
)
def test_texts_with_a_slip_are_refused_and_the_slip_is_named(good: str, bad: str, complaint: str) -> None:
    assert good in words("de")
    with pytest.raises(ValueError, match=complaint):
        spoken = {code: catalogue.texts_of(words(code)) for code in SUPPORTED}
        changed = catalogue.texts_of(words("de").replace(good, bad, 1))
        catalogue.parse(starter_text(), spoken | {"de": changed})


def test_an_office_gets_the_whole_catalogue(database: Database) -> None:
    with database.write() as session:
        office = new_office("musterstadt")
        session.add(office)
        added = catalogue.add_to(session, office)
        assert [each.slug for each in added] == list(EXPECTED)
    with database.read() as session:
        stored = session.scalars(select(Service).order_by(Service.position)).all()
        drafts = catalogue.starter_services()
        for service, draft in zip(stored, drafts, strict=True):
            assert {name: getattr(service, name) for name in draft.model_dump()} == draft.model_dump()
            assert service.office.slug == "musterstadt"
            assert service.active


def test_adding_the_catalogue_twice_adds_nothing_and_keeps_what_the_office_changed(
    database: Database,
) -> None:
    with database.write() as session:
        office = new_office("musterstadt")
        session.add(office)
        first = catalogue.add_to(session, office)
        next(each for each in first if each.slug == "blue-card").minutes = 50
    with database.write() as session:
        office = session.scalars(select(Office)).one()
        again = catalogue.add_to(session, office)
        assert [each.id for each in again] == [each.id for each in first]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Service)) == 26
        assert session.scalar(select(Service.minutes).where(Service.slug == "blue-card")) == 50


def test_a_new_language_is_added_to_the_words_of_the_catalogue_and_not_to_an_offices_own(
    database: Database,
) -> None:
    with database.write() as session:
        office = new_office("musterstadt")
        session.add(office)
        for service in catalogue.add_to(session, office):
            service.names = {"de": service.names["de"]}
            service.plain = {"de": "Eigene Worte."}
    with database.write() as session:
        office = session.scalars(select(Office)).one()
        draft = catalogue.starter_services()[0]
        service = catalogue.add_to(session, office)[0]
        assert service.names == draft.names
        assert service.plain == {"de": "Eigene Worte."}


def test_only_what_an_office_lacks_is_added(database: Database) -> None:
    with database.write() as session:
        office = new_office("musterstadt")
        session.add(office)
        removed = catalogue.add_to(session, office)[3]
        session.delete(removed)
    with database.write() as session:
        office = session.scalars(select(Office)).one()
        catalogue.add_to(session, office)
    with database.read() as session:
        slugs = session.scalars(select(Service.slug).order_by(Service.position)).all()
        assert slugs == list(EXPECTED)


def test_two_offices_have_catalogues_of_their_own(database: Database) -> None:
    with database.write() as session:
        for slug in ("musterstadt", "neustadt"):
            office = new_office(slug)
            session.add(office)
            catalogue.add_to(session, office)
    with database.read() as session:
        counted = session.execute(select(Service.office_id, func.count()).group_by(Service.office_id)).all()
        assert [count for _, count in counted] == [26, 26]
