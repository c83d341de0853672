"""The first page and the language switch."""

import pytest
from flask.testing import FlaskClient

from frontoffice.db import Database
from frontoffice.offices.models import Office
from tests.booking.visitor import Visitor
from tests.sample import sample_office


def test_one_office_leads_straight_to_its_services(client: FlaskClient, office: Office) -> None:
    page = Visitor(client).open("/")
    assert page.links("Book an appointment") == ["/book/musterstadt/"]
    assert page.links("I already have an appointment") == ["/appointments/"]


def test_several_offices_are_offered_with_their_addresses(
    client: FlaskClient, database: Database, office: Office
) -> None:
    with database.write() as session:
        sample_office(session, "andernort").name = "Ausländerbehörde Andernort"
    page = Visitor(client).open("/")
    assert page.links("Ausländerbehörde Andernort") == ["/book/andernort/"]
    assert page.links("Ausländerbehörde Musterstadt") == ["/book/musterstadt/"]
    assert "Rathausplatz 1, 12345 Musterstadt" in page.text


def test_without_an_office_the_page_says_so(client: FlaskClient) -> None:
    page = Visitor(client).open("/")
    assert (page.status, "No office can be booked here yet." in page.text) == (200, True)


def test_the_language_is_remembered_and_leads_back(client: FlaskClient, office: Office) -> None:
    visitor = Visitor(client)
    page = visitor.open("/language/de?next=/book/musterstadt/")
    assert page.address == "/book/musterstadt/"
    assert 'lang="de"' in page.html
    assert "Karte abholen" in visitor.open("/book/musterstadt/").text
    assert "Pick up card" in visitor.open("/language/en?next=/book/musterstadt/").text


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x", ""]
)
def test_nobody_is_sent_elsewhere(client: FlaskClient, office: Office, target: str) -> None:
    answer = client.get("/language/de", query_string={"next": target})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_a_language_that_is_not_offered_is_not_found(client: FlaskClient) -> None:
    assert client.get("/language/xx").status_code == 404
