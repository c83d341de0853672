"""The API of the card status: for everybody, and for kiosks."""

from datetime import date, datetime
from typing import Annotated, Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking.api import wrong_details
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.shapes import Strict
from frontoffice.documents import card_forms, card_leaflets, card_view, looking_up
from frontoffice.documents.card_forms import Wanted
from frontoffice.documents.card_models import CardState
from frontoffice.documents.looking_up import Found, UnknownCard
from frontoffice.web import access
from frontoffice.web.context import config, database, in_language
from frontoffice.web.needs import Kind, all_need, needs
from frontoffice.web.problems import described

api = APIBlueprint("card_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="cards")])
all_need(api, Kind.PUBLIC)

Answer = Any
DEVICE: list[dict[str, list[Any]]] = [{"device": []}]


class CardQuestion(Strict):
    """A number with a date of birth, or machine-readable lines, which hold both."""

    number: Annotated[
        str,
        Field(
            max_length=400,
            description="Serial number (with check digit or without), order number, or the link of a leaflet",
            examples=["C01X0006H"],
        ),
    ] = ""
    born: Annotated[
        str,
        Field(
            max_length=10, description="Parts that nobody knows are 00", examples=["1991-03-27", "1991-00-00"]
        ),
    ] = ""
    lines: Annotated[str, Field(max_length=400, description="Two or three lines, as a camera reads them")] = (
        ""
    )


class PublicQuestion(CardQuestion):
    """The same from anywhere: who has missed a few times proves some work first."""

    captcha: Annotated[
        str | None,
        Field(
            max_length=4096,
            description="The solution of a challenge from GET /captcha, good once. Needed after five misses from a "
            "network within an hour; without it the answers end soon after (429, code proof_missing)",
        ),
    ] = None


class KioskQuestion(CardQuestion):
    """The same from a kiosk, with the language of its screen."""

    language: Annotated[str, Field(max_length=12)] = "de"


class Usually(BaseModel):
    """How many more days it usually takes at this office: a range from its own history, and no promise."""

    low_days: int
    high_days: int
    is_late: Annotated[bool, Field(description="Most other cards were ready by now")]


class CardAnswer(BaseModel):
    """Where a card is. The sentences are in the language of the request."""

    state: CardState
    since: datetime
    until: Annotated[str | None, Field(description="The last day in the pick-up box")] = None
    title: str
    meaning: str
    to_do: str
    usually: Usually | None = None
    usually_said: str | None = None
    office: Annotated[str, Field(description="Its slug")]
    pick_up: Annotated[str | None, Field(description="Where a time to pick it up is booked")] = None


@api.post("/cards/status", responses={200: CardAnswer, **described(404, 429)})
def status(body: PublicQuestion) -> Answer:
    """Look up where a card is. 404 is the answer to an unknown number and to a wrong date of birth alike."""
    return _look_up(body, access.network(), rules=config().fairness, proof=body.captcha)


@api.post("/device/cards/status", responses={200: CardAnswer, **described(401, 404, 429)}, security=DEVICE)
@needs(Kind.DEVICE)
def status_at_kiosk(body: KioskQuestion) -> Answer:
    """The same for a kiosk: each counts for itself, whatever network they share."""
    with database().read() as session:
        device = access.device_required(session)
    who = database().vault.digest("card kiosk", str(device.id))
    known = config().site.languages
    with in_language(body.language if body.language in known else known[0]):
        return _look_up(body, who)


def _look_up(body: CardQuestion, who: str, **proven: Any) -> Answer:
    now = clock.now()
    try:
        wanted = _wanted(body, now.date())
    except WrongDetails as problem:
        return wrong_details(problem)
    try:
        found = looking_up.look_up(
            database(), wanted.number, wanted.born, now, network=who, order=wanted.order, **proven
        )
    except UnknownCard as unknown:
        with database().read() as session:
            _answer(session, unknown.in_place, now).model_dump(mode="json")
        if wanted.doubt is not None:
            return wrong_details(WrongDetails([wanted.doubt]))
        raise
    with database().read() as session:
        return _answer(session, found, now).model_dump(mode="json"), 200


def _wanted(body: CardQuestion, today: date) -> Wanted:
    year, month, day = [*body.born.split("-"), "", "", ""][:3]
    number = card_leaflets.scanned(database().vault, body.number)
    if number is not None:
        return card_forms.of_leaflet(number, (day, month, year), today)
    return card_forms.wanted(body.number, body.lines, (day, month, year), today)


def _answer(session: Session, found: Found, now: datetime) -> CardAnswer:
    said = card_view.words(session, found, now)
    left = said["left"]
    return CardAnswer(
        state=found.state,
        since=found.since,
        until=found.until.isoformat() if found.until else None,
        title=said["title"],
        meaning=said["meaning"],
        to_do=said["to_do"],
        usually=Usually(low_days=left.low, high_days=left.high, is_late=left.is_late) if left else None,
        usually_said=said["usually"],
        office=said["office"].slug,
        pick_up=config().site.base_url + card_view.pick_up_path(session, found.office_id)
        if said["can_book"]
        else None,
    )
