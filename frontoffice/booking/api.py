"""The API of booking: free times, holds, appointments."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Annotated, Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from frontoffice import clock
from frontoffice.booking import appointing, choosing, guessing, holding, search, sheet
from frontoffice.booking.models import Appointment, Hold, State
from frontoffice.booking.person import Person, WrongDetails, read
from frontoffice.booking.refusals import HoldExpired, JustTaken
from frontoffice.errors import N_, Conflict, Invalid, NotSignedIn
from frontoffice.offices.api import OfficePath, Slug
from frontoffice.web import access
from frontoffice.web.context import choose_language, config, database, say
from frontoffice.web.problems import FieldProblem, described, problem, status_of

api = APIBlueprint("booking_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="booking")])

Answer = Response | tuple[dict[str, Any], int]

LONGEST_WINDOW = 62  # days
NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"

# The forms that the description promises, and no others: pydantic would also read numbers as times.
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a date such as 2030-05-02")
    return date.fromisoformat(value)


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("must be a time with its zone, such as 2030-05-02T07:40:00Z")
    return datetime.fromisoformat(value.upper())


Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]


class Strict(BaseModel):
    """A request's body: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Parameters(BaseModel):
    """Parameters of a request. Their schema is asked for with every request, though it never changes."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As pydantic's, made once in its plain form."""
        return super().model_json_schema(*args, **kwargs) if args or kwargs else _schema(cls)


@cache
def _schema(model: type[Parameters]) -> dict[str, Any]:
    return super(Parameters, model).model_json_schema()


class SlotQuery(Parameters):
    """Which service, and the office's days from `from` to before `to`: 62 days at most."""

    model_config = ConfigDict(extra="forbid")

    service: Slug
    first: Day = Field(alias="from")
    until: Day = Field(alias="to")


class Retry(Parameters):
    """A random value of the client's own for each new request, so that it can be sent again safely."""

    key: Annotated[str, Field(pattern=r"^[!-~]{16,64}$")] | None = Field(None, alias="Idempotency-Key")


class NewHold(Strict):
    """The time to be kept: one of those that `slots` gave."""

    office: Slug
    service: Slug
    start: Moment


class NewAppointment(Strict):
    """Who comes. At least one of mail and phone is needed; a number without a country is a German one."""

    hold: Annotated[str, Field(pattern=r"^[a-z2-7]{24}$", description="The token of the hold")]
    name: Annotated[str, Field(min_length=1, max_length=120, pattern=NO_CONTROLS)]
    born: Day
    mail: Annotated[str, Field(max_length=254, pattern=NO_CONTROLS)] | None = None
    phone: Annotated[str, Field(max_length=40, pattern=NO_CONTROLS)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$", description="Of the messages")] | None = None


class AppointmentPath(BaseModel):
    """Which appointment; small letters and hyphens do not matter."""

    model_config = ConfigDict(extra="forbid")

    reference: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,12}$")]


class FreeDay(BaseModel):
    """The free times of one day by the office's calendar, in UTC."""

    date: date
    starts: list[AwareDatetime]


class Slots(BaseModel):
    """The days with free times, in order."""

    office: str
    service: str
    minutes: int
    time_zone: str
    online: bool = Field(description="False: the service cannot be booked online, so no times are offered")
    days: list[FreeDay]


class HoldAnswer(BaseModel):
    """A time that is kept until `expires_at`. The token books it."""

    token: str
    office: str
    service: str
    start: AwareDatetime
    end: AwareDatetime
    expires_at: AwareDatetime


class AppointmentAnswer(BaseModel):
    """An appointment. The secret opens it; whoever has it can see and cancel it."""

    reference: str
    secret: str
    state: State
    office: str
    service: str
    start: AwareDatetime
    end: AwareDatetime
    language: str
    documents: list[str] = Field(description="What to bring")
    page: str
    calendar: str


@api.get("/offices/<office>/slots", responses={200: Slots, **described(404)})
def slots(path: OfficePath, query: SlotQuery) -> Answer:
    """Free times of a service. `to` is the first day that is not asked for."""
    if not 0 < (query.until - query.first).days <= LONGEST_WINDOW:
        raise Invalid(
            "to", N_("Please ask for at least one day and at most %(most)s days."), most=LONGEST_WINDOW
        )
    with database().read() as session:
        office, service = choosing.in_brief(session, path.office, query.service)
        free = search.free_ticks(
            session, office, service, query.first, query.until, now=clock.now(), rules=config().booking
        )
    head = {
        "office": path.office,
        "service": query.service,
        "minutes": service.minutes,
        "time_zone": office.time_zone,
        "online": service.online,
    }
    days = ",".join(_day_as_json(day, office.time_zone, bits) for day, bits in free.items())
    return Response(f'{json.dumps(head)[:-1]}, "days": [{days}]}}', mimetype="application/json")


