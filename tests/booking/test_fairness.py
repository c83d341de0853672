"""How many coming appointments one person, one mail address and one phone may have."""

import multiprocessing
import secrets
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from frontoffice import schema
from frontoffice import vault as vaults
from frontoffice.booking import blocking, fairness
from frontoffice.booking.models import Appointment, BlockedKind, Channel, DaySheet, Share, State
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import (
    AlreadyComing,
    NotAccepted,
    TooManyForMail,
    TooManyForPhone,
    TooManyFromNetwork,
)
from frontoffice.config import Config, Fairness
from frontoffice.db import Database
from frontoffice.offices.models import Office, Service
from frontoffice.vault import Vault
from tests.booking.steps import AMIN, OLENA, at
from tests.conftest import KEY
from tests.sample import PICK_UP, RENEWAL

RULES = Fairness()
PATIENCE = 120  # seconds until a test that hangs fails
spawn = multiprocessing.get_context("spawn")


class Wish(NamedTuple):
    """A visit, as far as fairness wants to know it."""

    service_ids: tuple[int, ...]


@pytest.fixture
def sheet_on_file(database: Database, office: Office) -> None:
    """A day sheet that appointments can point to; what is on it does not matter here."""
    with database.write() as session:
        schedule = session.get_one(Office, office.id).schedules[0]
        session.add(
            DaySheet(
                schedule_id=schedule.id, day=date(2026, 11, 25), capacity=b"", taken=b"", free=b"", gates=b""
            )
        )


@pytest.fixture
def renewal(office: Office, sheet_on_file: None) -> Service:
    """A service of the office."""
    return next(each for each in office.services if each.slug == RENEWAL)


@pytest.fixture
def pick_up(office: Office) -> Service:
    """Another one."""
    return next(each for each in office.services if each.slug == PICK_UP)


def add(database: Database, service: Service, person: Person, start: datetime, **changed: Any) -> Appointment:
    """An appointment, as it stands in the table."""
    with database.write() as session:
        return insert(session, service.id, service.office_id, person, start, **changed)


def insert(
    session: Session, service: int, office: int, person: Person, start: datetime, **changed: Any
) -> Appointment:
    """An appointment, not committed yet."""
    found = fairness.digests(vaults.of(session), person)
    values = {
        "reference": f"{secrets.randbelow(10**8):08}",
        "items": [[service, 1]],
        "channel": Channel.ONLINE,
        "share": Share.ONLINE,
        "state": State.CONFIRMED,
        "first_tick": 0,
        "ticks": 1,
        "start": start,
        "language": "en",
        "person": b"",
        "person_digest": found.person,
        "mail_digest": found.mail,
        "phone_digest": found.phone,
        "created_at": start - timedelta(days=30),
        "changed_at": start - timedelta(days=30),
    }
    sheet = session.scalars(select(DaySheet.id).limit(1)).one()
    appointment = Appointment(service_id=service, office_id=office, sheet_id=sheet, **{**values, **changed})
    session.add(appointment)
    return appointment


def check(
    database: Database,
    person: Person,
    now: datetime,
    *services: Service,
    rules: Fairness = RULES,
    besides: int = 0,
) -> None:
    """Ask whether the person may book these services."""
    with database.write() as session:
        wish = Wish(tuple(each.id for each in services))
        fairness.check_person(session, person, wish, now, rules=rules, besides=besides)


def test_one_person_has_one_coming_appointment_for_a_service(
    database: Database, renewal: Service, pick_up: Service, now: datetime
) -> None:
    check(database, OLENA, now, renewal)
    add(database, renewal, OLENA, at(25, "09:40"))
    with pytest.raises(AlreadyComing) as refusal:
        check(database, OLENA, now, renewal)
    assert "25.11.2026 at 09:40" in str(refusal.value)
    with pytest.raises(AlreadyComing):
        check(database, OLENA, now, pick_up, renewal)
    check(database, OLENA, now, pick_up)
    check(database, AMIN, now, renewal)
    check(database, OLENA, now, renewal, rules=Fairness(appointments_per_person=2))


