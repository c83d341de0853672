"""Names are found by sound and in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice import names


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Mohamad", ["محمد", "Muhammad", "Mohammed", "Mohammad Rahimi", "Mehmet", "Мухаммад"]),
        ("محمد", ["Muhammad", "Mohamed", "محمد الأحمد"]),
        ("Ahmad", ["أحمد", "Ahmet", "Ахмед", "محمد الأحمد", "Al-Ahmad", "Alahmad"]),
        ("Khalid", ["خالد", "Chalid", "Halid", "Khaled"]),
        ("Fatima", ["فاطمة", "Fatimah", "Fatma", "Fatıma"]),
        ("Yusuf", ["يوسف", "Youssef", "Jusuf", "Юсуф"]),
        ("Hussein", ["حسین", "Husain", "Hussain", "Hüseyin"]),
        ("Ali", ["علي", "Aly"]),
        ("Nour", ["نور", "Nur", "Noor"]),
        ("Kowalenko", ["Коваленко", "Kovalenko", "Olena Kowalenko"]),
        ("Tkachenko", ["Ткаченко", "Tkatschenko", "Tkaczenko"]),
        ("Julia", ["Юлія", "Yuliya", "Юлия"]),
        ("Tatjana", ["Татьяна", "Tatiana", "Tetiana"]),
        ("Scherbak", ["Щербак", "Shcherbak"]),
        ("Nguyen", ["Nguyễn Thị Hoa"]),
        ("Yildiz", ["Yıldız"]),
        ("Mueller", ["Müller"]),
        ("li na", ["李娜"]),
        ("Abdullah", ["عبدالله"]),
        ("Garcia", ["María José García de la Cruz"]),
        ("Kowalneko", ["Kowalenko"]),  # mistyped
        ("Moh", ["Mohammed", "Mohammad Rahimi"]),
    ],
)
def test_a_name_is_found_however_it_is_written(typed: str, found: list[str]) -> None:
    assert [name for name in found if names.closeness(typed, name) == 0] == []


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("Mohamad", "Mamadou Karim"),
        ("Ali", "Olena"),
        ("Anna", "Ivan"),
        ("Kowalenko", "Kowalczyk"),
        ("Fatima", "Farida"),
        ("Mohamad Rahimi", "Mohammad Karimi"),  # every word has to fit
        ("Li", "Suharto"),
        ("", "Suharto"),
        ("!!!", "Suharto"),
    ],
)
def test_another_name_is_not_found(typed: str, other: str) -> None:
    assert names.closeness(typed, other) == 0


def test_the_same_spelling_comes_before_the_same_sound_and_that_before_what_is_only_alike() -> None:
    people = ["Kowalenka", "محمد", "Mohamadi", "Mohammed", "Mohamad"]
    fitting = sorted(people, key=lambda name: -names.closeness("Mohamad", name))
    assert fitting[:2] == ["Mohamad", "Mohamadi"]
    assert set(fitting[2:4]) == {"محمد", "Mohammed"}


def test_names_of_all_scripts_stand_in_one_order() -> None:
    people = ["Юсупов", "Zhang", "Åberg", "محمد", "Nguyễn", "Ткаченко"]
    assert sorted(people, key=names.sort_key) == ["Åberg", "محمد", "Nguyễn", "Ткаченко", "Юсупов", "Zhang"]


@given(st.text(min_size=1, max_size=40))
def test_a_name_finds_itself(name: str) -> None:
    if names.words_of(name):
        assert names.closeness(name, name) == 1
