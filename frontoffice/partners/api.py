"""The API for partners: what was agreed, free times, and appointments for others."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.booking.api import person_of
from frontoffice.booking.models import Appointment
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.shapes import Retry
from frontoffice.errors import N_, Invalid
from frontoffice.offices.models import Service
from frontoffice.partners import arranging, quota, registering
from frontoffice.partners.arranging import Wish
from frontoffice.partners.callers import partner_required
from frontoffice.partners.drafting import LONGEST_WINDOW
from frontoffice.partners.models import Partner, PartnerBooking, Scope
from frontoffice.partners.shapes import (
    BookingPath,
    BookingShape,
    BookingsShape,
    FreeQuery,
    FreeShape,
    ListQuery,
    NewBooking,
    NewStart,
    PartnerShape,
    items_in,
    items_of,
)
from frontoffice.web.context import config, database, say
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import FieldProblem, described, problem

api = APIBlueprint("partners_api", __name__, url_prefix="/api/v1/partner", abp_tags=[Tag(name="partners")])
all_need(api, Kind.PARTNER)

Answer = Response | tuple[dict[str, Any], int]
SECURITY: list[dict[str, list[Any]]] = [{"partner": []}]
EARLIEST, LATEST = date(1970, 1, 1), date(9000, 1, 1)


@api.get("", responses={200: PartnerShape, **described(401)}, security=SECURITY)
def partner() -> Answer:
    """Who the token belongs to, what was agreed, and how much of the quota is used."""
    now = clock.now()
    number = partner_required(None, now)
    with database().read() as session:
        found = registering.find(session, number)
        return _partner(found, quota.usage(session, found, now)), 200


@api.get("/slots", responses={200: FreeShape, **described(401, 403, 404)}, security=SECURITY)
def slots(query: FreeQuery) -> Answer:
    """Free times that the partner may book. `to` is the first day that is not asked for."""
    now = clock.now()
    number = partner_required(Scope.BOOK, now)
    if not 0 < (query.until - query.first).days <= LONGEST_WINDOW:
        sentence = N_("Please ask for at least one day, and for no more days than %(most)s.")
        raise Invalid("to", sentence, most=LONGEST_WINDOW)
    with database().read() as session:
        office, visit, free = arranging.free_starts(
            session,
            registering.find(session, number),
            query.office,
            items_in(query.services),
            query.first,
            query.until,
            now,
            rules=config().booking,
        )
    days = [{"date": day.isoformat(), "starts": [utc(each) for each in free[day]]} for day in free]
    answer = {"office": query.office, "minutes": visit.minutes, "time_zone": office.time_zone, "days": days}
    return answer, 200


@api.post("/appointments", responses={201: BookingShape, **described(401, 403, 404, 409)}, security=SECURITY)
def book(header: Retry, body: NewBooking) -> Answer:
    """Book for a person, who gets the confirmation in the language given.

    With the same Idempotency-Key the same appointment comes back, also with 201. 409 `quota_reached` says when
    the quota renews, `just_taken` that somebody was quicker.
    """
    now = clock.now()
    number = partner_required(Scope.BOOK, now)
    try:
        wish = Wish(
            body.office,
            items_of(body.services),
            body.start,
            person_of(body.person, now),
            language_of(body.language),
            body.own_reference,
        )
    except WrongDetails as wrong:
        return wrong_details(wrong, "person")
    with database().write() as session:
        booked = arranging.book(session, number, wish, now, settings=config(), key=header.key)
        return booking(session, booked), 201


@api.get("/appointments", responses={200: BookingsShape, **described(401, 403)}, security=SECURITY)
def appointments(query: ListQuery) -> Answer:
    """The partner's own appointments, a hundred at a time."""
    number = partner_required(Scope.BOOK, clock.now())
    with database().read() as session:
        zone = quota.zone_of(registering.find(session, number))
        since, until = (
            sheet.midnight(min(max(day, EARLIEST), LATEST), zone) for day in (query.first, query.until)
        )
        found = arranging.listed(session, number, since, until, query.after)
        more = found[-1].appointment_id if len(found) == arranging.AT_ONCE else None
        return {"appointments": [booking(session, each) for each in found], "next": more}, 200