def test_a_second_service_of_a_visit_counts_too(
    database: Database, renewal: Service, pick_up: Service, now: datetime
) -> None:
    add(database, renewal, OLENA, at(25, "09:00"), items=[[renewal.id, 1], [pick_up.id, 3]])
    with pytest.raises(AlreadyComing):
        check(database, OLENA, now, pick_up)


@pytest.mark.parametrize(
    "person",
    [
        replace(OLENA, name="KOWALENKO OLENA"),
        replace(OLENA, name="Olena\u00a0Kowalenko"),
        replace(OLENA, name="Oléna-Kowalenko", mail="someone@else.example", phone=None),
    ],
)
def test_the_same_person_is_known_again(
    database: Database, renewal: Service, now: datetime, person: Person
) -> None:
    add(database, renewal, OLENA, at(25, "09:00"))
    with pytest.raises(AlreadyComing):
        check(database, person, now, renewal)


def test_another_day_of_birth_is_another_person(database: Database, renewal: Service, now: datetime) -> None:
    add(database, renewal, OLENA, at(25, "09:00"))
    check(database, replace(OLENA, born=date(1991, 3, 28)), now, renewal)


def test_who_knows_only_name_and_date_of_birth_is_not_told_when(
    database: Database, renewal: Service, now: datetime
) -> None:
    add(database, renewal, OLENA, at(25, "09:40"))
    for stranger in (
        replace(OLENA, mail="stranger@example.org", phone=None),
        replace(OLENA, mail=None, phone="+4915111111111"),
    ):
        with pytest.raises(AlreadyComing) as refusal:
            check(database, stranger, now, renewal)
        assert "25.11" not in str(refusal.value)
        assert not refusal.value.params
    same_phone = replace(OLENA, mail="new@example.org")
    with pytest.raises(AlreadyComing, match="25.11.2026"):
        check(database, same_phone, now, renewal)


@pytest.mark.parametrize(
    ("state", "counts"), [(state, state in (State.CONFIRMED, State.UNCONFIRMED)) for state in State]
)
def test_only_what_is_still_to_come_counts(
    database: Database, renewal: Service, now: datetime, state: State, counts: bool
) -> None:
    add(database, renewal, OLENA, at(25, "09:00"), state=state)
    if counts:
        with pytest.raises(AlreadyComing):
            check(database, OLENA, now, renewal)
    else:
        check(database, OLENA, now, renewal)


def test_what_is_over_does_not_count_nor_what_is_to_be_replaced(
    database: Database, renewal: Service, now: datetime
) -> None:
    add(database, renewal, OLENA, now)
    check(database, OLENA, now, renewal)
    coming = add(database, renewal, OLENA, now + timedelta(seconds=1))
    with pytest.raises(AlreadyComing):
        check(database, OLENA, now, renewal)
    check(database, OLENA, now, renewal, besides=coming.id)


def test_what_may_still_be_confirmed_counts(database: Database, renewal: Service, now: datetime) -> None:
    add(database, renewal, OLENA, at(25, "09:00"), state=State.UNCONFIRMED, confirm_by=now)
    with pytest.raises(AlreadyComing):
        check(database, OLENA, now, renewal)


def test_families_share_a_mail_address_and_a_phone_but_traders_do_not(
    database: Database, renewal: Service, pick_up: Service, now: datetime
) -> None:
    child = Person("Child {}", date(2015, 1, 1), "Family.X+amt@gmail.com", None)
    for number in range(RULES.appointments_per_mail):
        check(database, replace(child, name=f"Child {number}"), now, renewal)
        add(database, renewal, replace(child, name=f"Child {number}"), at(25, "09:00"))
    with pytest.raises(TooManyForMail):
        check(database, replace(AMIN, mail="familyx@googlemail.com"), now, pick_up)
    check(database, AMIN, now, renewal)
    for number in range(RULES.appointments_per_phone):
        add(database, renewal, replace(AMIN, name=f"Cousin {number}"), at(26, "09:00"))
    with pytest.raises(TooManyForPhone):
        check(database, replace(AMIN, name="One more"), now, pick_up)


