"""The API about offices and their services."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from frontoffice.db import Database
from frontoffice.offices.models import Office, Service


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


@pytest.mark.parametrize("rest", ["", "/services"])
@pytest.mark.parametrize(
    ("slug", "status"), [("nowhere", 404), ("Not-a-slug", 422), ("%00", 422), ("x" * 61, 422)]
)
def test_what_is_no_office_is_a_problem(
    client: FlaskClient, office: Office, slug: str, status: int, rest: str
) -> None:
    answer = client.get(f"/api/v1/offices/{slug}{rest}")
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