@api.get(
    "/appointments/<reference>", responses={200: BookingShape, **described(401, 403, 404)}, security=SECURITY
)
def appointment(path: BookingPath) -> Answer:
    """One of the partner's own appointments."""
    number = partner_required(Scope.BOOK, clock.now())
    with database().read() as session:
        return booking(session, arranging.find(session, number, path.reference)), 200


@api.post(
    "/appointments/<reference>/move",
    responses={200: BookingShape, **described(401, 403, 404, 409)},
    security=SECURITY,
)
def move(path: BookingPath, body: NewStart) -> Answer:
    """Move one of the partner's own appointments. When the new time is taken, the old one stays."""
    now = clock.now()
    number = partner_required(Scope.BOOK, now)
    with database().write() as session:
        booked = arranging.find(session, number, path.reference)
        caller = registering.find(session, number)
        arranging.move(session, caller, booked, body.start, now, settings=config())
        return booking(session, booked), 200


@api.delete(
    "/appointments/<reference>",
    responses={200: BookingShape, **described(401, 403, 404, 409)},
    security=SECURITY,
)
def cancel(path: BookingPath) -> Answer:
    """Cancel one of the partner's own appointments; a second time changes nothing."""
    now = clock.now()
    number = partner_required(Scope.BOOK, now)
    with database().write() as session:
        booked = arranging.find(session, number, path.reference)
        arranging.cancel(session, booked, now, settings=config())
        return booking(session, booked), 200


def language_of(code: str | None) -> str:
    """The language of the messages: the one asked for, else the first of the site. Raises WrongDetails."""
    known = config().site.languages
    if code is not None and code not in known:
        raise WrongDetails([Invalid("language", N_("We have no messages in this language."))])
    return code or known[0]


def wrong_details(wrong: WrongDetails, place: str) -> Response:
    """The answer to details that cannot be used, `place` is where in the request they are."""
    return problem(422, wrong.code, say(wrong), errors=field_problems(wrong, place))


def field_problems(wrong: WrongDetails, place: str) -> list[FieldProblem]:
    """One problem for each of the wrong details."""
    return [FieldProblem(field=f"{place}.{each.field}", message=say(each)) for each in wrong.problems]


def utc(moment: datetime) -> str:
    """A moment as the API writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def services_of(session: Session, items: list[list[int]]) -> list[dict[str, Any]]:
    """Stored items by the slugs of their services."""
    slugs = {number: session.get_one(Service, number).slug for number, _people in items}
    return [{"service": slugs[number], "people": people} for number, people in items]


def booking(session: Session, booked: PartnerBooking) -> dict[str, Any]:
    """What a partner may know of an appointment of its own."""
    found: Appointment = booked.appointment
    return {
        "reference": found.reference,
        "state": found.state,
        "office": found.office.slug,
        "services": services_of(session, found.items),
        "start": utc(found.start),
        "end": utc(found.start + timedelta(minutes=sheet.MINUTES * found.ticks)),
        "language": found.language,
        "own_reference": arranging.own_reference_of(session, booked),
    }


def _partner(found: Partner, used: quota.Usage) -> dict[str, Any]:
    return {
        "name": found.name,
        "kind": found.kind,
        "scopes": found.scopes,
        "quota": {
            "most": found.quota,
            "period": found.period,
            "booked": used.booked,
            "planned": used.planned,
            "renews": used.renews.isoformat(),
        },
        "open": {"most": found.most_open, "to_come": used.to_come},
        "left": quota.left(found, used),
        "grants": [
            {
                "office": each.office.slug,
                "service": each.service.slug if each.service else None,
                "schedule": each.schedule.slug if each.schedule else None,
            }
            for each in found.grants
        ],
    }
