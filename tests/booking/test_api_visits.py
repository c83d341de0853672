"""Visits of more than one person or service through the API; parts of the day, schedules, giving back."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from frontoffice.booking import planning
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office, OpeningHours, Schedule, Service
from tests.booking.programs import book, hold, problem_of
from tests.booking.steps import at, differences, fill
from tests.sample import COUNSELLING, PICK_UP, RENEWAL

OFFICE = "/api/v1/offices/musterstadt"
DAYS = "from=2026-11-24&to=2026-11-25"
FAMILY = [{"service": RENEWAL, "people": 3}, {"service": PICK_UP, "people": 1}]


@pytest.fixture
def office(office: Office, database: Database) -> Office:
    """The sample office, where families come together, with a separate desk at a university in the afternoon."""
    with database.write() as session:
        place = session.get_one(Office, office.id)
        for each in place.services:
            each.most_people, each.minutes_next_person = 4, 10
        renewal = next(each for each in place.services if each.slug == RENEWAL)
        place.schedules.append(
            Schedule(
                slug="campus",
                name="Desk at the university",
                place="Campus 3, Room 12",
                pooled=False,
                services=[renewal],
                opening_hours=[
                    OpeningHours(
                        weekday=1,
                        opens=time(11),
                        closes=time(14),
                        valid_from=date(2026, 1, 1),
                        seats_online=1,
                    )
                ],
            )
        )
    return office


@pytest.fixture
def program(planned: Office, client: FlaskClient, now: datetime) -> Iterator[FlaskClient]:
    """A program on Monday, eight o'clock."""
    with time_machine.travel(now, tick=False):
        yield client


def starts(program: FlaskClient, query: str) -> list[str]:
    """The free times, as they stand on the clock in UTC."""
    answer = program.get(f"{OFFICE}/slots?{DAYS}&{query}")
    assert answer.status_code == 200
    return [start[11:16] for day in answer.json["days"] for start in day["starts"]]


def test_a_family_for_two_services_gets_one_longer_visit(program: FlaskClient, database: Database) -> None:
    found = program.get(f"{OFFICE}/slots?{DAYS}&items={RENEWAL}:3,{PICK_UP}").json
    assert (found["minutes"], found["items"], found["service"]) == (60, FAMILY, RENEWAL)
    held = hold(program, service=None, items=FAMILY, start=found["days"][0]["starts"][0])
    assert held.status_code == 201
    assert held.json["items"] == FAMILY
    assert held.json["end"] == "2026-11-24T08:00:00Z"
    made = book(program, held.json["token"]).json
    assert (made["items"], made["service"], made["place"]) == (FAMILY, RENEWAL, None)
    assert made["end"] == "2026-11-24T08:00:00Z"
    assert differences(database) == []


def test_one_service_and_one_item_for_one_person_are_the_same(program: FlaskClient) -> None:
    one = program.get(f"{OFFICE}/slots?{DAYS}&service={RENEWAL}").json
    assert one == program.get(f"{OFFICE}/slots?{DAYS}&items={RENEWAL}").json
    token = hold(program, service=None, items=[{"service": RENEWAL}]).json["token"]
    assert book(program, token).json["items"] == [{"service": RENEWAL, "people": 1}]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"items": FAMILY}, "invalid"),
        ({"service": None}, "invalid"),
        ({"service": None, "items": []}, "invalid"),
        ({"service": None, "items": [{"service": RENEWAL, "people": 0}]}, "invalid"),
        ({"service": None, "items": [{"service": RENEWAL, "people": True}]}, "invalid"),
        ({"service": None, "items": [{"service": RENEWAL, "people": 5}]}, "too_many_people"),
        ({"service": None, "items": [{"service": RENEWAL}, {"service": RENEWAL}]}, "not_together"),
        ({"service": None, "items": [{"service": RENEWAL}, {"service": COUNSELLING}]}, "not_online"),
    ],
)
def test_what_is_no_visit_is_refused(
    program: FlaskClient, database: Database, changed: dict[str, object], code: str
) -> None:
    problem_of(hold(program, **changed), 422, code)


