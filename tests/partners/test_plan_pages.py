"""The page of a partner without programmers: a list in, a plan, the result out."""

import io
import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from frontoffice.booking.models import Appointment, Hold
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.partners import registering
from frontoffice.partners.models import Partner
from tests.booking.visitor import Page, Visitor
from tests.partners.parts import Added, Program, add_partner, differences, somebody
from tests.sample import PICK_UP, RENEWAL

LIST = """name;born;mail;phone;language;concern;reference
Olena Kowalenko;27.3.1991;olena@example.org;;en;;P-1
=cmd|' /C calc'!A0;1.12.1988;amin@example.org;;de;Karte abholen;P-2
"""
WINDOW = {
    "concern": RENEWAL,
    "first": "2026-11-24",
    "last": "2026-11-27",
    "opens": "",
    "closes": "",
    "weekdays": ["1", "2"],
}


@pytest.fixture
def partner(database: Database, planned: Office, clock: time_machine.Traveller) -> Added:
    """A partner with a link."""
    return add_partner(database, "Beratungsstelle Muster")


@pytest.fixture
def visitor(app: Flask, partner: Added) -> Visitor:
    """Somebody at the partner."""
    return Visitor(app.test_client())


def send(visitor: Visitor, partner: Added, text: str = LIST, **changed: object) -> Page:
    """Open the page, type the list and send it."""
    page = visitor.open(f"/partner/{partner.link}/")
    return visitor.send(page.address, {**page.hidden, **WINDOW, "rows": text, **changed})  # type: ignore[dict-item]


def press(visitor: Visitor, page: Page, action: str) -> Page:
    """Press the button whose form leads to `action`."""
    (address,) = re.findall(rf'action="([^"]+/{action})"', page.html)
    return visitor.send(address, page.hidden)


def stored(database: Database) -> tuple[int, int]:
    with database.read() as session:
        holds = session.scalar(select(func.count()).select_from(Hold).where(Hold.released_at.is_(None)))
        return holds or 0, session.scalar(select(func.count()).select_from(Appointment)) or 0


def test_from_a_list_to_appointments_and_their_file(
    visitor: Visitor, partner: Added, database: Database
) -> None:
    plan = send(visitor, partner)
    assert plan.status == 200, plan.text
    assert "2 appointments" in plan.text
    assert "Olena Kowalenko" in plan.text
    assert stored(database) == (2, 0)
    done = press(visitor, plan, "confirm")
    assert "All of it is booked" in done.text
    assert stored(database) == (0, 2)
    answer = visitor.client.get(done.links("Download")[0], headers={"Accept-Language": "en"})
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    heading, first, second = answer.data.decode("utf-8-sig").splitlines()
    assert heading.startswith("No.;Name;Date of birth;Concern;Date;Time;Booking code;Reference")
    assert re.fullmatch(
        r"1;Olena Kowalenko;27.03.1991;Renew residence permit;24.11.2026;08:00;....-....;P-1;", first
    )
    assert second.startswith("2;'=cmd|")  # nobody's spreadsheet runs it
    assert differences(database) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_file_can_be_uploaded(visitor: Visitor, partner: Added, database: Database, encoding: str) -> None:
    file = (io.BytesIO("Jürgen Müßig;1.1.1980;j@example.org".encode(encoding)), "liste.csv")
    plan = send(visitor, partner, "", file=file)
    assert "Jürgen Müßig" in plan.text
    assert stored(database) == (1, 0)


def test_wrong_lines_are_named_and_what_was_sent_can_be_mended(
    visitor: Visitor, partner: Added, database: Database
) -> None:
    text = LIST + "Amin;31.2.1988;amin@example.org\nBela;1.1.1980;\n"
    page = send(visitor, partner, text)
    assert page.status == 422
    assert "Line 4: This date does not exist" in page.text
    assert "Line 5: Please enter a mail address" in page.text
    assert "Bela;1.1.1980;" in page.html
    assert page.title.startswith("Error:")
    assert stored(database) == (0, 0)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"rows": ""}, "There are no people"),
        ({"rows": 'Olena;"1.1.1980'}, "Line 1: Please enter a mail address"),
        ({"first": ""}, "Please enter a date"),
        ({"first": "2026-11-28"}, "at least one day"),
        ({"last": "2027-11-28"}, "no more days than 62"),
        ({"opens": "noon"}, "a time such as"),
        ({"opens": "12:00", "closes": "11:00"}, "after its beginning"),
        (
            {"concern": "no-such-service", "rows": "Olena;1.1.1980;o@example.org"},
            "what the appointment is for",
        ),
    ],
)
def test_what_cannot_be_planned_is_said(
    visitor: Visitor, partner: Added, database: Database, changed: dict[str, str], sentence: str
) -> None:
    page = send(visitor, partner, **changed)
    assert page.status == 422
    assert sentence in page.text
    assert stored(database) == (0, 0)