def test_another_contact_is_checked_but_not_against_the_appointment_itself(
    database: Database, renewal: Service, now: datetime
) -> None:
    rules = Fairness(appointments_per_mail=1)
    own = add(database, renewal, OLENA, at(25, "09:00"))
    other = add(database, renewal, replace(AMIN, mail="amin@example.org"), at(25, "10:00"))
    with database.write() as session:
        fairness.check_contact(session, OLENA, now, rules=rules, besides=own.id)
        with pytest.raises(TooManyForMail):
            fairness.check_contact(
                session, replace(OLENA, mail="AMIN@example.org"), now, rules=rules, besides=own.id
            )
        fairness.check_contact(
            session, replace(OLENA, mail="AMIN@example.org"), now, rules=rules, besides=other.id
        )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (BlockedKind.PERSON, "Kowalenko, Olena 27.03.1991"),
        (BlockedKind.MAIL, "O.lena+x@example.org"),
        (BlockedKind.PHONE, "01512 3456789"),
    ],
)
def test_who_is_blocked_is_refused_without_a_reason(
    database: Database, renewal: Service, now: datetime, kind: BlockedKind, value: str
) -> None:
    until = now + timedelta(days=30)
    with database.write() as session:
        blocking.block(session, kind, value, "sells appointments", until, now, actor="account:1")
    with pytest.raises(NotAccepted) as refusal:
        check(database, OLENA, now, renewal)
    assert "call" in str(refusal.value)
    assert "sells" not in str(refusal.value)
    check(database, AMIN, now, renewal)
    check(database, OLENA, until, renewal)


def test_what_was_written_under_an_older_key_is_found(
    database: Database, renewal: Service, database_url: str, now: datetime
) -> None:
    add(database, renewal, OLENA, at(25, "09:00"))
    with database.write() as session:
        blocking.block(session, BlockedKind.PHONE, "015187654321", "x", None, now, actor="account:1")
    rotated = Database(database_url, Vault(["a newer key that is long enough to be one", KEY]))
    with pytest.raises(AlreadyComing, match="25.11.2026"):
        check(rotated, OLENA, now, renewal)
    with pytest.raises(NotAccepted):
        check(rotated, AMIN, now, renewal)
    newest = add(rotated, renewal, replace(OLENA, name="Somebody Else"), at(25, "10:00"))
    with rotated.write() as session:
        assert (
            newest.mail_digest
            == fairness.digests(vaults.of(session), OLENA).mail
            == vaults.of(session).digest("fairness mail", "olena@example.org")
        )
    rotated.close()


def test_a_network_holds_and_books_only_so_often_in_an_hour(database: Database, now: datetime) -> None:
    rules = Fairness(holds_per_network=2, bookings_per_network=1)
    for what, most in (("hold", 2), ("booking", 1)):
        for _ in range(most):
            fairness.count_network(database, "home", now, rules, what)  # type: ignore[arg-type]
        with pytest.raises(TooManyFromNetwork) as refusal:
            fairness.count_network(database, "home", now, rules, what)  # type: ignore[arg-type]
        assert refusal.value.params == {"minutes": 60}
        fairness.count_network(database, "another", now, rules, what)  # type: ignore[arg-type]
        fairness.count_network(database, "home", now + timedelta(hours=1), rules, what)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        (({}, {"name": "Kowalenko OLENA", "mail": None}, {"mail": "x@example.org", "phone": None}), 1),
        (({"name": "A"}, {"name": "B"}, {"name": "C", "phone": None}, {"name": "D", "phone": None}), 2),
    ],
    ids=["person", "mail"],
)
def test_pressing_at_the_same_time_in_several_browsers_does_not_give_more(
    database: Database,
    config: Config,
    renewal: Service,
    now: datetime,
    changes: tuple[dict[str, Any], ...],
    most: int,
) -> None:
    people = [
        replace(OLENA, born=OLENA.born + timedelta(days=number), mail=f"{number}@example.org")
        for number in range(15)
    ]
    barrier, answers = spawn.Barrier(len(changes)), spawn.Queue()
    shared = (config.model_dump_json(), renewal.id, renewal.office_id, now, barrier, answers)
    processes = [
        spawn.Process(target=_press, args=([replace(each, **browser) for each in people], *shared))
        for browser in changes
    ]
    for process in processes:
        process.start()
    said = Counter(answers.get(timeout=PATIENCE) for _ in range(len(people) * len(changes)))
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0
    assert [said[number, "booked"] for number in range(len(people))] == [most] * len(people)


