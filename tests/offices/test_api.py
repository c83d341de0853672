"""The API about offices and their services."""

from datetime import date, time

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from frontoffice.db import Database
from frontoffice.offices.models import Closure, Confirmation, Office, OpeningHours, Schedule, Service


def test_offices_are_listed_with_the_address_of_their_booking(client: FlaskClient, office: Office) -> None:
    (listed,) = client.get("/api/v1/offices").json["offices"]
    assert listed == client.get("/api/v1/offices/musterstadt").json
    assert (listed["slug"], listed["postal_code"], listed["land"]) == ("musterstadt", "12345", "NW")
    assert listed["time_zone"] == "Europe/Berlin"
    assert client.get(listed["booking_url"]).status_code == 200


def test_services_are_listed_in_the_order_of_the_office(client: FlaskClient, office: Office) -> None:
    answer = client.get("/api/v1/offices/musterstadt/services")
    assert answer.status_code == 200
    assert [each["slug"] for each in answer.json["services"]] == [
        "residence-permit-renewal",
        "eat-pick-up",
        "welcome-counselling",
    ]
    renewal, _, counselling = answer.json["services"]
    assert renewal["names"] == {"de": "Aufenthaltserlaubnis verlängern", "en": "Renew residence permit"}
    assert (renewal["minutes"], renewal["online"], renewal["biometrics"], renewal["leika"]) == (
        30,
        True,
        "yes",
        None,
    )
    assert (counselling["online"], counselling["walk_in"]) == (False, True)


def test_a_service_that_is_no_longer_offered_is_not_listed(
    client: FlaskClient, database: Database, office: Office
) -> None:
    with database.write() as session:
        session.execute(update(Service).where(Service.slug == "eat-pick-up").values(active=False))
    services = client.get("/api/v1/offices/musterstadt/services").json["services"]
    assert "eat-pick-up" not in [each["slug"] for each in services]
    assert client.get("/book/musterstadt/eat-pick-up/").status_code == 404


def test_without_offices_the_list_is_empty(client: FlaskClient) -> None:
    assert client.get("/api/v1/offices").json == {"offices": []}


@pytest.mark.parametrize("rest", ["", "/services", "/hours"])
@pytest.mark.parametrize(
    ("slug", "status"), [("nowhere", 404), ("Not-a-slug", 422), ("%00", 422), ("x" * 61, 422)]
)
def test_what_is_no_office_is_a_problem(
    client: FlaskClient, office: Office, slug: str, status: int, rest: str
) -> None:
    answer = client.get(f"/api/v1/offices/{slug}{rest}")
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_opening_hours_are_public_as_far_as_they_concern_the_public(
    client: FlaskClient, database: Database, office: Office
) -> None:
    with database.write() as session:
        schedule = session.scalars(select(Schedule)).one()
        schedule.pooled, schedule.place = False, "Universität, Raum 012"
        rules = session.scalars(select(OpeningHours).order_by(OpeningHours.weekday)).all()
        rules[0].breaks, rules[0].bookable_from_days = [["10:00", "10:15"]], 35
        rules[0].release_time, rules[0].nth = time(8), -1
        rules[1].valid_until = date(2026, 1, 2)
        session.execute(update(Service).where(Service.slug == "eat-pick-up").values(active=False))
        session.add_all(
            [
                Closure(office_id=office.id, day=date(2098, 1, 2), opens=time(9), reason="Streik"),
                Closure(
                    office_id=office.id, schedule_id=schedule.id, day=date(2098, 1, 1), reason="Personalsache"
                ),
                Closure(office_id=office.id, day=date(2020, 1, 1), reason="Vorbei"),
            ]
        )
    answer = client.get("/api/v1/offices/musterstadt/hours").json
    (listed,) = answer["schedules"]
    assert (listed["slug"], listed["pooled"], listed["place"]) == ("main", False, "Universität, Raum 012")
    assert listed["services"] == ["residence-permit-renewal", "welcome-counselling"]
    assert [each["weekday"] for each in listed["opening_hours"]] == [0, 2, 3, 4]
    assert listed["opening_hours"][0] == {
        "weekday": 0,
        "opens": "08:00:00",
        "closes": "12:00:00",
        "breaks": [["10:00", "10:15"]],
        "valid_from": "2026-01-01",
        "valid_until": None,
        "every_weeks": 1,
        "nth": -1,
        "bookable_from_days": 35,
        "release_time": "08:00:00",
        "bookable_until_days": 0,
    }
    assert answer["closures"] == [
        {"day": "2098-01-01", "schedule": "main", "opens": None, "closes": None},
        {"day": "2098-01-02", "schedule": None, "opens": "09:00:00", "closes": None},
    ]
    assert "Personalsache" not in str(answer)


def test_a_family_can_see_how_long_it_takes(client: FlaskClient, database: Database, office: Office) -> None:
    with database.write() as session:
        session.execute(update(Service).values(minutes_next_person=15, minutes_together=20, most_people=4))
        session.execute(update(Office).values(confirmation=Confirmation.EITHER))
    service = client.get("/api/v1/offices/musterstadt/services").json["services"][0]
    assert (service["minutes_next_person"], service["minutes_together"], service["most_people"]) == (
        15,
        20,
        4,
    )
    assert client.get("/api/v1/offices/musterstadt").json["confirmation"] == "either"
