"""Plans: a time for each of many people, held for some minutes, booked all at once or not at all."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from frontoffice.booking import holding
from frontoffice.booking.models import Appointment, Hold, Purpose
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages.models import Message
from frontoffice.partners.models import PlanEntry
from tests.partners.parts import KEY, OLENA, Program, add_partner, differences, problem_of, somebody
from tests.sample import COUNSELLING, PICK_UP, RENEWAL

HALF_AN_HOUR = timedelta(minutes=30)


def stored(database: Database) -> tuple[int, int]:
    """How many live holds and how many appointments there are."""
    with database.read() as session:
        holds = session.scalar(select(func.count()).select_from(Hold).where(Hold.released_at.is_(None)))
        return holds or 0, session.scalar(select(func.count()).select_from(Appointment)) or 0


def test_a_plan_holds_a_time_for_everybody_and_confirming_books_all_of_them(
    works: Program, database: Database
) -> None:
    people = [somebody(number, language=("de", "en")[number % 2]) for number in range(5)]
    answer = works.plan([*people[:4], {**people[4], "services": [{"service": PICK_UP}]}])
    assert answer.status_code == 201, answer.text
    plan = answer.json
    assert (plan["state"], plan["refused"], len(plan["appointments"])) == ("held", [], 5)
    assert plan["expires_at"] == "2026-11-23T07:30:00Z"
    assert [each["line"] for each in plan["appointments"]] == [1, 2, 3, 4, 5]
    assert {each["reference"] for each in plan["appointments"]} == {None}
    assert stored(database) == (5, 0)
    with database.read() as session:
        assert set(session.scalars(select(Hold.purpose))) == {Purpose.PLAN}

    confirmed = works.confirm(plan["id"])
    assert (confirmed.status_code, confirmed.json["state"]) == (200, "confirmed")
    assert [each["start"] for each in confirmed.json["appointments"]] == [
        each["start"] for each in plan["appointments"]
    ]
    assert len({each["reference"] for each in confirmed.json["appointments"]}) == 5
    assert stored(database) == (0, 5)
    with database.read() as session:
        languages = session.scalars(select(Message.language).where(Message.kind == "booked")).all()
        assert session.scalars(select(PlanEntry.content)).all() == [None] * 5
        assert set(session.scalars(select(Appointment.booked_by))) == {f"partner:{works.partner.id}"}
    assert sorted(languages) == ["de"] * 3 + ["en"] * 2
    assert differences(database) == []


def test_confirming_twice_books_once(works: Program, database: Database) -> None:
    plan = works.plan([somebody(1), somebody(2)]).json["id"]
    assert works.confirm(plan).json == works.confirm(plan).json
    assert stored(database) == (0, 2)


def test_the_same_key_gives_the_same_plan_and_another_list_with_it_is_refused(
    works: Program, database: Database
) -> None:
    first, again = works.plan([somebody(1)], KEY), works.plan([somebody(1)], KEY)
    assert (again.status_code, again.json) == (201, first.json)
    assert stored(database) == (1, 0)
    problem_of(works.plan([somebody(2)], KEY), 409, "key_reused")


def test_a_lapsed_plan_cannot_be_confirmed_and_nothing_of_it_is_booked(
    works: Program, database: Database, clock: time_machine.Traveller
) -> None:
    plan = works.plan([somebody(1), somebody(2)]).json["id"]
    clock.shift(HALF_AN_HOUR)
    problem_of(works.confirm(plan), 409, "plan_lapsed")
    assert works.get(f"/partner/plans/{plan}").json["state"] == "lapsed"
    assert stored(database)[1] == 0
    with database.write() as session:
        holding.release_expired(session, datetime.now(UTC))
    assert stored(database) == (0, 0)
    assert differences(database) == []


def test_a_plan_is_good_until_its_last_moment_and_books_all_or_nothing_when_holds_are_gone(
    works: Program, database: Database, clock: time_machine.Traveller, config: Config
) -> None:
    plan = works.plan([somebody(1), somebody(2)]).json
    with database.write() as session:  # another machine, whose clock is ahead, swept too soon
        holding.release_expired(session, datetime.now(UTC) + HALF_AN_HOUR)
    other = Program(works.client.application, add_partner(database, "Schneller"))
    for number in (3, 4):
        assert other.book(plan["appointments"][1]["start"], person=somebody(number)).status_code == 201
    problem_of(works.confirm(plan["id"]), 409, "plan_lapsed")
    assert stored(database)[1] == 2
    assert differences(database) == []


def test_a_plan_given_back_frees_its_times_and_cannot_be_confirmed(
    works: Program, database: Database
) -> None:
    plan = works.plan([somebody(1), somebody(2)]).json["id"]
    for _ in range(2):
        assert works.ask("DELETE", f"/partner/plans/{plan}").json["state"] == "given_back"
    assert stored(database) == (0, 0)
    problem_of(works.confirm(plan), 409, "plan_given_back")
    assert differences(database) == []


def test_a_confirmed_plan_cannot_be_given_back(works: Program) -> None:
    plan = works.plan([somebody(1)]).json["id"]
    works.confirm(plan)
    problem_of(works.ask("DELETE", f"/partner/plans/{plan}"), 409, "plan_confirmed")


def test_plans_of_others_are_invisible(app: Flask, works: Program, database: Database) -> None:
    other = Program(app, add_partner(database, "Andere Firma"))
    plan = works.plan([somebody(1)]).json["id"]
    problem_of(other.get(f"/partner/plans/{plan}"), 404, "not_found")
    problem_of(other.confirm(plan), 404, "not_found")
    problem_of(other.ask("DELETE", f"/partner/plans/{plan}"), 404, "not_found")


def test_a_dry_run_shows_the_same_and_holds_nothing(works: Program, database: Database) -> None:
    people = [somebody(number) for number in range(3)]
    tried = works.plan(people, dry_run=True).json
    assert (tried["id"], tried["expires_at"], stored(database)) == (None, None, (0, 0))
    assert tried["appointments"] == works.plan(people).json["appointments"]


def test_who_does_not_fit_is_listed_with_the_reason(works: Program, database: Database) -> None:
    works.book("2026-11-26T08:00:00Z", person=somebody(1))
    people = [somebody(1), somebody(2), somebody(2), *(somebody(number) for number in range(3, 7))]
    plan = works.plan(people, to="2026-11-25", opens="08:00", closes="09:00").json
    assert [(each["line"], each["code"]) for each in plan["refused"]] == [
        (1, "already_coming"),
        (3, "twice"),
        (7, "nothing_fits"),
    ]
    assert [each["line"] for each in plan["appointments"]] == [2, 4, 5, 6]
    assert {each["end"] for each in plan["appointments"]} == {"2026-11-24T07:30:00Z", "2026-11-24T08:00:00Z"}
    assert all(each["detail"] for each in plan["refused"])


def test_the_window_is_kept(works: Program) -> None:
    people = [somebody(number) for number in range(12)]
    plan = works.plan(people, to="2026-12-12", weekdays=["thu"], opens="10:00", closes="11:30").json
    starts = {each["start"][:16] for each in plan["appointments"]}
    assert starts == {
        f"{day}T{clock}" for day in ("2026-11-26", "2026-12-03") for clock in ("09:00", "09:30", "10:00")
    }
    assert plan["refused"] == []


def test_together_means_one_day_where_there_is_one(works: Program, database: Database) -> None:
    for number in range(10):  # Tuesday is nearly full
        works.book(
            f"2026-11-24T{7 + number // 4:02}:{number // 2 % 2 * 30:02}:00Z", person=somebody(100 + number)
        )
    people = [somebody(number) for number in range(8)]
    apart = {each["start"][:10] for each in works.plan(people, dry_run=True).json["appointments"]}
    assert apart == {"2026-11-24", "2026-11-25"}
    plan = works.plan(people, together=True).json
    assert {each["start"][:10] for each in plan["appointments"]} == {"2026-11-25"}
    assert len(plan["appointments"]) == 8


def test_together_takes_as_few_days_as_it_can(works: Program) -> None:
    plan = works.plan([somebody(number) for number in range(20)], together=True).json
    assert len({each["start"][:10] for each in plan["appointments"]}) == 2
    assert plan["refused"] == []


def test_beyond_the_quota_nobody_gets_a_time_and_plans_count(
    app: Flask, works: Program, database: Database, clock: time_machine.Traveller
) -> None:
    program = Program(app, add_partner(database, "Drei", quota=3))
    plan = program.plan([somebody(number) for number in range(5)]).json
    assert [each["line"] for each in plan["appointments"]] == [1, 2, 3]
    assert [(each["line"], each["code"]) for each in plan["refused"]] == [
        (4, "quota_reached"),
        (5, "quota_reached"),
    ]
    problem_of(program.book(person=somebody(9)), 409, "quota_reached")
    assert program.plan([somebody(9)]).json["appointments"] == []
    program.ask("DELETE", f"/partner/plans/{plan['id']}")
    assert program.get("/partner").json["left"] == 3


def test_a_quota_goes_to_those_who_find_a_time(app: Flask, works: Program, database: Database) -> None:
    program = Program(app, add_partner(database, "Zwei", quota=2))
    long = {"services": [{"service": COUNSELLING}]}  # takes an hour, and the window has half of one
    people = [somebody(1, **long), somebody(2), somebody(3), somebody(4)]
    plan = program.plan(people, to="2026-11-25", opens="08:00", closes="08:30").json
    assert [each["line"] for each in plan["appointments"]] == [2, 3]
    assert [(each["line"], each["code"]) for each in plan["refused"]] == [
        (1, "nothing_fits"),
        (4, "quota_reached"),
    ]


def test_somebody_who_booked_meanwhile_stops_the_whole_plan(works: Program, database: Database) -> None:
    plan = works.plan([somebody(1), somebody(2)]).json["id"]
    works.book("2026-11-26T08:00:00Z", person=somebody(2))
    refused = problem_of(works.confirm(plan), 409, "person_refused")
    assert "line 2" in refused["detail"]
    assert stored(database) == (2, 1)
    assert works.get(f"/partner/plans/{plan}").json["state"] == "held"


def test_wrong_people_are_all_named_and_nothing_is_planned(works: Program, database: Database) -> None:
    people = [OLENA, {**OLENA, "born": "2999-01-01"}, {"name": "Amin", "born": "1990-01-01"}]
    problem = problem_of(works.plan(people), 422, "invalid")
    assert [each["field"] for each in problem["errors"]] == ["people.1.born", "people.2.mail"]
    unknown = [OLENA, somebody(1, services=[{"service": "no-such-service"}])]
    problem = problem_of(works.plan(unknown), 422, "invalid")
    assert [each["field"] for each in problem["errors"]] == ["people.1.services"]
    assert stored(database) == (0, 0)


@pytest.mark.parametrize(
    "window",
    [
        {"from": "2026-11-24", "to": "2026-11-24"},
        {"from": "2026-11-24", "to": "2027-11-24"},
        {"opens": "10:00", "closes": "09:00"},
    ],
)
def test_a_window_without_time_is_refused(works: Program, window: dict[str, str]) -> None:
    problem_of(works.plan([OLENA], **window), 422, "invalid")


def test_two_hundred_people_fit_or_are_told_why(works: Program, database: Database) -> None:
    plan = works.plan([somebody(number) for number in range(200)], to="2026-12-19").json
    assert len(plan["appointments"]) == 200
    confirmed = works.confirm(plan["id"])
    assert confirmed.status_code == 200
    assert stored(database) == (0, 200)
    problem_of(works.plan([somebody(number) for number in range(201)]), 422, "invalid")
    assert differences(database) == []


def test_services_of_the_row_come_before_those_of_the_list(works: Program) -> None:
    plan = works.plan([somebody(1), somebody(2, services=[{"service": PICK_UP}])]).json
    assert [each["services"] for each in plan["appointments"]] == [
        [{"service": RENEWAL, "people": 1}],
        [{"service": PICK_UP, "people": 1}],
    ]
