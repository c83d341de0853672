"""The API of booking: free times, holds, and how a hold becomes an appointment."""

import json
from datetime import date, datetime
from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock, limits
from frontoffice.booking import (
    admission,
    answers,
    appointing,
    captcha,
    choosing,
    fairness,
    holding,
    places,
    search,
    sheet,
)
from frontoffice.booking.choosing import Place
from frontoffice.booking.models import Hold
from frontoffice.booking.person import Person, WrongDetails, read
from frontoffice.booking.refusals import HoldExpired, JustTaken
from frontoffice.booking.shapes import (
    AppointmentAnswer,
    Asker,
    Challenge,
    HoldAnswer,
    HoldPath,
    NewAppointment,
    NewHold,
    NextFree,
    NextQuery,
    Retry,
    Schedules,
    SlotQuery,
    Slots,
    VisitQuery,
)
from frontoffice.booking.visit import Visit
from frontoffice.errors import N_, Conflict, Invalid, NotFound
from frontoffice.offices.api import OfficePath
from frontoffice.offices.models import Office, Schedule
from frontoffice.vault import fingerprint
from frontoffice.web import access
from frontoffice.web.context import choose_language, config, database, say
from frontoffice.web.needs import Kind, all_need, needs
from frontoffice.web.problems import FieldProblem, described, problem, status_of

