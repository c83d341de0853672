"""Booking for others through the API: only with a token, only what was agreed, only one's own."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.booking.models import Appointment, Channel, State
from frontoffice.db import Database
from frontoffice.messages.models import Message
from frontoffice.offices.models import Confirmation, Office, OpeningHours, Schedule
from frontoffice.partners import registering
from frontoffice.partners.models import Partner, PartnerToken, Scope
from tests.partners.parts import AMIN, KEY, OLENA, Program, add_partner, differences, problem_of, somebody
from tests.sample import COUNSELLING, PICK_UP, RENEWAL

SLOTS = {"office": "musterstadt", "services": RENEWAL, "from": "2026-11-24", "to": "2026-11-25"}


def stored(database: Database) -> list[Appointment]:
    with database.read() as session:
        return list(session.scalars(select(Appointment).order_by(Appointment.id)))


def test_without_a_token_and_with_one_that_was_revoked_nothing_is_answered(
    works: Program, database: Database, planned: Office
) -> None:
    answer = works.client.get("/api/v1/partner")
    problem_of(answer, 401, "token_unknown")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert works.get("/partner").status_code == 200
    with database.write() as session:
        partner = session.get_one(Partner, works.partner.id)
        registering.revoke_token(session, partner, partner.tokens[0].id, partner.created_at)
    problem_of(works.get("/partner"), 401, "token_unknown")
    problem_of(works.book(), 401, "token_unknown")


def test_a_partnership_that_ended_ends_all_its_tokens(works: Program, database: Database) -> None:
    with database.write() as session:
        partner = session.get_one(Partner, works.partner.id)
        registering.end(session, partner, partner.created_at)
    problem_of(works.get("/partner"), 401, "token_unknown")


def test_the_token_is_kept_as_a_fingerprint_and_its_last_use_is_noted(
    works: Program, database: Database, clock: time_machine.Traveller
) -> None:
    works.get("/partner")
    clock.shift(timedelta(seconds=30))
    works.get("/partner")
    with database.read() as session:
        token = session.scalars(select(PartnerToken)).one()
    assert works.partner.token not in (token.fingerprint, token.label)
    assert token.used_at is not None
    assert token.used_at.isoformat() == "2026-11-23T07:00:00+00:00"


@pytest.mark.parametrize(
    ("scope", "allowed", "forbidden"),
    [
        (Scope.BOOK, "/partner/appointments?from=2026-11-01&to=2026-12-01", "/invitations?reference=x"),
        (Scope.INVITE, "/invitations?reference=x", "/partner/appointments?from=2026-11-01&to=2026-12-01"),
    ],
)
def test_a_token_is_good_for_its_scopes_only(
    app: Flask, database: Database, planned: Office, scope: Scope, allowed: str, forbidden: str
) -> None:
    program = Program(app, add_partner(database, scopes=(scope,)))
    assert program.get(allowed).status_code == 200
    problem_of(program.get(forbidden), 403, "scope_missing")


def test_a_booking_is_an_appointment_with_letters_in_the_language_of_the_person(
    works: Program, database: Database
) -> None:
    with database.write() as session:
        session.scalars(select(Office)).one().confirmation = Confirmation.MAIL
    answer = works.book(own_reference="P-4711")
    assert answer.status_code == 201, answer.text
    assert {
        name: answer.json[name] for name in ("state", "office", "services", "start", "end", "own_reference")
    } == {
        "state": "confirmed",  # nothing needs to be confirmed: the partner stands for the contact
        "office": "musterstadt",
        "services": [{"service": RENEWAL, "people": 1}],
        "start": "2026-11-24T08:00:00Z",
        "end": "2026-11-24T08:30:00Z",
        "own_reference": "P-4711",
    }
    (appointment,) = stored(database)
    assert (appointment.channel, appointment.booked_by, appointment.language) == (
        Channel.PARTNER,
        f"partner:{works.partner.id}",
        "en",
    )
    assert appointment.person_digest is not None
    with database.read() as session:
        kinds = session.execute(select(Message.kind, Message.medium, Message.language)).all()
    assert ("booked", "mail", "en") in [tuple(each) for each in kinds]
    assert differences(database) == []


def test_what_comes_back_names_nobody(works: Program) -> None:
    reference = works.book().json["reference"]
    text = (
        works.get(f"/partner/appointments/{reference}").text
        + works.get("/partner/appointments", **{"from": "2026-11-01", "to": "2026-12-31"}).text
    )
    for secret in ("Olena", "1991", "example.org", "4915123456789"):
        assert secret not in text


def test_the_same_key_books_once_and_another_request_with_it_is_refused(
    works: Program, database: Database
) -> None:
    first, again = works.book(key=KEY), works.book(key=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert len(stored(database)) == 1
    problem_of(works.book(key=KEY, person=AMIN), 409, "key_reused")


def test_with_the_key_the_appointment_comes_back_as_it_is_by_now_also_when_the_quota_is_used_up(
    app: Flask, database: Database, works: Program
) -> None:
    program = Program(app, add_partner(database, "Kleine Uni", quota=1))
    reference = program.book(key=KEY).json["reference"]
    moved = program.ask(
        "POST", f"/partner/appointments/{reference}/move", json={"start": "2026-11-25T08:00:00Z"}
    )
    assert moved.status_code == 200, moved.text
    assert program.book(key=KEY).json["start"] == "2026-11-25T08:00:00Z"
    problem_of(program.book(person=AMIN), 409, "quota_reached")


def test_a_partner_moves_and_cancels_its_own_appointments(works: Program, database: Database) -> None:
    reference = works.book().json["reference"]
    moved = works.ask(
        "POST", f"/partner/appointments/{reference}/move", json={"start": "2026-11-26T09:00:00Z"}
    )
    assert (moved.status_code, moved.json["start"]) == (200, "2026-11-26T09:00:00Z")
    assert [each.start.isoformat() for each in stored(database)] == ["2026-11-26T09:00:00+00:00"]
    for _ in range(2):
        cancelled = works.ask("DELETE", f"/partner/appointments/{reference}")
        assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")
    assert differences(database) == []


def test_a_move_to_a_taken_time_leaves_the_old_one(works: Program, database: Database) -> None:
    full = "2026-11-26T09:00:00Z"
    for number in range(2):
        works.book(full, person=somebody(number))
    reference = works.book().json["reference"]
    problem_of(
        works.ask("POST", f"/partner/appointments/{reference}/move", json={"start": full}), 409, "just_taken"
    )
    assert works.get(f"/partner/appointments/{reference}").json["start"] == "2026-11-24T08:00:00Z"
    assert differences(database) == []


def test_appointments_of_others_are_invisible(app: Flask, works: Program, database: Database) -> None:
    other = Program(app, add_partner(database, "Andere Firma"))
    reference = works.book().json["reference"]
    with database.write() as session:  # as if somebody had booked it on the web site
        visitor = session.scalars(select(Appointment)).one()
        assert visitor.reference == reference
    for method, more in (("GET", ""), ("DELETE", ""), ("POST", "/move")):
        body = {"json": {"start": "2026-11-26T09:00:00Z"}} if more else {}
        answer = other.ask(method, f"/partner/appointments/{reference}{more}", **body)
        problem_of(answer, 404, "not_found")
    listed = other.get("/partner/appointments", **{"from": "2026-11-01", "to": "2026-12-31"})
    assert listed.json == {"appointments": [], "next": None}
    assert stored(database)[0].state is State.CONFIRMED


def test_the_list_has_what_starts_on_the_days_asked_for_in_the_order_of_booking(works: Program) -> None:
    starts = ["2026-11-26T09:00:00Z", "2026-11-24T08:00:00Z", "2026-11-27T09:00:00Z"]
    for number, start in enumerate(starts):
        works.book(start, person=somebody(number))
    listed = works.get("/partner/appointments", **{"from": "2026-11-24", "to": "2026-11-27"})
    assert [each["start"] for each in listed.json["appointments"]] == starts[:2]
    assert listed.json["next"] is None


def test_free_times_are_those_that_can_be_booked(works: Program) -> None:
    answer = works.get("/partner/slots", **SLOTS)
    assert (answer.status_code, answer.json["minutes"], answer.json["time_zone"]) == (
        200,
        30,
        "Europe/Berlin",
    )
    (day,) = answer.json["days"]
    assert day["starts"][0] == "2026-11-24T07:00:00Z"
    assert len(day["starts"]) == 8
    for number in range(2):
        assert works.book(day["starts"][0], person=somebody(number)).status_code == 201
    problem_of(works.book(day["starts"][0], person=somebody(3)), 409, "just_taken")
    assert works.get("/partner/slots", **SLOTS).json["days"][0]["starts"] == day["starts"][1:]


def test_what_was_not_agreed_cannot_be_booked(app: Flask, works: Program, database: Database) -> None:
    program = Program(app, add_partner(database, "Nur Abholung", services=[PICK_UP]))
    problem_of(program.book(), 422, "not_granted")
    problem_of(program.get("/partner/slots", **SLOTS), 422, "not_granted")
    assert program.book(services=[{"service": PICK_UP}]).status_code == 201


def test_a_service_that_is_not_online_can_be_agreed(app: Flask, works: Program, database: Database) -> None:
    program = Program(app, add_partner(database, "Beratungsstelle", services=[COUNSELLING]))
    answer = program.get("/partner/slots", **{**SLOTS, "services": COUNSELLING})
    assert answer.json["days"], answer.text
    assert program.book(services=[{"service": COUNSELLING}]).status_code == 201


def test_a_desk_of_its_own_is_booked_by_the_partner_only(
    app: Flask, database: Database, office: Office, clock: time_machine.Traveller, now: object
) -> None:
    from datetime import date, time

    from frontoffice.booking import planning

    with database.write() as session:
        place = session.get_one(Office, office.id)
        place.schedules.append(
            Schedule(
                slug="employers",
                name="Arbeitgeberservice",
                pooled=False,
                services=list(place.services),
                opening_hours=[
                    OpeningHours(
                        weekday=1,
                        opens=time(14),
                        closes=time(16),
                        valid_from=date(2026, 1, 1),
                        seats_online=0,
                        seats_phone=1,
                    )
                ],
            )
        )
        session.flush()
        planning.plan(session, place, date(2026, 11, 23), 7, now)  # type: ignore[arg-type]
    program = Program(app, add_partner(database, schedules=["employers"], shares=["phone"]))
    day = program.get("/partner/slots", **SLOTS).json["days"][0]
    assert (day["starts"][0], len(day["starts"])) == ("2026-11-24T13:00:00Z", 4)
    assert program.book("2026-11-24T13:00:00Z").status_code == 201
    problem_of(program.book("2026-11-24T08:00:00Z", person=AMIN), 422, "not_offered")
    assert stored(database)[0].share == "phone"
    assert differences(database) == []


def test_a_partner_cannot_book_twice_for_one_person_but_with_one_address_for_many(
    works: Program, database: Database
) -> None:
    starts = works.get("/partner/slots", **SLOTS).json["days"][0]["starts"]
    for number in range(6):
        person = somebody(number, mail="personal@firma.example")
        assert works.book(starts[number], person=person).status_code == 201
    problem_of(
        works.book(starts[6], person=somebody(0, mail="personal@firma.example")), 409, "already_coming"
    )


def test_wrong_details_are_named_by_field(works: Program) -> None:
    answer = works.book(person={**OLENA, "mail": "nowhere", "phone": "12"})
    fields = [each["field"] for each in problem_of(answer, 422, "invalid")["errors"]]
    assert fields == ["person.mail", "person.phone"]
    fields = [each["field"] for each in problem_of(works.book(language="xx"), 422, "invalid")["errors"]]
    assert fields == ["person.language"]
