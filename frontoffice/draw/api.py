"""The API of draws: what there is, taking part, and the published record."""

from datetime import date
from typing import Annotated, Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.orm import Session

from frontoffice import clock, languages
from frontoffice.booking import admission, answers, choosing, guessing
from frontoffice.booking.api import language_of, person_of, wrong_details
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.shapes import NO_CONTROLS, Born, Day, Item, Mail, Phone
from frontoffice.draw import drawing, entering, making
from frontoffice.draw.models import Draw, DrawRequest, DrawState, RequestState, Weights
from frontoffice.errors import N_, NotFound, NotSignedIn
from frontoffice.offices.api import OfficePath
from frontoffice.waitlist.api import WishBody
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need, needs
from frontoffice.web.problems import described

api = APIBlueprint("draw_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="draw")])
all_need(api, Kind.PUBLIC)

Answer = Response | tuple[dict[str, Any], int]
CODE = r"^[0-9A-Za-z-]{8,12}$"
SECURITY: list[dict[str, list[Any]]] = [{"appointment": []}]


class DrawPath(BaseModel):
    """Which draw."""

    draw: Annotated[str, Field(pattern=CODE)]


class RequestPath(DrawPath):
    """Which request in which draw."""

    number: Annotated[str, Field(pattern=CODE)]


class NewRequest(WishBody):
    """Who takes part, for what and when. At least one of mail and phone is needed."""

    items: Annotated[list[Item], Field(min_length=1, max_length=5)]
    expires_on: Day | None = Field(
        None, description="When the residence title ends, where chances depend on it"
    )
    name: Annotated[str, Field(min_length=1, max_length=120, pattern=NO_CONTROLS)]
    born: Born
    mail: Mail | None = None
    phone: Phone | None = None
    language: Annotated[str, Field(pattern=languages.CODE, description="Of the messages")] | None = None
    captcha: Annotated[str, Field(max_length=4096, description="As for a hold")] | None = None


class DrawAnswer(BaseModel):
    """A draw. `commitment` is the SHA-256 of "seed:" and the seed, which is published after the draw."""

    draw: str
    office: str
    title: dict[str, str]
    services: list[str]
    first_day: date
    last_day: date
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    weights: Weights
    state: DrawState
    commitment: str
    drawn_at: AwareDatetime | None


class Draws(BaseModel):
    """The draws of an office, the latest first."""

    office: str
    draws: list[DrawAnswer]


class RequestAnswer(BaseModel):
    """A request; its number is its public, anonymous name. Its secret is only in the message."""

    number: str
    state: RequestState
    weight: int
    rank: int | None = Field(description="Its place in the drawn order")


class RecordTicket(BaseModel):
    """A request in the record."""

    number: str
    weight: int


class Record(BaseModel):
    """All that is needed to check a draw; `frontoffice draw check` does."""

    draw: str
    method: str
    commitment: str
    seed: str
    list_digest: str
    requests: list[RecordTicket]
    order: list[str]


@api.get("/offices/<office>/draws", responses={200: Draws, **described(404)})
def draws(path: OfficePath) -> Answer:
    """The draws of an office."""
    with database().read() as session:
        office = choosing.office(session, path.office)
        found = [
            each for each in making.of_office(session, office.id) if each.state is not DrawState.CANCELLED
        ]
        return {"office": office.slug, "draws": [_draw(session, each) for each in found]}, 200


@api.get("/draws/<draw>", responses={200: DrawAnswer, **described(404)})
def draw(path: DrawPath) -> Answer:
    """A draw."""
    with database().read() as session:
        return _draw(session, making.find(session, path.draw)), 200


@api.get("/draws/<draw>/record", responses={200: Record, **described(404)})
def record(path: DrawPath) -> Answer:
    """What anybody needs to work the draw out again; 404 as long as it is not drawn."""
    with database().read() as session:
        return drawing.record(session, making.find(session, path.draw)), 200


@api.post("/draws/<draw>/requests", responses={201: RequestAnswer, **described(404, 409, 429)})
def enter(path: DrawPath, body: NewRequest) -> Answer:
    """Take part, once; it makes no difference when. 409 `window_closed`, `already_entered`, `too_many_requests`.

    Where the office lets people prove their contact, the state is `unproven` and the request takes no part until the
    secret from the message was sent to `/proof`, before the window closes.
    """
    now = clock.now()
    try:
        person = person_of(body, now)
        rules, network = config().fairness, access.network()
        admission.admit(database(), request.remote_addr, network, body.captcha, now, rules=rules)
        with database().write() as session:
            found = making.find(session, path.draw)
            wanted = [(each.service, each.people) for each in body.items]
            _office, visit = choosing.chosen(session, found.office.slug, wanted)
            entered = entering.enter(
                session,
                found,
                visit,
                body.wish(),
                body.expires_on,
                person,
                language_of(body.language),
                now,
                settings=config(),
            )
            return _request(entered), 201
    except WrongDetails as wrong:
        return wrong_details(wrong)


@api.get(
    "/draws/<draw>/requests/<number>",
    responses={200: RequestAnswer, **described(401, 404, 429)},
    security=SECURITY,
)
@needs(Kind.LINK)
def mine(path: RequestPath) -> Answer:
    """A request, with its secret from the message."""
    with guessing.counted(database(), access.network(), clock.now()), database().read() as session:
        return _request(_find(session, path)), 200


@api.post(
    "/draws/<draw>/requests/<number>/proof",
    responses={200: RequestAnswer, **described(401, 404, 409, 429)},
    security=SECURITY,
)
@needs(Kind.LINK)
def prove(path: RequestPath) -> Answer:
    """Prove the contact: whoever has the secret has it from the message. 409 `proven_too_late` after the window."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().write() as session:
        found = _find(session, path)
        entering.prove(session, found, now, settings=config())
        return _request(found), 200


@api.delete(
    "/draws/<draw>/requests/<number>",
    responses={200: RequestAnswer, **described(401, 404, 409, 429)},
    security=SECURITY,
)
@needs(Kind.LINK)
def withdraw(path: RequestPath) -> Answer:
    """Take a request back while the window is open; a second time changes nothing."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().write() as session:
        found = _find(session, path)
        entering.withdraw(session, found, now)
        return _request(found), 200


def _find(session: Session, path: RequestPath) -> DrawRequest:
    secret = access.bearer_token()
    if not secret:
        raise NotSignedIn(N_("Please send the secret from the message: Authorization: Bearer …"))
    found = entering.find(session, path.number, secret)
    if found.draw_id != making.find(session, path.draw).id:
        raise NotFound
    return found


def _draw(session: Session, found: Draw) -> dict[str, Any]:
    return {
        "draw": found.code,
        "office": found.office.slug,
        "title": found.title,
        "services": [each.slug for each in making.services_of(session, found)],
        "first_day": found.first_day.isoformat(),
        "last_day": date.fromordinal(found.until_day.toordinal() - 1).isoformat(),
        "opens_at": answers.utc(found.opens_at),
        "closes_at": answers.utc(found.closes_at),
        "weights": found.weights,
        "state": found.state,
        "commitment": found.commitment,
        "drawn_at": answers.utc(found.drawn_at) if found.drawn_at else None,
    }


def _request(found: DrawRequest) -> dict[str, Any]:
    return {"number": found.number, "state": found.state, "weight": found.weight, "rank": found.rank}