@pytest.mark.parametrize(
    "query",
    [
        f"service={RENEWAL}&items={PICK_UP}",
        f"items={RENEWAL}:0",
        f"items={RENEWAL}:100",
        "items=",
        f"items={RENEWAL},",
        f"service={RENEWAL}&daytime=night",
        ",".join(["items=a"] * 1 + ["b", "c", "d", "e", "f"]),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(program: FlaskClient, query: str) -> None:
    problem_of(program.get(f"{OFFICE}/slots?{DAYS}&{query}"), 422, "invalid")


def test_an_unknown_service_among_the_items_is_not_found(program: FlaskClient) -> None:
    problem_of(program.get(f"{OFFICE}/slots?{DAYS}&items={RENEWAL},nothing"), 404, "not_found")
    problem_of(hold(program, service=None, items=[{"service": "nothing"}]), 404, "not_found")


def test_a_separate_schedule_is_a_place_of_its_own(program: FlaskClient, database: Database) -> None:
    listed = program.get(f"{OFFICE}/schedules").json
    assert [(each["slug"], each["pooled"], each["place"]) for each in listed["schedules"]] == [
        ("main", True, None),
        ("campus", False, "Campus 3, Room 12"),
    ]
    assert listed["schedules"][1]["services"] == [RENEWAL]
    assert starts(program, f"service={RENEWAL}&schedule=campus") == [
        f"{hour}:{minute}" for hour in (10, 11, 12) for minute in ("00", "30")
    ]
    assert "12:30" not in starts(program, f"service={RENEWAL}")
    start = "2026-11-24T12:30:00Z"
    problem_of(hold(program, start=start), 422, "not_offered")
    held = hold(program, start=start, schedule="campus")
    assert book(program, held.json["token"]).json["place"] == "Campus 3, Room 12"
    taken = problem_of(hold(program, start=start, schedule="campus"), 409, "just_taken")
    assert {"start": "2026-11-24T12:00:00Z", "end": start} in taken["alternatives"]
    problem_of(hold(program, start=start, schedule="nowhere"), 404, "not_found")
    problem_of(program.get(f"{OFFICE}/slots?{DAYS}&service={RENEWAL}&schedule=nowhere"), 404, "not_found")


def test_only_the_morning_or_the_afternoon_by_the_offices_clock(program: FlaskClient) -> None:
    campus = f"service={RENEWAL}&schedule=campus"
    assert starts(program, f"{campus}&daytime=morning") == ["10:00", "10:30"]
    assert starts(program, f"{campus}&daytime=afternoon") == ["11:00", "11:30", "12:00", "12:30"]
    assert starts(program, f"service={RENEWAL}&daytime=afternoon") == []


def test_the_next_free_time_is_found(
    program: FlaskClient, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    address = f"{OFFICE}/next-free?service={RENEWAL}"
    monday = {"start": "2026-11-23T08:00:00Z", "end": "2026-11-23T08:30:00Z"}
    assert program.get(address).json == monday
    fill(database, config, renewal, at(23, "09:00"), now)
    assert program.get(address).json["start"] == "2026-11-23T08:30:00Z"
    assert program.get(f"{address}&from=2026-11-25").json["start"] == "2026-11-25T07:00:00Z"
    afternoon = program.get(f"{address}&schedule=campus&daytime=afternoon&from=2026-11-25").json
    assert afternoon["start"] == "2026-12-01T11:00:00Z"
    nothing = {"start": None, "end": None}
    assert program.get(f"{address}&daytime=afternoon").json == nothing
    assert program.get(f"{address}&from=9999-12-31").json == nothing
    assert program.get(f"{address}&from=0001-01-01").json["start"] == "2026-11-23T08:30:00Z"


def test_what_is_given_back_is_free_again(program: FlaskClient, database: Database) -> None:
    tokens = [hold(program).json["token"] for _ in range(2)]
    problem_of(hold(program), 409, "just_taken")
    address = f"/api/v1/holds/{tokens[0]}"
    assert [program.delete(address).status_code for _ in range(2)] == [204, 204]
    assert hold(program).status_code == 201
    problem_of(program.delete(f"/api/v1/holds/{'a' * 24}"), 404, "not_found")
    problem_of(program.delete("/api/v1/holds/nonsense"), 422, "invalid")
    assert differences(database) == []


@pytest.mark.parametrize(("day", "hours"), [(date(2027, 3, 28), 23), (date(2026, 10, 25), 25)])
def test_noon_is_noon_also_when_the_clock_changes(
    database: Database, office: Office, client: FlaskClient, day: date, hours: int
) -> None:
    morning = datetime.combine(day, time(6)).astimezone() - timedelta(days=2)
    with database.write() as session:
        place = session.get_one(Office, office.id)
        campus = next(each for each in place.schedules if each.slug == "campus")
        campus.opening_hours[0].weekday = 6
        session.flush()
        planning.plan(session, place, day - timedelta(days=2), 5, morning)
    with time_machine.travel(morning, tick=False):
        parts = [
            client.get(
                f"{OFFICE}/slots?from={day}&to={day + timedelta(days=1)}&service={RENEWAL}"
                f"&schedule=campus&daytime={part}"
            ).json["days"][0]["starts"]
            for part in ("morning", "afternoon")
        ]
    noon = 10 if hours == 23 else 11
    assert [len(part) for part in parts] == [2, 4]
    assert parts[1][0] == f"{day}T{noon}:00:00Z"