@api.post("/holds", responses={201: HoldAnswer, **described(404, 409)})
def hold(header: Retry, body: NewHold) -> Answer:
    """Keep a time while the details are asked for.

    With the same Idempotency-Key the same hold comes back, also with 201. When somebody else was quicker, 409 with
    code `just_taken` lists other times in `alternatives`.
    """
    now, rules = clock.now(), config().booking
    try:
        with database().write() as session:
            office, service = choosing.in_brief(session, body.office, body.service)
            key = f"api:{header.key}" if header.key else None
            kept, token = holding.hold(session, office, service, body.start, now, rules=rules, key=key)
            return _hold_answer(kept, token, body), 201
    except JustTaken as refusal:
        return _with_other_times(refusal, body.office, body.service, body.start, now)


@api.post("/appointments", responses={201: AppointmentAnswer, **described(404, 409)})
def book(header: Retry, body: NewAppointment) -> Answer:  # noqa: ARG001 (the hold is the key)
    """Make an appointment of a hold.

    The hold makes this safe to send again: the same details get the same answer, also with 201; the header is accepted
    for clients that always send it. 409 `hold_expired`: the time is gone; `already_booked`: booked with other details.
    """
    now = clock.now()
    try:
        person = _person(body, now)
        chosen = _language(body)
        with database().write() as session:
            booked = appointing.book(session, body.hold, person, chosen, now, settings=config())
            return _answer(booked, appointing.secret_of(session, booked)), 201
    except WrongDetails as wrong:
        return _wrong_details(wrong)
    except HoldExpired as refusal:
        with database().read() as session:
            held = holding.find(session, body.hold)
        return _with_other_times(refusal, held.service.office.slug, held.service.slug, held.start, now)


@api.get(
    "/appointments/<reference>",
    responses={200: AppointmentAnswer, **described(401, 404, 429)},
    security=[{"appointment": []}],
)
def appointment(path: AppointmentPath) -> Answer:
    """An appointment. 404 is the answer to an unknown reference and to a wrong secret alike."""
    secret, now = _secret(), clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        return _answer(appointing.find(session, path.reference, secret), secret), 200


@api.delete(
    "/appointments/<reference>",
    responses={200: AppointmentAnswer, **described(401, 404, 409, 429)},
    security=[{"appointment": []}],
)
def cancel(path: AppointmentPath) -> Answer:
    """Cancel an appointment; a second time changes nothing. 409: it is over, or the person is there."""
    secret, now = _secret(), clock.now()
    with guessing.counted(database(), access.network(), now), database().write() as session:
        found = appointing.find(session, path.reference, secret)
        appointing.cancel(session, found, now, settings=config())
        return _answer(found, secret), 200


def _secret() -> str:
    secret = access.bearer_token()
    if not secret:
        raise NotSignedIn(N_("Please send the secret from the confirmation: Authorization: Bearer …"))
    return secret


def _person(body: NewAppointment, now: datetime) -> Person:
    year, month, day = body.born.isoformat().split("-")
    return read(body.name, (day, month, year), body.mail or "", body.phone or "", now.date())


def _language(body: NewAppointment) -> str:
    if body.language is None:
        return choose_language()
    if body.language not in config().site.languages:
        raise WrongDetails([Invalid("language", N_("We have no messages in this language."))])
    return body.language


def _wrong_details(wrong: WrongDetails) -> Response:
    fields = [FieldProblem(field=each.field, message=say(each)) for each in wrong.problems]
    return problem(422, wrong.code, say(wrong), errors=fields)


def _with_other_times(
    refusal: Conflict, office: str, service: str, start: datetime, now: datetime
) -> Response:
    with database().read() as session:
        found = choosing.service(session, office, service)
        near = search.nearest(session, found.office, found, start, now=now, rules=config().booking)
    length = timedelta(minutes=found.minutes)
    alternatives = [{"start": _utc(each), "end": _utc(each + length)} for each in near]
    return problem(status_of(refusal), refusal.code, say(refusal), alternatives=alternatives)


def _hold_answer(kept: Hold, token: str, body: NewHold) -> dict[str, Any]:
    return {
        "token": token,
        "office": body.office,
        "service": body.service,
        "start": _utc(kept.start),
        "end": _utc(kept.start + timedelta(minutes=5 * kept.ticks)),
        "expires_at": _utc(kept.expires_at),
    }


def _answer(found: Appointment, secret: str) -> dict[str, Any]:
    page = f"{config().site.base_url}/appointments/{found.reference}/{secret}/"
    return {
        "reference": found.reference,
        "secret": secret,
        "state": found.state,
        "office": found.office.slug,
        "service": found.service.slug,
        "start": _utc(found.start),
        "end": _utc(found.start + timedelta(minutes=5 * found.ticks)),
        "language": found.language,
        "documents": found.service.documents.get(found.language) or found.service.documents["de"],
        "page": page,
        "calendar": f"{page}calendar.ics",
    }


@lru_cache(maxsize=8192)
def _day_as_json(day: date, zone: str, bits: int) -> str:
    """The free times of a day, as text. Kept, because most days look the same from one search to the next."""
    starts = [_utc(sheet.moment_of(tick, day, zone)) for tick in sheet.each_bit(bits)]
    return json.dumps({"date": day.isoformat(), "starts": starts})


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
