"""What counts as a name, a date of birth, a way to reach somebody."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.booking import person
from frontoffice.booking.person import Person, WrongDetails
from frontoffice.errors import Invalid

TODAY = date(2026, 11, 23)
BORN = ("27", "3", "1991")


def wrong(
    name: str = "Olena", born: tuple[str, str, str] = BORN, mail: str = "", phone: str = "0151 23456789"
) -> list[str]:
    """The fields that are refused."""
    with pytest.raises(WrongDetails) as refusal:
        person.read(name, born, mail, phone, TODAY)
    return [each.field for each in refusal.value.problems]


def test_details_are_kept_in_one_form() -> None:
    read = person.read("  Olena   Kowalenko ", BORN, " Olena@Example.ORG ", "0151 234 567 89", TODAY)
    assert read == Person("Olena Kowalenko", date(1991, 3, 27), "Olena@example.org", "+4915123456789")


@pytest.mark.parametrize(
    "name", ["Suharto", "محمد الأحمد", "Nguyễn Thị Hoa", "O’Connor-Smith Jr.", "می‌خواهم", "X Æ A-12", "李娜"]
)
def test_names_of_all_kinds_are_names(name: str) -> None:
    assert person.full_name(name) == name


INVISIBLE = ["Ole\x00na", "Ole\nna", "Ole\u202ena", "Ole\u200bna", "Ole\ufeffna", "\ud800x"]


@pytest.mark.parametrize("name", ["", "   ", "12345", "…", "a" * 121, "a" * 10_000, *INVISIBLE])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert wrong(name=name) == ["name"]


def test_composed_and_decomposed_letters_are_the_same_name() -> None:
    assert person.full_name("Jose\u0301") == person.full_name("José")
    assert person.full_name("e\u0301" * 120) == "é" * 120


@pytest.mark.parametrize(
    "born",
    [
        ("31", "2", "1990"),
        ("29", "2", "2023"),
        ("1", "0", "1990"),
        ("1", "13", "1990"),
        ("1", "1", "90"),
        ("24", "11", "2026"),
        ("1", "1", "1899"),
        ("", "1", "1990"),
        ("1", "1", "-990"),
        ("²", "1", "1990"),
        ("1", "1", "1" * 5000),
        ("1.5", "1", "1990"),
        ("one", "may", "year"),
    ],
)
def test_what_is_no_date_of_birth_is_refused(born: tuple[str, str, str]) -> None:
    assert wrong(born=born) == ["born"]


def test_dates_of_birth_may_be_written_in_any_digits() -> None:
    assert person.date_of_birth("٢٧", "۳", "1991", TODAY) == date(1991, 3, 27)
    assert person.date_of_birth("29", "02", "2024", TODAY) == date(2024, 2, 29)
    assert person.date_of_birth("23", "11", "2026", TODAY) == TODAY
    assert person.date_of_birth("00", "0", "1980", TODAY).isoformat() == "1980-00-00"


def test_one_way_to_be_reached_is_enough_and_none_is_too_few() -> None:
    assert person.read("Amin", BORN, "amin@example.org", " ", TODAY).phone is None
    assert person.read("Amin", BORN, "", "+49 151 23456789", TODAY).mail is None
    assert wrong(mail=" ", phone="") == ["mail"]


def test_everything_wrong_is_said_at_once() -> None:
    assert wrong(name="", born=("", "", ""), mail="nobody", phone="12") == ["name", "born", "mail", "phone"]


@given(st.text(), st.tuples(st.text(), st.text(), st.text()), st.text(), st.text())
def test_whatever_is_typed_is_read_or_refused_and_can_be_kept(
    name: str, born: tuple[str, str, str], mail: str, phone: str
) -> None:
    try:
        read = person.read(name, born, mail, phone, TODAY)
    except Invalid:
        return
    assert Person.from_sealed(json.loads(json.dumps(read.to_seal()))) == read
    assert 1 <= len(read.name) <= 120