api = APIBlueprint("booking_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="booking")])
all_need(api, Kind.PUBLIC)

Answer = Response | tuple[dict[str, Any], int]

LONGEST_WINDOW = 62  # days


@api.get("/offices/<office>/schedules", responses={200: Schedules, **described(404)})
def schedules(path: OfficePath) -> Answer:
    """The office's lines of appointments. Those that are not pooled are places to choose."""
    with database().read() as session:
        found = choosing.office(session, path.office)
        return {"office": found.slug, "schedules": answers.schedules(session, found)}, 200


@api.get("/offices/<office>/slots", responses={200: Slots, **described(404)})
def slots(path: OfficePath, query: SlotQuery) -> Answer:
    """Free times. `to` is the first day that is not asked for."""
    if not 0 < (query.until - query.first).days <= LONGEST_WINDOW:
        raise Invalid(
            "to",
            N_("Please ask for at least one day, and for no more days than %(most)s."),
            most=LONGEST_WINDOW,
        )
    wanted = query.wanted()
    with database().read() as session:
        office, visit = choosing.in_brief(session, path.office, wanted)
        free = _free(session, path.office, office, visit, query, query.first, query.until)
    head = {
        "office": path.office,
        "service": wanted[0][0],
        "items": answers.items(wanted),
        "minutes": visit.minutes,
        "time_zone": office.time_zone,
        "online": visit.online,
    }
    days = ",".join(answers.day(day, office.time_zone, bits) for day, bits in free.items())
    return Response(f'{json.dumps(head)[:-1]}, "days": [{days}]}}', mimetype="application/json")


@api.get("/offices/<office>/next-free", responses={200: NextFree, **described(404)})
def next_free(path: OfficePath, query: NextQuery) -> Answer:
    """The next free time."""
    with database().read() as session:
        office, visit = choosing.in_brief(session, path.office, query.wanted())
        free = _free(session, path.office, office, visit, query, query.first or date.min, date.max)
    for day, bits in free.items():
        start = sheet.moment_of(next(sheet.each_bit(bits)), day, office.time_zone)
        return answers.alternatives([start], visit)[0], 200
    return {"start": None, "end": None}, 200


@api.get("/captcha", responses={200: Challenge, **described()})
def challenge() -> Answer:
    """A challenge to be solved for a hold: ALTCHA's proof of work, version 2, good for an hour and for one hold.

    Solve it with one of ALTCHA's libraries, or in a few lines: for n = 0, 1, 2 … work out PBKDF2 (SHA-256, `cost`
    rounds, `keyLength` bytes, salt: the bytes of `salt`, password: the bytes of `nonce` and n as four bytes, the
    highest first) until its hexadecimal form starts with `keyPrefix`. Send, as `captcha` of the hold, the Base64 form
    of {"challenge": what came from here, "solution": {"counter": n, "derivedKey": the key in hexadecimal form}}.
    """
    with database().read() as session:
        return captcha.challenge(session, access.network(), clock.now(), rules=config().fairness), 200


@api.post("/holds", responses={201: HoldAnswer, **described(404, 409, 429)})
def hold(header: Retry, body: NewHold) -> Answer:
    """Keep a time while the details are asked for.

    With the same Idempotency-Key the same hold comes back, also with 201. When somebody else was quicker, 409 with
    code `just_taken` lists other times in `alternatives`. Without `captcha` a network can hold only a few times in an
    hour (429 `proof_missing`); 422 `proof_refused`: get and solve a new challenge.
    """
    now, rules, wanted = clock.now(), config().booking, body.wanted()
    # A poor key of one client must not open what another client holds.
    key = f"api:{access.network()}:{header.key}" if header.key else None
    network, fair = access.network(), config().fairness

    def count(session: Session) -> None:
        admission.count(session, request.remote_addr, network, body.captcha, now, rules=fair, key=key)

    try:
        with limits.counted(database(), count) as session:
            office, visit = choosing.in_brief(session, body.office, wanted)
            kept, token = holding.hold(
                session,
                office,
                visit,
                body.start,
                now,
                rules=rules,
                schedules=_only(session, body.office, body.schedule),
                key=key,
                visitor=fingerprint(f"api:{body.visitor}") if body.visitor else None,
            )
            return answers.of_hold(kept, token, body.office, wanted), 201
    except JustTaken as refusal:
        with database().read() as session:
            office, visit = choosing.in_brief(session, body.office, wanted)
            only = _only(session, body.office, body.schedule)
            return with_other_times(session, refusal, office, visit, body.start, only, now)


@api.delete("/holds/<token>", responses={204: None, **described(404)})
@needs(Kind.LINK)
def give_back(path: HoldPath) -> Response:
    """Give a time back that nobody needs any more; a second time changes nothing."""
    now = clock.now()
    with database().write() as session:
        holding.find(session, path.token)
        holding.release(session, path.token, now)
    return Response(status=204)


@api.post("/appointments", responses={201: AppointmentAnswer, **described(404, 409, 429)})
def book(header: Retry, body: NewAppointment) -> Answer:  # noqa: ARG001 (the hold is the key)
    """Make an appointment of a hold.

    Its `state` is `unconfirmed` where the office wants the person to confirm: by the link in the mail, or by the code
    in the SMS. The hold makes this safe to send again: the same details get the same answer, also with 201; the header
    is accepted for clients that always send it. 409 `hold_expired`: the time is gone; `already_booked`: booked with
    other details; `already_coming`, `too_many_for_mail`, `too_many_for_phone`: as many coming appointments as allowed.
    """
    now = clock.now()
    try:
        person, language = person_of(body, now), language_of(body.language)
        network, settings = access.network(), config()
        rider = fairness.rider(network, now, "booking")

        def count(session: Session) -> None:
            fairness.count(session, network, now, settings.fairness, "booking", rider)

        with limits.counted(database(), count) as session:
            booked = appointing.book(
                session, body.hold, person, language, now, settings=settings, rider=rider
            )
            seen = answers.see(session, booked, person if booked.created_at == now else None)
        # Other bookings of the office need not wait for what comes now.
        secret = appointing.secret_of(session, booked)
        return answers.of_appointment(seen, secret, settings.site.base_url), 201
    except WrongDetails as wrong:
        return wrong_details(wrong)
    except HoldExpired as refusal:
        return other_times_than_held(refusal, body.hold, now)


def other_times_than_held(refusal: Conflict, token: str, now: datetime) -> Response:
    """The refusal, with other times for what was held."""
    with database().read() as session:
        held: Hold = holding.find(session, token)
        visit = choosing.kept_visit(session, held)
        only = places.of_hold(session, held).restriction
        return with_other_times(session, refusal, held.service.office, visit, held.start, only, now)


def with_other_times(
    session: Session,
    refusal: Conflict,
    office: Place,
    visit: Visit,
    start: datetime,
    only: tuple[int, ...] | None,
    now: datetime,
) -> Response:
    """The refusal, with other times near `start`."""
    rules = config().booking
    near = search.nearest(session, office, visit, start, now=now, rules=rules, schedules=only)
    alternatives = answers.alternatives(near, visit)
    return problem(status_of(refusal), refusal.code, say(refusal), alternatives=alternatives)


def wrong_details(wrong: WrongDetails) -> Response:
    """The refusal, with everything that is wrong."""
    fields = [FieldProblem(field=each.field, message=say(each)) for each in wrong.problems]
    return problem(422, wrong.code, say(wrong), errors=fields)


def _free(
    session: Session,
    office_slug: str,
    office: Place,
    visit: Visit,
    query: VisitQuery,
    first: date,
    until: date,
) -> dict[date, int]:
    only = _only(session, office_slug, query.schedule)
    free = search.free_ticks(
        session, office, visit, first, until, now=clock.now(), rules=config().booking, schedules=only
    )
    return answers.in_part(free, query.daytime, office.time_zone)


def _only(session: Session, office_slug: str, slug: str | None) -> tuple[int, ...] | None:
    """The schedule that is asked for; None for those that are pooled. Raises NotFound."""
    if slug is None:
        return None
    query = select(Schedule.id).join(Schedule.office)
    found = session.scalar(query.where(Office.slug == office_slug, Schedule.slug == slug))
    if found is None:
        raise NotFound
    return (found,)


def person_of(body: Asker, now: datetime) -> Person:
    """The person of a request. Raises WrongDetails."""
    year, month, day = body.born.isoformat().split("-")
    return read(body.name, (day, month, year), body.mail or "", body.phone or "", now.date())


def language_of(code: str | None) -> str:
    """The language of the messages: what is asked for, else that of the request. Raises WrongDetails."""
    if code is not None and code not in config().site.languages:
        raise WrongDetails([Invalid("language", N_("We have no messages in this language."))])
    return code or choose_language()