def test_the_same_form_sent_twice_makes_one_plan(
    visitor: Visitor, partner: Added, database: Database
) -> None:
    page = visitor.open(f"/partner/{partner.link}/")
    first, again = (visitor.send(page.address, {**page.hidden, **WINDOW, "rows": LIST}) for _ in range(2))  # type: ignore[dict-item]
    assert first.address == again.address
    assert stored(database) == (2, 0)


def test_confirming_twice_books_once(visitor: Visitor, partner: Added, database: Database) -> None:
    plan = send(visitor, partner)
    for _ in range(2):
        assert press(visitor, plan, "confirm").status == 200
    assert stored(database) == (0, 2)


def test_the_times_can_be_given_back(visitor: Visitor, partner: Added, database: Database) -> None:
    plan = send(visitor, partner)
    assert "given back" in press(visitor, plan, "give-back").text
    assert stored(database) == (0, 0)
    assert press(visitor, plan, "confirm").status == 409


def test_a_lapsed_plan_says_so(
    visitor: Visitor, partner: Added, database: Database, clock: time_machine.Traveller
) -> None:
    plan = send(visitor, partner)
    clock.shift(timedelta(minutes=31))
    late = press(visitor, plan, "confirm")
    assert (late.status, "not confirmed in time" in late.text) == (409, True)
    assert "Book all of them" not in visitor.open(plan.address).text
    assert stored(database)[1] == 0


def test_who_does_not_fit_stands_on_the_page_and_in_the_file(visitor: Visitor, partner: Added) -> None:
    people = "\n".join(f"{somebody(n)['name']};{somebody(n)['born']};p{n}@example.org" for n in range(3))
    plan = send(visitor, partner, people, last="2026-11-24", opens="08:00", closes="08:30")
    assert "1 person without a time" in plan.text
    assert "No free time is left in this window" in plan.text
    text = visitor.client.get(plan.links("Download")[0], headers={"Accept-Language": "en"}).data.decode(
        "utf-8-sig"
    )
    assert "No free time is left in this window" in text.splitlines()[3]


def test_only_what_was_agreed_can_be_chosen(app: Flask, partner: Added, database: Database) -> None:
    other = add_partner(database, "Nur Abholung", services=[PICK_UP])
    page = Visitor(app.test_client()).open(f"/partner/{other.link}/")
    assert re.findall(r'<option value="([^"]+)"', page.html) == [PICK_UP]


def test_a_quota_that_is_used_up_is_said_before(
    app: Flask, partner: Added, database: Database, clock: time_machine.Traveller
) -> None:
    one = add_partner(database, "Eine", quota=1)
    Program(app, one).book()
    page = Visitor(app.test_client()).open(f"/partner/{one.link}/")
    assert "Your quota is used up" in page.text
    assert "30 November 2026" in page.text


def test_a_wrong_or_revoked_link_opens_nothing(visitor: Visitor, partner: Added, database: Database) -> None:
    plan = send(visitor, partner)
    other = add_partner(database, "Andere")
    assert visitor.open(plan.address.replace(partner.link, other.link)).status == 404
    assert visitor.open(f"/partner/{'x' * 32}/").status == 404
    with database.write() as session:
        found = session.get_one(Partner, partner.id)
        registering.revoke_link(session, found, found.created_at)
    assert visitor.open(f"/partner/{partner.link}/").status == 404
    assert press(visitor, plan, "confirm").status == 404
    assert stored(database) == (2, 0)


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["Amin", "1.1.1980", "a@example.org", "015187654321", "de", RENEWAL, '"', ";", "\r", "\x00"]
)


def test_no_list_breaks_the_page(app: Flask, partner: Added) -> None:
    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(st.lists(cells, max_size=8), max_size=4),
        st.sampled_from([";", ",", "\t"]),
        st.binary(max_size=80),
    )
    def answers(table: list[list[str]], separator: str, file: bytes) -> None:
        text = "\n".join(separator.join(row) for row in table)
        visitor = Visitor(app.test_client())
        upload = {"file": (io.BytesIO(file), "x.csv")} if len(table) % 2 else {}
        assert send(visitor, partner, text, **upload).status in (200, 422)

    answers()