def _press(
    people: list[Person],
    settings: str,
    service: int,
    office: int,
    now: datetime,
    barrier: Barrier,
    answers: Any,
) -> None:
    config = Config.model_validate_json(settings)
    database = Database(config.database.url, Vault(config.site.secret_keys))
    rules = Fairness(appointments_per_mail=2, appointments_per_phone=100)
    for number, person in enumerate(people):
        barrier.wait(PATIENCE)
        try:
            with database.write() as session:
                fairness.check_person(session, person, Wish((service,)), now, rules=rules)
                insert(session, service, office, person, at(25, "09:00"))
            answers.put((number, "booked"))
        except (AlreadyComing, TooManyForMail) as refusal:
            answers.put((number, refusal.code))
    database.close()


letters = st.text(st.characters(categories=("L", "M", "N")), min_size=1, max_size=12)


@given(st.lists(letters, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_order_capitals_and_form_of_a_name_do_not_matter(words: list[str], chance: Any) -> None:
    folded = fairness.fold_name(" ".join(words))
    shuffled = words.copy()
    chance.shuffle(shuffled)
    assert fairness.fold_name("  ".join(shuffled)) == folded
    assert fairness.fold_name(folded) == folded
    assert fairness.fold_name(unicodedata.normalize("NFD", " ".join(words))) == folded
    assert fairness.fold_name("-".join(words)) == folded
    assert folded.strip()


@given(st.text(min_size=1, max_size=60).filter(str.strip))
def test_a_name_never_folds_into_nothing(name: str) -> None:
    assert fairness.fold_name(name)


local = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=12)


@given(local, st.lists(st.integers(0, 12)), local, st.booleans())
def test_dots_tags_and_capitals_of_a_mail_address_do_not_matter(
    name: str, dots: list[int], tag: str, capitals: bool
) -> None:
    dotted = "".join(each + "." * dots.count(position) for position, each in enumerate(name))
    typed = f"{dotted}+{tag}@Example.org"
    assert fairness.fold_mail(typed.upper() if capitals else typed) == f"{name}@example.org"


@pytest.mark.parametrize(
    ("one", "other"),
    [("ab@example.org", "ab@example.com"), ("ab@example.org", "abc@example.org"), ("+a@x.org", "+b@x.org")],
)
def test_different_mail_addresses_stay_different(one: str, other: str) -> None:
    assert fairness.fold_mail(one) != fairness.fold_mail(other)


@given(st.dates(), st.dates())
def test_two_people_with_one_name_are_told_apart_by_birth(one: date, other: date) -> None:
    first, second = (
        fairness.folded_person(Person("Mohammed Ali", born, None, None)) for born in (one, other)
    )
    assert (first == second) == (one == other)


def test_digests_say_nothing_about_the_person(vault: Vault) -> None:
    found = fairness.digests(vault, OLENA)
    assert {len(each or "") for each in found} == {64}
    assert len(set(found)) == 3
    assert fairness.digests(Vault(["another key that is long enough to be one"]), OLENA) != found
    assert fairness.digests(vault, replace(OLENA, mail=None, phone=None))[1:] == (None, None)


def test_a_booking_looks_at_the_appointments_of_its_person_only(tmp_path: Path, vault: Vault) -> None:
    """Nothing leads SQLite through all coming appointments, though it knows nothing of how they are spread."""
    database = Database(f"sqlite:///{tmp_path}/empty.db", vault)
    schema.upgrade(database)
    wanted = tuple((kind, 2) for kind in (BlockedKind.PERSON, BlockedKind.MAIL, BlockedKind.PHONE))
    statement = fairness._query(wanted)._statement.compile(dialect=sqlite.dialect())
    with database.engine.connect() as connection:
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", tuple(None for _ in statement.positiontup or ())
        )
        used = {row.detail.split(" ")[4] for row in plan if " appointment USING INDEX " in row.detail}
    database.close()
    assert used == {f"ix_appointment_{kind}_digest" for kind in ("person", "mail", "phone")}
